#include "common/local_sizes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace clprobe::probes {
namespace {

constexpr std::size_t longest_side = 256;

std::size_t granted(const DeviceInfo &device, std::size_t dimension) {
    return device.max_work_item_sizes
               ? static_cast<std::size_t>((*device.max_work_item_sizes)[dimension])
               : longest_side;
}

} // namespace

std::string name(const LocalSize &size) {
    return fmt::format("{} x {}", size.x, size.y);
}

std::vector<LocalSize> local_sizes(const DeviceInfo &device, const NdRange &range) {
    const auto most = static_cast<std::size_t>(device.max_work_group_size.value_or(longest_side));
    const std::size_t most_x = std::min({longest_side, granted(device, 0), range.global[0]});
    const std::size_t most_y = std::min({longest_side, granted(device, 1), range.global[1]});
    std::vector<LocalSize> sizes;
    for (std::size_t y = 1; y <= most_y && range.global[1] % y == 0; y *= 2)
        for (std::size_t x = 1; x <= most_x && range.global[0] % x == 0 && x * y <= most; x *= 2)
            sizes.push_back({x, y});
    return sizes;
}

NdRange with_local_size(NdRange range, const LocalSize &size) {
    range.local = {size.x, size.y, 1};
    range.dimensions = 2;
    return range;
}

std::vector<Axis> local_size_axes(std::vector<Axis> of_kernels) {
    for (const char *axis : {"local_x", "local_y", "trips"})
        of_kernels.push_back({axis, Unit::one, {}});
    return of_kernels;
}

std::string untried_entry(const std::vector<double> &at) {
    return fmt::format("untried_local_sizes.{}", fmt::join(at, "."));
}

void check_local_size(Finding &finding, const Dataset &data, const std::vector<double> &at) {
    if (const auto untried = data.number_attribute(untried_entry(at)))
        make_suspect(finding, fmt::format("time ran out before {:.0f} neighbours of its local size "
                                          "were tried: one may be faster",
                                          *untried));
}

std::vector<LocalSizeTime> local_size_times(const Series &grid, const std::vector<double> &at) {
    std::vector<LocalSizeTime> times;
    for (const Point &point : grid.points) {
        if (point.at.size() != at.size() + 3 || point.samples.empty() ||
            !std::equal(at.begin(), at.end(), point.at.begin()) || point.at[at.size()] < 1 ||
            point.at[at.size() + 1] < 1 || point.at.back() < 1)
            continue;
        const LocalSize size{static_cast<std::size_t>(point.at[at.size()]),
                             static_cast<std::size_t>(point.at[at.size() + 1])};
        const double seconds = *std::ranges::min_element(point.samples) / point.at.back();
        const auto known = std::ranges::find(times, size, &LocalSizeTime::size);
        if (known == times.end())
            times.push_back({size, seconds});
        else
            known->seconds_per_trip = std::min(known->seconds_per_trip, seconds);
    }
    return times;
}

HeatMap local_size_map(const Series &grid, const std::vector<double> &at, std::string title,
                       Axis rate, double work) {
    HeatMap map{std::move(title),
                {"local_x", Unit::one, {}},
                {"local_y", Unit::one, {}},
                std::move(rate),
                {}};
    for (const LocalSizeTime &time : local_size_times(grid, at))
        map.points.push_back({static_cast<double>(time.size.x), static_cast<double>(time.size.y),
                              work / time.seconds_per_trip});
    return map;
}

} // namespace clprobe::probes
