#include "io/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <utility>

namespace clprobe {
namespace {

constexpr std::size_t height = 12;
constexpr std::size_t margin = 12;      ///< columns left of the y axis, as of a map's cells
constexpr std::size_t number_width = 5; ///< in a map's cells

/// A range of positive numbers in so many equal steps of their logarithm.
class LogScale {
public:
    LogScale(double low, double high, std::size_t steps)
        : low_(std::log(low)), step_((std::log(high) - low_) / static_cast<double>(steps - 1)) {}

    [[nodiscard]] std::size_t place(double value) const {
        return step_ > 0 ? static_cast<std::size_t>(std::lround((std::log(value) - low_) / step_))
                         : 0;
    }
    [[nodiscard]] double value(std::size_t place) const {
        return std::exp(low_ + step_ * static_cast<double>(place));
    }

private:
    double low_;
    double step_;
};

/// The findings that the probe says are places on the x axis, of those made of this curve.
std::vector<const Finding *> marks_of(const Curve &curve, const std::vector<Finding> &findings) {
    std::vector<const Finding *> marks;
    for (const Finding &finding : findings)
        if (finding.value && *finding.value > 0 &&
            std::ranges::count(finding.evidence, curve.series) > 0 &&
            std::ranges::any_of(curve.marks, [&](const std::string &mark) {
                return is_listed_as(finding.key, mark);
            }))
            marks.push_back(&finding);
    return marks;
}

char letter(std::size_t mark) {
    return static_cast<char>('a' + mark % 26);
}

/// From little to much, by the share of the most.
std::string_view shade(double share, bool utf8) {
    constexpr std::array<std::string_view, 5> ascii = {".", ":", "+", "#", "@"};
    constexpr std::array<std::string_view, 5> blocks = {"·", "░", "▒", "▓", "█"};
    const std::size_t level = share >= 0.98  ? 4
                              : share >= 0.9 ? 3
                              : share >= 0.6 ? 2
                              : share >= 0.2 ? 1
                                             : 0;
    return (utf8 ? blocks : ascii)[level];
}

} // namespace

std::string plot_text(const Curve &curve, const std::vector<Finding> &findings,
                      const TextStyle &style) {
    std::vector<Curve::Point> points = curve.points;
    std::erase_if(points, [](const Curve::Point &point) {
        return !(point.x > 0 && point.y > 0 && std::isfinite(point.x) && std::isfinite(point.y));
    });
    if (points.size() < 2)
        return {};
    const auto [left, right] = std::ranges::minmax(points, {}, &Curve::Point::x);
    const auto [bottom, top] = std::ranges::minmax(points, {}, &Curve::Point::y);
    const std::size_t columns = std::max<std::size_t>(style.width, 40) - margin - 2;
    const LogScale x(left.x, right.x, columns);
    // A curve that is all but flat is not blown up to fill the plot.
    const double middle = std::sqrt(bottom.y * top.y);
    const LogScale y(std::min(bottom.y, middle / 1.2), std::max(top.y, middle * 1.2), height);

    std::vector<std::string> grid(height, std::string(columns, ' '));
    std::string axis(columns, '-');
    std::vector<TableRow> legend;
    const auto marks = marks_of(curve, findings);
    for (std::size_t i = 0; i < marks.size(); ++i) {
        legend.push_back({{std::string(margin - 1, ' '), std::string(1, letter(i)), marks[i]->key,
                           value_text(*marks[i], style)},
                          Colour::none});
        if (*marks[i]->value < left.x || *marks[i]->value > right.x)
            continue;
        const std::size_t column = x.place(*marks[i]->value);
        for (std::string &row : grid)
            row[column] = ':';
        axis[column] = letter(i);
    }
    for (const Curve::Point &point : points)
        grid[y.place(point.y)][x.place(point.x)] = '*';

    std::string text = fmt::format("{:>{}} {} over {}{}\n", "", margin - 1, curve.y.name,
                                   curve.x.name, curve.label.empty() ? "" : ", " + curve.label);
    for (std::size_t row = height; row-- > 0;)
        text += fmt::format("{:>{}} |{}\n",
                            row % 3 == 2 || row == 0 ? format({y.value(row), curve.y.unit}) : "",
                            margin - 1, grid[row]);
    text += fmt::format("{:>{}} +{}\n", "", margin - 1, axis);
    const std::string from = format({left.x, curve.x.unit});
    text += fmt::format("{:>{}}  {}{:>{}}\n", "", margin - 1, from, format({right.x, curve.x.unit}),
                        columns - from.size());
    return text + render_table(legend, style);
}

std::string heat_map_text(const HeatMap &map, const TextStyle &style) {
    std::map<std::pair<double, double>, double> values;
    std::set<double> xs;
    std::set<double, std::greater<>> ys; // the largest on top
    double most = 0;
    for (const auto &[x, y, value] : map.points)
        if (std::isfinite(x) && std::isfinite(y) && std::isfinite(value) && value > 0) {
            values.try_emplace({x, y}, value);
            xs.insert(x);
            ys.insert(y);
            most = std::max(most, value);
        }
    constexpr std::size_t most_cells = 100; // along a side: no terminal shows more
    if (values.size() < 2 || xs.size() > most_cells || ys.size() > most_cells)
        return {};
    const DisplayScale scale = display_scale({most, map.value.unit});
    const int decimals = most / scale.divisor >= 100 ? 0 : most / scale.divisor >= 10 ? 1 : 2;
    const std::size_t room = (std::max<std::size_t>(style.width, 40) - margin) / xs.size();
    const bool numbers = room > number_width + 1;
    const std::size_t cell = numbers ? number_width + 2 : std::clamp<std::size_t>(room, 2, 4);

    std::string text =
        fmt::format("{:>{}} {} of {}, {} over {}{}{}\n", "", margin - 1, map.value.name, map.title,
                    map.y.name, map.x.name, scale.unit.empty() ? "" : ", in ", scale.unit);
    for (const double y : ys) {
        std::string line = fmt::format("{:>{}g} |", y, margin - 1);
        for (const double x : xs) {
            const auto found = values.find({x, y});
            const double value = found == values.end() ? 0 : found->second;
            const std::string number =
                numbers && value > 0 ? fmt::format("{:.{}f}", value / scale.divisor, decimals) : "";
            line += fmt::format("{:>{}}{}", number, cell - 1,
                                value > 0 ? shade(value / most, style.utf8) : " ");
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    text += fmt::format("{:>{}} +{}\n{:>{}}", "", margin - 1, std::string(cell * xs.size(), '-'),
                        "", margin + 1);
    for (const double x : xs)
        text += fmt::format("{:>{}g}{}", x, cell - 1, x == *xs.rbegin() ? "" : " ");
    return text + "\n";
}

} // namespace clprobe
