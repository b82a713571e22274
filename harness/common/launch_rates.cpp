#include "common/launch_rates.hpp"
#include "common/verdicts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace clprobe::probes {
namespace {

/// The rates of whole launches as one; nothing where there are fewer than two blocks.
std::optional<TripTiming> whole_launches(std::span<const TripTime> times, double least_share) {
    const std::vector<double> rates = rates_by_block(times, 1, least_share);
    if (rates.size() < 2)
        return std::nullopt;
    const Interval interval = repeat_interval(rates);
    if (interval.low <= 0)
        return std::nullopt;
    return TripTiming{1 / median(rates),
                      {1 / interval.high, 1 / interval.low},
                      fmt::format("the fastest launches of {} blocks", rates.size())};
}

} // namespace

std::vector<double> rates_by_block(std::span<const TripTime> times, double bytes,
                                   double least_share) {
    double most = 0;
    for (const TripTime &time : times)
        most = std::max(most, time.trips);
    std::map<int, double> best;
    for (const auto &[trips, seconds, block] : times)
        if (trips >= least_share * most && seconds > 0)
            best[block] = std::max(best[block], bytes * trips / seconds);
    std::vector<double> rates;
    for (const auto &[block, rate] : best)
        rates.push_back(rate);
    return rates;
}

std::optional<Finding> rate_of(const FindingKey &key, std::span<const TripTime> times, double bytes,
                               double least_share) {
    const auto slope = time_per_trip(times);
    if (!slope)
        return std::nullopt;
    constexpr double narrow = 0.005;
    const auto width = [](const TripTiming &time) {
        return time.interval.half_width() / time.seconds;
    };
    TripTiming timing = *slope;
    if (const auto whole = whole_launches(times, least_share);
        whole && width(*slope) > std::max(narrow, width(*whole)))
        timing = widened_to_slope(*whole, *slope);
    Finding finding = rate_finding(key, bytes, timing);
    finding.method = timing.method;
    check_timing(finding, timing);
    return finding;
}

} // namespace clprobe::probes
