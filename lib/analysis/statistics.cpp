#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
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

double median_of_sorted(const std::vector<double> &samples) {
    const std::size_t n = samples.size();
    return n % 2 == 1 ? samples[n / 2] : (samples[n / 2 - 1] + samples[n / 2]) / 2;
}

double quantile_of_sorted(const std::vector<double> &samples, double q) {
    const double position = q * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, samples.size() - 1);
    return samples[below] +
           (position - static_cast<double>(below)) * (samples[above] - samples[below]);
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

} // namespace

double median(std::span<const double> samples) {
    return median_of_sorted(sorted(samples));
}

double quantile(std::span<const double> samples, double q) {
    if (!(q >= 0 && q <= 1))
        throw std::invalid_argument("a quantile lies between 0 and 1");
    return quantile_of_sorted(sorted(samples), q);
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
    const std::vector<double> ordered = sorted(samples);
    summary.median = median_of_sorted(ordered);
    summary.minimum = ordered.front();
    summary.maximum = ordered.back();
    summary.interval = median_interval(samples);
    if (summary.n >= 3)
        summary.deviation = robust_deviation(samples);
    if (summary.n >= 10) {
        summary.low = quantile_of_sorted(ordered, 0.1);
        summary.high = quantile_of_sorted(ordered, 0.9);
    }
    return summary;
}

} // namespace clprobe
