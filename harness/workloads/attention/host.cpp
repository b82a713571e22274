#include "workloads/attention/attention.hpp"

#include <algorithm>
#include <cmath>

namespace clprobe::probes::attention {
namespace {

std::vector<float> signs(std::size_t count, float size, std::mt19937_64 &random) {
    std::vector<float> values(count);
    for (float &value : values)
        value = random() % 2 == 0 ? size : -size;
    return values;
}

} // namespace

HostOperands random_operands(const AttentionShape &shape, std::mt19937_64 &random) {
    const std::size_t count = shape.elements();
    HostOperands operands;
    operands.queries = reals(count, random);
    operands.keys = reals(count, random);
    operands.values = reals(count, random);
    return operands;
}

HostOperands loud_operands(const AttentionShape &shape, std::mt19937_64 &random) {
    HostOperands operands = random_operands(shape, random);
    // Keys and queries are a row of signs, or its opposite.
    const std::vector<float> row = signs(shape.width, 1, random);
    const float size = 80 / (shape.scale() * static_cast<float>(shape.width));
    float sign = 1;
    for (std::size_t i = 0; i < operands.keys.size(); ++i) {
        if (i % shape.width == 0)
            sign = random() % 2 == 0 ? 1.0f : -1.0f;
        operands.keys[i] = sign * row[i % shape.width];
        operands.queries[i] = size * row[i % shape.width];
    }
    return operands;
}

Lookup lookup_operands(const AttentionShape &shape, std::mt19937_64 &random) {
    Lookup lookup;
    HostOperands &operands = lookup.operands;
    operands.keys = signs(shape.elements(), 1, random);
    operands.values = small_integers(shape.elements(), random);
    // A key that differs in one sign from the chosen one is 160 powers of two behind it.
    const float size = std::ceil(56 / shape.scale());
    for (std::uint32_t head = 0; head < shape.heads; ++head)
        for (std::uint32_t query = 0; query < shape.length; ++query) {
            const std::uint32_t seen = shape.causal ? query + 1 : shape.length;
            const std::uint32_t key =
                random() % 4 == 0 ? query : static_cast<std::uint32_t>(random() % seen);
            lookup.chosen.push_back(key);
            const std::size_t from = (std::size_t{head} * shape.length + key) * shape.width;
            for (std::size_t i = from; i < from + shape.width; ++i)
                operands.queries.push_back(size * operands.keys[i]);
        }
    return lookup;
}

std::vector<ExactSum> host_row(const AttentionShape &shape, const HostOperands &operands,
                               std::size_t row) {
    const std::size_t head = row / shape.length;
    const std::size_t seen = shape.causal ? row % shape.length + 1 : shape.length;
    const float *query = operands.queries.data() + row * shape.width;
    const std::size_t first = head * shape.length * shape.width;
    std::vector<double> scores(seen);
    double magnitude = 0; // of the products that make a score, at most
    for (std::size_t key = 0; key < seen; ++key) {
        const float *elements = operands.keys.data() + first + key * shape.width;
        double absolute = 0;
        for (std::size_t i = 0; i < shape.width; ++i) {
            const double term = static_cast<double>(query[i]) * static_cast<double>(elements[i]);
            scores[key] += term;
            absolute += std::abs(term);
        }
        scores[key] *= static_cast<double>(shape.scale());
        magnitude = std::max(magnitude, absolute * static_cast<double>(shape.scale()));
    }
    const auto [least, largest] = std::ranges::minmax(scores);
    std::vector<ExactSum> sums(shape.width);
    double weights = 0;
    for (std::size_t key = 0; key < seen; ++key) {
        const double weight = std::exp(scores[key] - largest);
        weights += weight;
        const float *elements = operands.values.data() + first + key * shape.width;
        for (std::size_t i = 0; i < shape.width; ++i) {
            const double term = weight * static_cast<double>(elements[i]);
            sums[i].value += term;
            sums[i].magnitude += std::abs(term);
        }
    }
    // Roundings of a weight: those of its score (width + 3, of that magnitude, as an error of an
    // exponent is one of a power), of its distance from the largest and of the distances of the
    // largest ones from each other, and nine for each exponential, of which there is one a block.
    // Those of a sum: one a key and one a block. Both are once above and once below the line.
    const double blocks = static_cast<double>(seen) / 32 + 10;
    const double terms = 2 * (static_cast<double>(seen) + (shape.width + 3) * magnitude +
                              2 * (largest - least) + 10 * blocks);
    for (ExactSum &sum : sums)
        sum = {sum.value / weights, sum.magnitude / weights, terms};
    return sums;
}

} // namespace clprobe::probes::attention
