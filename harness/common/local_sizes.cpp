#include "common/local_sizes.hpp"
#include "opencl/device_limits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace clprobe::probes {
namespace {

constexpr std::size_t longest_side = 256;

} // namespace

std::string name(const LocalSize &size) {
    return fmt::format("{} x {}", size.x, size.y);
}

std::vector<LocalSize> local_sizes(const DeviceInfo &device, const NdRange &range) {
    const auto most = most_work_items(device);
    const std::size_t most_x = std::min({longest_side, largest_group(device, 0), range.global[0]});
    const std::size_t most_y = std::min({longest_side, largest_group(device, 1), range.global[1]});
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

std::string untried_entry(const std::vector<double> &at) {
    return fmt::format("untried_local_sizes.{}", fmt::join(at, "."));
}

void check_local_size(Finding &finding, const Dataset &data, const std::vector<double> &at) {
    if (const auto untried = data.number_attribute(untried_entry(at)))
        make_suspect(finding,
                     fmt::format("time ran out before {:.0f} {} of its local size {} tried: one "
                                 "may be faster",
                                 *untried, *untried == 1 ? "neighbour" : "neighbours",
                                 *untried == 1 ? "was" : "were"));
}

HeatMap local_size_map(const std::vector<LocalSizeTime> &times, std::string title, Axis rate,
                       double work) {
    HeatMap map{std::move(title),
                {"local_x", Unit::one, {}},
                {"local_y", Unit::one, {}},
                std::move(rate),
                {}};
    for (const auto &[size, seconds_per_trip] : times)
        map.points.push_back(
            {static_cast<double>(size.x), static_cast<double>(size.y), work / seconds_per_trip});
    return map;
}

} // namespace clprobe::probes
