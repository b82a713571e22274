#include "analysis/intervals.hpp"

#include <clprobe/row.hpp>
#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

namespace clprobe {
namespace {

/// Theil-Sen slope over the samples with trips in the range; nothing where all have the same.
std::optional<double> pairwise_slope(std::span<const TripTime> samples, Interval trips) {
    std::vector<double> slopes;
    for (std::size_t i = 0; i < samples.size(); ++i)
        for (std::size_t j = i + 1; j < samples.size(); ++j) {
            const TripTime &a = samples[i];
            const TripTime &b = samples[j];
            if (a.trips != b.trips && trips.contains(a.trips) && trips.contains(b.trips))
                slopes.push_back((b.seconds - a.seconds) / (b.trips - a.trips));
        }
    return slopes.empty() ? std::nullopt : std::optional(median(slopes));
}

/// The distinct trip counts, in order.
std::vector<double> trip_counts(std::span<const TripTime> samples) {
    std::vector<double> counts;
    for (const TripTime &sample : samples)
        counts.push_back(sample.trips);
    std::sort(counts.begin(), counts.end());
    counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
    return counts;
}

/// Relative difference between the upper and the lower half; nothing under three trip counts.
std::optional<double> curvature(std::span<const TripTime> samples) {
    const std::vector<double> counts = trip_counts(samples);
    if (counts.size() < 3)
        return std::nullopt;
    const double middle = counts[counts.size() / 2];
    const double lower = *pairwise_slope(samples, {counts.front(), middle});
    const double upper = *pairwise_slope(samples, {middle, counts.back()});
    const double scale = std::max(std::abs(lower), std::abs(upper));
    return scale > 0 ? (upper - lower) / scale : 0;
}

/// Of the slope of one block, from the residuals of the line. Two samples say nothing of their
/// scatter: the interval then goes from nothing to double.
Interval one_block_interval(std::span<const TripTime> samples, double slope, double overhead) {
    if (samples.size() < 3)
        return {std::min(0.0, 2 * slope), std::max(0.0, 2 * slope)};
    const auto n = static_cast<double>(samples.size());
    double mean_trips = 0;
    for (const TripTime &sample : samples)
        mean_trips += sample.trips / n;
    double residuals = 0;
    double spread = 0;
    for (const TripTime &sample : samples) {
        const double residual = sample.seconds - overhead - slope * sample.trips;
        residuals += residual * residual;
        spread += (sample.trips - mean_trips) * (sample.trips - mean_trips);
    }
    const double half = student95(samples.size() - 2) * std::sqrt(residuals / (n - 2) / spread);
    return {slope - half, slope + half};
}

double overhead_at(std::span<const TripTime> samples, double slope) {
    std::vector<double> rest;
    for (const TripTime &sample : samples)
        rest.push_back(sample.seconds - slope * sample.trips);
    return median(rest);
}

/// So many of them at most, evenly by trips and time: the pairs of more would take for ever.
void thin_out(std::vector<TripTime> &samples) {
    constexpr std::size_t most = 256;
    if (samples.size() <= most)
        return;
    std::ranges::sort(samples, {}, [](const TripTime &sample) {
        return std::pair(sample.trips, sample.seconds);
    });
    for (std::size_t i = 0; i < most; ++i)
        samples[i] = samples[i * (samples.size() - 1) / (most - 1)];
    samples.resize(most);
}

/// The samples block by block; blocks that tell no slope are dropped, unless none tells one.
std::vector<std::vector<TripTime>> usable_blocks(std::span<const TripTime> samples) {
    std::map<int, std::vector<TripTime>> by_block;
    for (const TripTime &sample : samples)
        by_block[sample.block].push_back(sample);
    std::vector<std::vector<TripTime>> usable;
    for (auto &[number, block] : by_block)
        if (trip_counts(block).size() >= 2)
            usable.push_back(std::move(block));
    if (usable.empty())
        usable.emplace_back(samples.begin(), samples.end());
    std::ranges::for_each(usable, thin_out);
    return usable;
}

} // namespace

std::optional<SlopeFit> fit_slope(std::span<const TripTime> samples) {
    const std::vector<double> counts = trip_counts(samples);
    if (counts.size() < 2)
        return std::nullopt;
    const std::vector<std::vector<TripTime>> blocks = usable_blocks(samples);
    std::vector<double> slopes;
    std::vector<double> overheads;
    std::vector<double> curvatures;
    for (const std::vector<TripTime> &block : blocks) {
        slopes.push_back(*pairwise_slope(block, {counts.front(), counts.back()}));
        overheads.push_back(overhead_at(block, slopes.back()));
        if (const auto bend = curvature(block))
            curvatures.push_back(*bend);
    }
    SlopeFit fit;
    fit.blocks = blocks.size();
    fit.seconds_per_trip = median(slopes);
    fit.overhead = overhead_at(samples, fit.seconds_per_trip);
    if (blocks.size() >= 2)
        fit.overhead_interval = hull(repeat_interval(overheads), fit.overhead);
    const double growing = fit.seconds_per_trip * counts.back();
    const double longest = fit.overhead + growing;
    fit.growth = longest > 0 ? std::clamp(growing / longest, 0.0, 1.0) : 0;
    if (!curvatures.empty())
        fit.nonlinearity = median(curvatures);
    if (curvatures.size() >= 2)
        fit.nonlinearity_interval = repeat_interval(curvatures);
    fit.interval = blocks.size() >= 2
                       ? repeat_interval(slopes)
                       : one_block_interval(blocks.front(), fit.seconds_per_trip, fit.overhead);
    return fit;
}

std::optional<SlopeFit> slope_at(const Series &series, const std::vector<double> &at) {
    std::vector<TripTime> times;
    for (const Point &point : series.points)
        if (point.at.size() == at.size() + 1 && std::equal(at.begin(), at.end(), point.at.begin()))
            rows::append(times, point, true);
    return fit_slope(times);
}

} // namespace clprobe
