#pragma once
#include <clprobe/series.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace clprobe {

/// What an experiment shows at one measurement point: the coordinates (without the trips), a value,
/// and the relative standard error of that, 0 where too few samples tell.
struct Estimate {
    std::vector<double> at;
    double value = 0;
    double error = 0;
    std::size_t samples = 1; ///< the fewest at any number of trips

    bool operator==(const Estimate &) const = default;
};

/// The estimates of a series in order of their coordinates. Where its last axis is "trips", the
/// value is the time of one trip: the slope over the trips of the quietest of the times, so that a
/// launch that was disturbed spoils no other. Points without a positive value are left out.
[[nodiscard]] std::vector<Estimate> estimates_of(const Series &series);

/// Where a curve over the last coordinate passes `threshold`: the split of its points with the
/// least contradiction. Nothing where it is always above or always below.
[[nodiscard]] std::optional<double> crossing(const std::vector<Estimate> &curve, double threshold);

} // namespace clprobe
