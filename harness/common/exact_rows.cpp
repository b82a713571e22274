#include "common/exact_rows.hpp"

#include <algorithm>
#include <cmath>

namespace clprobe::probes {

std::vector<ExactSum> exact_softmax(std::span<const float> row) {
    const auto [least, largest] = std::ranges::minmax(row);
    double weights = 0;
    std::vector<ExactSum> exact;
    for (const float logit : row) {
        const double weight = std::exp(static_cast<double>(logit) - largest);
        weights += weight;
        exact.push_back({weight, 0, 0});
    }
    // Roundings of a weight: three of its distance from the largest logit, as an error of an
    // exponent is one of a power, three more where it is rescaled, and nine for each exponential,
    // of which a new largest one brings another: of random logits not more than 20. The sum has one
    // for each element. All are above and below the line.
    const double spread = static_cast<double>(largest) - static_cast<double>(least);
    const double terms = 2 * (static_cast<double>(row.size()) + 6 * spread + 9 * 24);
    // Devices may take what is less than a normal number for 0.
    constexpr double vanishing = 0x1p-100;
    for (ExactSum &element : exact) {
        element.value /= weights;
        element.magnitude = element.value + vanishing;
        element.terms = terms;
    }
    return exact;
}

std::vector<ExactSum> exact_layer_norm(std::span<const float> row, std::span<const float> gains,
                                       std::span<const float> biases, double epsilon) {
    const auto count = static_cast<double>(row.size());
    double mean = 0;
    double magnitude = 0;
    for (const float value : row) {
        mean += static_cast<double>(value) / count;
        magnitude += std::abs(static_cast<double>(value)) / count;
    }
    double variance = 0;
    for (const float value : row)
        variance += (value - mean) * (value - mean) / count;
    std::vector<ExactSum> exact;
    for (std::size_t i = 0; i < row.size(); ++i) {
        const double value = row[i];
        const double scale = gains[i] / std::sqrt(variance + epsilon);
        // The mean is off by the sum's roundings, and the root by half of those of the squares'.
        exact.push_back(
            {(value - mean) * scale + biases[i],
             (2 * std::abs(value - mean) + std::abs(value) + magnitude) * std::abs(scale) +
                 std::abs(static_cast<double>(biases[i])),
             count + 20});
    }
    return exact;
}

} // namespace clprobe::probes
