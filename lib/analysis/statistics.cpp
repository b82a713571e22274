#include "analysis/intervals.hpp"

#include <clprobe/row.hpp>
#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

namespace clprobe {
namespace {

std::vector<double> sorted(std::span<const double> samples) {
    if (samples.empty())
        throw std::invalid_argument("statistics of no samples");
    std::vector<double> result(samples.begin(), samples.end());
    std::sort(result.begin(), result.end());
    return result;
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
    std::set<double> counts;
    for (const TripTime &sample : samples)
        counts.insert(sample.trips);
    return {counts.begin(), counts.end()};
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

double median(std::span<const double> samples) {
    const std::vector<double> ordered = sorted(samples);
    const std::size_t n = ordered.size();
    return n % 2 == 1 ? ordered[n / 2] : (ordered[n / 2 - 1] + ordered[n / 2]) / 2;
}

double quantile(std::span<const double> samples, double q) {
    if (!(q >= 0 && q <= 1))
        throw std::invalid_argument("a quantile lies between 0 and 1");
    const std::vector<double> ordered = sorted(samples);
    const double position = q * static_cast<double>(ordered.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, ordered.size() - 1);
    return ordered[below] +
           (position - static_cast<double>(below)) * (ordered[above] - ordered[below]);
}

double robust_deviation(std::span<const double> samples) {
    const double middle = median(samples);
    std::vector<double> distances(samples.begin(), samples.end());
    for (double &distance : distances)
        distance = std::abs(distance - middle);
    return 1.4826 * median(distances);
}

std::optional<Interval> median_interval(std::span<const double> samples, double confidence) {
    if (!(confidence > 0 && confidence < 1))
        throw std::invalid_argument("a confidence lies between 0 and 1");
    if (samples.empty())
        return std::nullopt;
    // From the k-th smallest to the k-th largest: the largest k that holds the median with the
    // confidence, how much it does, and how much the next k.
    const std::size_t n = samples.size();
    double log_probability = -static_cast<double>(n) * std::log(2.0); // of exactly k samples below
    double tail = std::exp(log_probability);
    std::size_t k = 0;
    double outer = 1;
    double inner = 1 - 2 * tail;
    while (inner >= confidence) {
        ++k;
        log_probability += std::log(static_cast<double>(n - k + 1) / static_cast<double>(k));
        tail += std::exp(log_probability);
        outer = std::exchange(inner, 1 - 2 * tail);
    }
    if (k == 0)
        return std::nullopt;
    const double share = (outer - confidence) / (outer - inner);
    const double inward = static_cast<double>(n - k) * share /
                          (static_cast<double>(k) + static_cast<double>(n - 2 * k) * share);
    const std::vector<double> ordered = sorted(samples);
    return Interval{std::lerp(ordered[k - 1], ordered[k], inward),
                    std::lerp(ordered[n - k], ordered[n - k - 1], inward)};
}

Interval repeat_interval(std::span<const double> values) {
    if (values.size() < 2)
        throw std::invalid_argument("one value says nothing of a second run");
    if (const auto interval = median_interval(values))
        return hull(hull(*interval, quantile(values, 0.05)), quantile(values, 0.95));
    // Student's interval is that of a mean; a median of two to five values scatters up to a fifth
    // more, hence a tenth wider, which simulation shows to suffice.
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

std::vector<double> isotonic_fit(std::span<const double> values) {
    struct Pool {
        double mean = 0;
        double size = 1;
    };
    std::vector<Pool> pools;
    for (const double value : values) {
        Pool pool{value, 1};
        while (!pools.empty() && pools.back().mean > pool.mean) {
            const Pool &last = pools.back();
            const double size = last.size + pool.size;
            pool = {(last.mean * last.size + pool.mean * pool.size) / size, size};
            pools.pop_back();
        }
        pools.push_back(pool);
    }
    std::vector<double> result;
    for (const Pool &pool : pools)
        result.insert(result.end(), static_cast<std::size_t>(pool.size), pool.mean);
    return result;
}

Summary summarize(std::span<const double> samples) {
    Summary summary;
    summary.n = samples.size();
    if (samples.empty())
        return summary;
    summary.median = median(samples);
    summary.minimum = std::ranges::min(samples);
    summary.maximum = std::ranges::max(samples);
    summary.interval = median_interval(samples);
    if (summary.n >= 3)
        summary.deviation = robust_deviation(samples);
    if (summary.n >= 10) {
        summary.low = quantile(samples, 0.1);
        summary.high = quantile(samples, 0.9);
    }
    return summary;
}

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
