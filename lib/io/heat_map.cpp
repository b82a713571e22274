#include "io/terminal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>

namespace clprobe {
namespace {

constexpr std::size_t label_width = 12; ///< columns left of the cells, as of a plot
constexpr std::size_t number_width = 5;

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

std::vector<HeatMap::Cell> shown_points(const HeatMap &map) {
    std::vector<HeatMap::Cell> places = map.points;
    std::erase_if(places, [](const HeatMap::Cell &place) {
        return !std::isfinite(place.x) || !std::isfinite(place.y) || !std::isfinite(place.value) ||
               place.value <= 0;
    });
    return places;
}

std::string coordinate_text(double coordinate) {
    return fmt::format("{:g}", coordinate);
}

} // namespace

std::string heat_map_text(const HeatMap &map, const TextStyle &style) {
    const std::vector<HeatMap::Cell> places = shown_points(map);
    if (places.size() < 2)
        return {};
    std::set<double> xs;
    std::set<double, std::greater<>> ys; // the largest on top
    double most = 0;
    for (const HeatMap::Cell &place : places) {
        xs.insert(place.x);
        ys.insert(place.y);
        most = std::max(most, place.value);
    }
    constexpr std::size_t most_cells = 100; // along a side: no terminal shows more
    if (xs.size() > most_cells || ys.size() > most_cells)
        return {};
    const DisplayScale scale = display_scale({most, map.value.unit});
    const int decimals = most / scale.divisor >= 100 ? 0 : most / scale.divisor >= 10 ? 1 : 2;
    const std::size_t room = (std::max<std::size_t>(style.width, 40) - label_width) / xs.size();
    const bool numbers = room > number_width + 1;
    const std::size_t cell = numbers ? number_width + 2 : std::clamp<std::size_t>(room, 2, 4);

    std::string text = fmt::format("{:>{}} {} of {}, {} over {}{}{}\n", "", label_width - 1,
                                   map.value.name, map.title, map.y.name, map.x.name,
                                   scale.unit.empty() ? "" : ", in ", scale.unit);
    for (const double y : ys) {
        std::string line = fmt::format("{:>{}} |", coordinate_text(y), label_width - 1);
        for (const double x : xs) {
            const auto place = std::ranges::find_if(places, [&](const HeatMap::Cell &candidate) {
                return candidate.x == x && candidate.y == y;
            });
            if (place == places.end()) {
                line += std::string(cell, ' ');
                continue;
            }
            const std::string number =
                numbers ? fmt::format("{:.{}f}", place->value / scale.divisor, decimals) : "";
            line +=
                fmt::format("{:>{}}{}", number, cell - 1, shade(place->value / most, style.utf8));
        }
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    text += fmt::format("{:>{}} +{}\n{:>{}}", "", label_width - 1,
                        std::string(cell * xs.size(), '-'), "", label_width + 1);
    for (const double x : xs)
        text += fmt::format("{:>{}}{}", coordinate_text(x), cell - 1, x == *xs.rbegin() ? "" : " ");
    return text + "\n";
}

} // namespace clprobe
