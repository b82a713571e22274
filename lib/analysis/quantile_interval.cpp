#include "analysis/quantile_interval.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace clprobe {

std::optional<Interval> quantile_interval(std::span<const double> samples, double q,
                                          double confidence) {
    if (!(q > 0 && q < 1) || !(confidence > 0 && confidence < 1))
        throw std::invalid_argument("quantile and confidence lie between 0 and 1");
    const double beyond = (1 - confidence) / 2;
    const auto n = static_cast<double>(samples.size());
    // How many samples lie below the quantile is binomial. The k-th smallest lies above it where
    // fewer than k do: `low` is the last k of which that is improbable, `high` the first of which
    // it is all but certain.
    std::size_t low = 0;
    std::size_t high = 0;
    double log_probability = n * std::log1p(-q); // of exactly k - 1 samples below
    double fewer = std::exp(log_probability);    // of fewer than k
    for (std::size_t k = 1; k <= samples.size(); ++k) {
        if (fewer <= beyond)
            low = k;
        if (fewer >= 1 - beyond) {
            high = k;
            break;
        }
        const auto below = static_cast<double>(k);
        log_probability += std::log((n - below + 1) / below * q / (1 - q));
        fewer += std::exp(log_probability);
    }
    if (low == 0 || high == 0)
        return std::nullopt;
    std::vector<double> ordered(samples.begin(), samples.end());
    std::ranges::sort(ordered);
    return Interval{ordered[low - 1], ordered[high - 1]};
}

} // namespace clprobe
