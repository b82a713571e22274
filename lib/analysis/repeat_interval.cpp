#include "analysis/student.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <stdexcept>

namespace clprobe {
namespace {

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

double student95(std::size_t freedom) {
    constexpr double few[] = {12.706, 4.303, 3.182, 2.776};
    if (freedom <= std::size(few))
        return few[freedom - 1];
    constexpr double z = 1.959964;
    const auto v = static_cast<double>(freedom);
    return z + (z * z * z + z) / (4 * v) +
           (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * v * v);
}

Interval repeat_interval(std::span<const double> values) {
    if (values.size() < 2)
        throw std::invalid_argument("one value says nothing of a second run");
    const auto interval = median_interval(values);
    if (!interval)
        return few_values_interval(values);
    return {std::min(interval->low, quantile(values, 0.05)),
            std::max(interval->high, quantile(values, 0.95))};
}

} // namespace clprobe
