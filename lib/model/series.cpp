#include <clprobe/series.hpp>

#include <algorithm>

namespace clprobe {
namespace {

template <typename Range, typename Matches>
auto pointer_to(Range &range, Matches matches) -> decltype(&*range.begin()) {
    const auto found = std::find_if(range.begin(), range.end(), matches);
    return found == range.end() ? nullptr : &*found;
}

} // namespace

std::optional<std::size_t> Series::axis(std::string_view axis_name) const {
    for (std::size_t i = 0; i < axes.size(); ++i)
        if (axes[i].name == axis_name)
            return i;
    return std::nullopt;
}

Point &Series::point(const std::vector<double> &at) {
    if (auto *found = pointer_to(points, [&](const Point &point) { return point.at == at; }))
        return *found;
    return points.emplace_back(Point{at, {}, {}});
}

const Point *Series::find(const std::vector<double> &at) const {
    return pointer_to(points, [&](const Point &point) { return point.at == at; });
}

const Series *Dataset::find(std::string_view name) const {
    return pointer_to(series, [&](const Series &candidate) { return candidate.name == name; });
}

Series &Dataset::add(std::string_view name, std::vector<Axis> axes, Axis measure) {
    if (auto *found =
            pointer_to(series, [&](const Series &candidate) { return candidate.name == name; }))
        return *found;
    return series.emplace_back(Series{std::string{name}, std::move(axes), std::move(measure), {}});
}

std::optional<double> Dataset::number_attribute(const std::string &name) const {
    const auto found = number_attributes.find(name);
    return found == number_attributes.end() ? std::nullopt : std::optional{found->second};
}

std::string Dataset::text_attribute(const std::string &name) const {
    const auto found = text_attributes.find(name);
    return found == text_attributes.end() ? std::string{} : found->second;
}

} // namespace clprobe
