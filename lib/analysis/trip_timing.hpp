#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/statistics.hpp>

#include <optional>
#include <span>
#include <string>

namespace clprobe {

/// Seconds that one trip takes, and how that was found.
struct TripTiming {
    double seconds = 0;
    Interval interval;
    std::string method;
    double nonlinearity = 0; ///< the least that the blocks' spread leaves, either way
    double growth = 1;       ///< share of the longest launch's time that grows with the trips
};

/// The time of a trip: the slope where launches of all lengths agree on it, else the longest
/// launches undivided, from which a rate is never too high. Nothing where time does not grow with
/// the trips.
[[nodiscard]] std::optional<TripTiming> time_per_trip(std::span<const TripTime> times);

/// What launches taken whole show where the slope is not relied on: their time, but the slope's as
/// well in the interval, as the next run may rely on it.
[[nodiscard]] TripTiming widened_to_slope(const TripTiming &whole, const TripTiming &slope);

/// Makes a finding from that timing suspect where time does not follow the trips, and notes where
/// the slope was not taken.
void check_timing(Finding &finding, const TripTiming &timing);

} // namespace clprobe
