#include "io/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe {
namespace {

constexpr std::size_t height = 12;
constexpr std::size_t margin = 12; ///< columns left of the y axis

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

std::vector<Curve::Point> shown_points(const Curve &curve) {
    std::vector<Curve::Point> places = curve.points;
    std::erase_if(places, [](const Curve::Point &place) {
        return !(place.x > 0 && place.y > 0 && std::isfinite(place.x) && std::isfinite(place.y));
    });
    return places;
}

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

} // namespace

std::string plot_text(const Curve &curve, const std::vector<Finding> &findings,
                      const TextStyle &style) {
    const std::vector<Curve::Point> places = shown_points(curve);
    if (places.size() < 2)
        return {};
    const auto [left, right] = std::ranges::minmax(places, {}, &Curve::Point::x);
    const auto [bottom, top] = std::ranges::minmax(places, {}, &Curve::Point::y);
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
    for (const Curve::Point &place : places)
        grid[y.place(place.y)][x.place(place.x)] = '*';

    std::string text =
        fmt::format("{:>{}} {} over {}\n", "", margin - 1, curve.y.name, curve.x.name);
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

} // namespace clprobe
