#include "common/random.hpp"
#include "workloads/softmax_norm/softmax_norm.hpp"

#include <algorithm>

namespace clprobe::probes::softmax_norm {
namespace {

/// Of a quotient, a root, a product and exponentials of 0.
constexpr double few_roundings = 24;

/// A logit that `count` of the elements have; the others are 200 below it.
void make_equal(std::span<float> row, std::size_t count, std::mt19937_64 &random) {
    const auto logit = static_cast<float>(random() % 9) - 4;
    std::ranges::fill(row, logit - 200);
    const auto order = shuffled(row.size(), random);
    for (std::size_t i = 0; i < count; ++i)
        row[order[i]] = logit;
}

/// A mean of 0 and a variance of 2^16, beside which the epsilon is lost: pairs of 256 and -256.
/// Where the length is odd, of 512 and four times -128 as well, whose squares sum up to those of
/// five.
void make_balanced(std::span<float> row, std::mt19937_64 &random) {
    const auto order = shuffled(row.size(), random);
    const std::size_t others = row.size() % 2 == 0 ? 0 : 5;
    for (std::size_t i = 0; i < row.size(); ++i)
        row[order[i]] = i < others ? (i == 0 ? 512.0f : -128.0f) : (i % 2 == 0 ? 256.0f : -256.0f);
}

} // namespace

HostOperands random_operands(const SoftmaxNormShape &shape, std::mt19937_64 &random) {
    HostOperands operands{reals(std::size_t{shape.rows} * shape.length, random), {}, {}};
    if (shape.op == RowOperator::layer_norm) {
        operands.gains = reals(shape.length, random);
        for (float &gain : operands.gains)
            gain = 1 + gain / 2;
        operands.biases = reals(shape.length, random);
    }
    return operands;
}

HostOperands difficult_operands(const SoftmaxNormShape &shape, std::mt19937_64 &random) {
    HostOperands operands = random_operands(shape, random);
    const std::span<float> input = operands.input;
    for (std::size_t row = 0; row < shape.rows; ++row) {
        const std::span<float> values = input.subspan(row * shape.length, shape.length);
        const bool softmax = shape.op == RowOperator::softmax;
        constexpr std::size_t kinds = 4;
        switch (row % kinds) {
        case 1:
            for (float &value : values)
                value = value < 0 ? -80.0f : 80.0f;
            break;
        case 2:
            if (softmax)
                make_equal(values, shape.length - (row / kinds % 2) * (shape.length / 2), random);
            else
                make_balanced(values, random);
            break;
        case 3:
            if (softmax)
                make_equal(values, 1, random);
            else
                std::ranges::fill(values, values.front());
            break;
        default:
            break;
        }
        const bool exact = row % kinds == 2 || (row % kinds == 3 && softmax);
        operands.terms.push_back(exact ? few_roundings : 0);
    }
    return operands;
}

std::vector<ExactSum> exact_row(const SoftmaxNormShape &shape, const HostOperands &operands,
                                std::size_t row) {
    const std::span<const float> values =
        std::span(operands.input).subspan(row * shape.length, shape.length);
    std::vector<ExactSum> exact =
        shape.op == RowOperator::softmax
            ? exact_softmax(values)
            : exact_layer_norm(values, operands.gains, operands.biases, double{norm_epsilon});
    if (row < operands.terms.size() && operands.terms[row] > 0)
        for (ExactSum &element : exact)
            element.terms = operands.terms[row];
    return exact;
}

} // namespace clprobe::probes::softmax_norm
