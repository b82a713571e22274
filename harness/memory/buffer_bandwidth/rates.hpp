#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <optional>
#include <vector>

namespace clprobe::probes::buffer_bandwidth {

/// The rates of whole launches at these coordinates, the last axis counting the work and a count
/// being worth `bytes`: one rate a block, of its fastest launch, since whatever disturbs a launch
/// makes it longer. Launches with less than `least_share` of the most work are passed over.
[[nodiscard]] std::vector<double> rates_by_block(const Series &series,
                                                 const std::vector<double> &at, double bytes,
                                                 double least_share);

/// A finding from the samples at these coordinates: by the slope of time over the work, which
/// cancels what a launch costs, or, where that leaves an interval of more than 0.5 % either way and
/// they a narrower one, by whole launches, from which a rate is never too high. Suspect where time
/// does not follow the work; nothing where it does not grow with it.
[[nodiscard]] std::optional<Finding> rate_of(const FindingKey &key, const Series &series,
                                             const std::vector<double> &at, double bytes,
                                             double least_share);

} // namespace clprobe::probes::buffer_bandwidth
