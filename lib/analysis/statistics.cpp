#include "analysis/intervals.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>

namespace clprobe {
namespace {

std::vector<double> sorted(std::span<const double> samples) {
    if (samples.empty())
        throw std::invalid_argument("statistics of no samples");
    std::vector<double> result(samples.begin(), samples.end());
    std::sort(result.begin(), result.end());
    return result;
}

/// The interval from the k-th smallest to the k-th largest of n samples: the largest k that holds
/// the median with the confidence (0: none does), and how much it and the next k do.
struct RankInterval {
    std::size_t k = 0;
    double coverage = 1;
    double next_coverage = 1;
};

RankInterval rank_interval(std::size_t n, double confidence) {
    double log_probability = -static_cast<double>(n) * std::log(2.0); // of exactly k samples below
    double tail = 0;
    RankInterval ranks;
    while (true) {
        tail += std::exp(log_probability);
        ranks.next_coverage = 1 - 2 * tail;
        if (ranks.next_coverage < confidence)
            return ranks;
        ++ranks.k;
        ranks.coverage = ranks.next_coverage;
        log_probability +=
            std::log(static_cast<double>(n - ranks.k + 1) / static_cast<double>(ranks.k));
    }
}

/// Of the median of two to five values. Student's interval is that of a mean; a median of so few
/// scatters up to a fifth more, hence a tenth wider, which simulation shows to suffice.
Interval few_values_interval(std::span<const double> values) {
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

} // namespace

Interval hull(const Interval &interval, double value) {
    return {std::min(interval.low, value), std::max(interval.high, value)};
}

double student95(std::size_t freedom) {
    constexpr double few[] = {12.706, 4.303, 3.182, 2.776};
    if (freedom <= std::size(few))
        return few[freedom - 1];
    constexpr double z = 1.959964;
    const auto v = static_cast<double>(freedom);
    return z + (z * z * z + z) / (4 * v) +
           (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * v * v);
}

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
    const std::size_t n = samples.size();
    const auto [k, outer, inner] = rank_interval(n, confidence);
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
    const auto interval = median_interval(values);
    if (!interval)
        return few_values_interval(values);
    return hull(hull(*interval, quantile(values, 0.05)), quantile(values, 0.95));
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

} // namespace clprobe
