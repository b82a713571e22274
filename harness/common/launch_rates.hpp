#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/statistics.hpp>

#include <optional>
#include <span>
#include <vector>

namespace clprobe::probes {

/// The rates of whole launches, a trip being worth `bytes`: one rate a block, of its fastest
/// launch, since whatever disturbs a launch makes it longer. Launches with less than `least_share`
/// of the most trips are passed over.
[[nodiscard]] std::vector<double> rates_by_block(std::span<const TripTime> times, double bytes,
                                                 double least_share);

/// A finding from these launches: by the slope of time over the work, which cancels what a launch
/// costs, or, where that leaves an interval of more than 0.5 % either way and they a narrower one,
/// by whole launches, from which a rate is never too high. Suspect where time does not follow the
/// work; nothing where it does not grow with it.
[[nodiscard]] std::optional<Finding> rate_of(const FindingKey &key, std::span<const TripTime> times,
                                             double bytes, double least_share);

} // namespace clprobe::probes
