#include "analysis/intervals.hpp"
#include "analysis/trip_timing.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe {
namespace {

/// Beyond this the slope is not taken: launches of several lengths disagree on it.
constexpr double linear_tolerance = 0.005;
/// Beyond this the work does not follow the trips.
constexpr double max_nonlinearity = 0.05;
/// Below this share of time that grows with the trips, most of a launch is something else.
constexpr double min_growth_share = 0.5;

/// The launches with the most trips, undivided: what they spend on the launch counts as work, so
/// that a rate from them is never too high.
std::optional<TripTiming> longest_launches(std::span<const TripTime> times) {
    const double trips = std::ranges::max(times, {}, &TripTime::trips).trips;
    std::vector<double> seconds;
    for (const TripTime &time : times)
        if (time.trips == trips)
            seconds.push_back(time.seconds);
    const auto interval = median_interval(seconds);
    if (!interval)
        return std::nullopt;
    return TripTiming{median(seconds) / trips,
                      {interval->low / trips, interval->high / trips},
                      fmt::format("median of {} launches", seconds.size())};
}

} // namespace

TripTiming widened_to_slope(const TripTiming &whole, const TripTiming &slope) {
    TripTiming timing = slope;
    timing.seconds = whole.seconds;
    timing.interval = hull(whole.interval, slope.seconds);
    timing.method = whole.method;
    return timing;
}

std::optional<TripTiming> time_per_trip(std::span<const TripTime> times) {
    const auto fit = fit_slope(times);
    if (!fit || fit->seconds_per_trip <= 0 || fit->interval.low <= 0)
        return std::nullopt;
    const Interval bend = fit->nonlinearity_interval.value_or(Interval{});
    const TripTiming timing{
        fit->seconds_per_trip, fit->interval,
        fmt::format("slope of time over trips, {} blocks", fit->blocks),
        bend.contains(0) ? 0 : std::min(std::abs(bend.low), std::abs(bend.high)), fit->growth};
    if (timing.nonlinearity > linear_tolerance)
        if (const auto longest = longest_launches(times))
            return widened_to_slope(*longest, timing);
    return timing;
}

void check_timing(Finding &finding, const TripTiming &timing) {
    const std::string bend =
        fmt::format("the slope over the longer launches differs by at least {:.1f} % from that "
                    "over the shorter ones",
                    100 * timing.nonlinearity);
    if (timing.nonlinearity > max_nonlinearity)
        make_suspect(finding, bend);
    else if (timing.nonlinearity > linear_tolerance)
        finding.note +=
            (finding.note.empty() ? "" : "; ") + bend + ": the longest launches are taken whole";
    if (timing.growth < min_growth_share)
        make_suspect(finding, fmt::format("only {:.0f} % of the longest launches' time grows "
                                          "with the trips",
                                          100 * timing.growth));
}

} // namespace clprobe
