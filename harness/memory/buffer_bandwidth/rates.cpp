#include "analysis/trip_timing.hpp"
#include "memory/buffer_bandwidth/rates.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace clprobe::probes::buffer_bandwidth {
namespace {

bool is_at(const Point &point, const std::vector<double> &at) {
    return point.at.size() == at.size() + 1 && std::equal(at.begin(), at.end(), point.at.begin());
}

/// The rates of whole launches as one; nothing where there are fewer than two blocks.
std::optional<TripTiming> whole_launches(const Series &series, const std::vector<double> &at,
                                         double least_share) {
    const std::vector<double> rates = rates_by_block(series, at, 1, least_share);
    if (rates.size() < 2)
        return std::nullopt;
    const Interval interval = repeat_interval(rates);
    const double middle = median(rates);
    if (interval.low <= 0)
        return std::nullopt;
    return TripTiming{1 / middle,
                      {1 / interval.high, 1 / interval.low},
                      fmt::format("the fastest launches of {} blocks", rates.size())};
}

double width(const TripTiming &timing) {
    return timing.interval.half_width() / timing.seconds;
}

} // namespace

std::vector<double> rates_by_block(const Series &series, const std::vector<double> &at,
                                   double bytes, double least_share) {
    double most = 0;
    for (const Point &point : series.points)
        if (is_at(point, at))
            most = std::max(most, point.at.back());
    std::map<int, double> best;
    for (const Point &point : series.points) {
        if (!is_at(point, at) || point.at.back() < least_share * most)
            continue;
        for (std::size_t i = 0; i < point.samples.size(); ++i) {
            if (!(point.samples[i] > 0))
                continue;
            double &rate = best[i < point.block.size() ? point.block[i] : 0];
            rate = std::max(rate, bytes * point.at.back() / point.samples[i]);
        }
    }
    std::vector<double> rates;
    for (const auto &[block, rate] : best)
        rates.push_back(rate);
    return rates;
}

std::optional<Finding> rate_of(const FindingKey &key, const Series &series,
                               const std::vector<double> &at, double bytes, double least_share) {
    const auto slope = time_per_trip(series, at);
    if (!slope)
        return std::nullopt;
    constexpr double narrow = 0.005;
    TripTiming timing = *slope;
    if (const auto whole = whole_launches(series, at, least_share);
        whole && width(*slope) > std::max(narrow, width(*whole)))
        timing = widened_to_slope(*whole, *slope);
    Finding finding = measured(key, bytes / timing.seconds,
                               {bytes / timing.interval.high, bytes / timing.interval.low});
    finding.method = timing.method;
    check_timing(finding, timing);
    return finding;
}

} // namespace clprobe::probes::buffer_bandwidth
