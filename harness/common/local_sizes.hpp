#pragma once
#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes {

/// Work-items of a group along x and along y.
struct LocalSize {
    std::size_t x = 1;
    std::size_t y = 1;

    static auto columns() {
        constexpr double most = 1 << 20;
        return std::tuple{column("local_x", &LocalSize::x).between(1, most),
                          column("local_y", &LocalSize::y).between(1, most)};
    }
    [[nodiscard]] std::size_t work_items() const { return x * y; }
    auto operator<=>(const LocalSize &) const = default; // NOLINT(modernize-use-nullptr)
};

/// "16 x 4".
[[nodiscard]] std::string name(const LocalSize &size);

/// All pairs of powers of two up to 256 that divide the range, as far as the limits allow.
[[nodiscard]] std::vector<LocalSize> local_sizes(const DeviceInfo &device, const NdRange &range);

/// The row of a sweep's series: which of the probe's kernels, a row itself, and its local size.
template <typename Kernel>
struct SweptRow {
    Kernel kernel;
    LocalSize size;

    static auto columns() {
        return std::tuple{part(&SweptRow::kernel), part(&SweptRow::size), trips()};
    }
};

/// A kernel over a range of two dimensions, to be tried with all local sizes. `at` are its
/// coordinates in the series of the sweep before those of the local size. What more than
/// `most_trips` do in a launch is not to count.
struct SweptKernel {
    BoundLaunch launch;
    std::vector<double> at;
    std::uint32_t most_trips = std::numeric_limits<std::uint32_t>::max();
};

/// The local size that was best for a kernel, and trips for a launch of the usual length.
struct SweptSize {
    LocalSize size;
    std::uint32_t trips = 1;
};

/// Times the kernels with all their local sizes into `grid`, one launch each, until only `reserve`
/// seconds of the probe's budget are left: first a few sizes far from each other, then the
/// neighbours of those that did well, of each kernel in turn, then the best ones again and again. A
/// size that the driver refuses is left out. Nothing for a kernel that ran with none. Throws
/// VerificationError, and the last refusal where there was nothing else.
[[nodiscard]] std::vector<std::optional<SweptSize>>
sweep_local_sizes(Bench &bench, Series &grid, const std::vector<SweptKernel> &kernels,
                  double reserve);

/// The name in a Dataset's numbers of how many neighbours of the best size (twice or half as long
/// along one side) of the kernel at the coordinates `at` were not tried for want of time; it is not
/// there where all were.
[[nodiscard]] std::string untried_entry(const std::vector<double> &at);

/// Makes a finding suspect that rests on the best size of the kernel at the coordinates `at`,
/// where the sweep ended before all neighbours of that size were tried.
void check_local_size(Finding &finding, const Dataset &data, const std::vector<double> &at);

/// The range with groups of that size.
[[nodiscard]] NdRange with_local_size(const NdRange &range, const LocalSize &size);

/// What a sweep found for one kernel: the least seconds a trip at each local size.
struct LocalSizeTime {
    LocalSize size;
    double seconds_per_trip = 0;
};
/// Of that kernel; in the order of the points.
template <typename Kernel>
[[nodiscard]] std::vector<LocalSizeTime> local_size_times(const Series *grid,
                                                          const Kernel &kernel) {
    std::vector<LocalSizeTime> times;
    for (const auto &[row, trips, samples] : samples_by_row<SweptRow<Kernel>>(grid)) {
        if (row.kernel != kernel || samples.empty())
            continue;
        const double seconds = *std::ranges::min_element(samples) / trips;
        const auto known = std::ranges::find(times, row.size, &LocalSizeTime::size);
        if (known == times.end())
            times.push_back({row.size, seconds});
        else
            known->seconds_per_trip = std::min(known->seconds_per_trip, seconds);
    }
    return times;
}
/// Operations a second at each local size, of `work` operations a trip.
[[nodiscard]] HeatMap local_size_map(const std::vector<LocalSizeTime> &times, std::string title,
                                     Axis rate, double work);

} // namespace clprobe::probes
