#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace clprobe {
namespace {

/// Theil-Sen slope over the samples with trips in the range; nothing where all have the same.
std::optional<double> pairwise_slope(const std::vector<TripTime> &samples, Interval trips) {
    std::vector<double> slopes;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        for (std::size_t j = i + 1; j < samples.size(); ++j) {
            const TripTime &a = samples[i];
            const TripTime &b = samples[j];
            if (a.trips != b.trips && trips.contains(a.trips) && trips.contains(b.trips))
                slopes.push_back((b.seconds - a.seconds) / (b.trips - a.trips));
        }
    }
    if (slopes.empty())
        return std::nullopt;
    return median(slopes);
}

/// The distinct trip counts, in order.
std::vector<double> trip_counts(const std::vector<TripTime> &samples) {
    std::vector<double> counts;
    for (const TripTime &sample : samples)
        counts.push_back(sample.trips);
    std::sort(counts.begin(), counts.end());
    counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
    return counts;
}

/// Relative difference between the upper and the lower half; nothing under three trip counts.
std::optional<double> curvature(const std::vector<TripTime> &samples) {
    const std::vector<double> counts = trip_counts(samples);
    if (counts.size() < 3)
        return std::nullopt;
    const double middle = counts[counts.size() / 2];
    const double lower = *pairwise_slope(samples, {counts.front(), middle});
    const double upper = *pairwise_slope(samples, {middle, counts.back()});
    const double scale = std::max(std::abs(lower), std::abs(upper));
    return scale > 0 ? (upper - lower) / scale : 0;
}

/// Two-sided 95 % point of Student's t: exact for few degrees of freedom, else the expansion of
/// Abramowitz and Stegun 26.7.5.
double student95(std::size_t freedom) {
    constexpr double few[] = {12.706, 4.303, 3.182, 2.776};
    if (freedom <= std::size(few))
        return few[freedom - 1];
    constexpr double z = 1.959964;
    const auto v = static_cast<double>(freedom);
    return z + (z * z * z + z) / (4 * v) +
           (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * v * v);
}

/// Of the median of two to five values. Student's interval is that of a mean; a median of so few
/// scatters up to a fifth more, hence a tenth wider, which simulation shows to suffice.
Interval few_values_interval(const std::vector<double> &values) {
    const auto n = static_cast<double>(values.size());
    double mean = 0;
    for (const double value : values)
        mean += value / n;
    double squares = 0;
    for (const double value : values)
        squares += (value - mean) * (value - mean);
    const double half = 1.1 * student95(values.size() - 1) * std::sqrt(squares / (n - 1) / n);
    const double middle = median(values);
    return {middle - half, middle + half};
}

/// Of the slope of one block, from the residuals of the line. Two samples say nothing of their
/// scatter: the interval then goes from nothing to double.
Interval one_block_interval(const std::vector<TripTime> &samples, double slope, double overhead) {
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

/// Of the median of the blocks' values, and of what a second run would find; there are at least
/// two. The interval of the median alone shrinks with every block, and a second run, minutes later,
/// falls outside it: clocks and neighbours drift. The middle nine tenths of the blocks do not
/// shrink.
Interval blocks_interval(const std::vector<double> &values) {
    const auto interval = median_interval(values);
    if (!interval)
        return few_values_interval(values);
    return {std::min(interval->low, quantile(values, 0.05)),
            std::max(interval->high, quantile(values, 0.95))};
}

double overhead_at(const std::vector<TripTime> &samples, double slope) {
    std::vector<double> rest;
    for (const TripTime &sample : samples)
        rest.push_back(sample.seconds - slope * sample.trips);
    return median(rest);
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
    return usable;
}

} // namespace

std::optional<SlopeFit> fit_slope(std::span<const TripTime> samples) {
    const std::vector<TripTime> all(samples.begin(), samples.end());
    if (trip_counts(all).size() < 2)
        return std::nullopt;
    const std::vector<std::vector<TripTime>> blocks = usable_blocks(samples);
    std::vector<double> slopes;
    std::vector<double> curvatures;
    for (const std::vector<TripTime> &block : blocks) {
        const std::vector<double> counts = trip_counts(block);
        slopes.push_back(*pairwise_slope(block, {counts.front(), counts.back()}));
        if (const auto bend = curvature(block))
            curvatures.push_back(*bend);
    }
    SlopeFit fit;
    fit.blocks = blocks.size();
    fit.seconds_per_trip = median(slopes);
    fit.overhead = overhead_at(all, fit.seconds_per_trip);
    const double most = trip_counts(all).back();
    const double longest = fit.overhead + fit.seconds_per_trip * most;
    fit.growth = longest > 0 ? std::clamp(fit.seconds_per_trip * most / longest, 0.0, 1.0) : 0;
    if (!curvatures.empty())
        fit.nonlinearity = median(curvatures);
    if (curvatures.size() >= 2)
        fit.nonlinearity_interval = blocks_interval(curvatures);
    fit.interval = blocks.size() >= 2
                       ? blocks_interval(slopes)
                       : one_block_interval(blocks.front(), fit.seconds_per_trip, fit.overhead);
    return fit;
}

} // namespace clprobe
