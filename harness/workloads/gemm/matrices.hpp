#pragma once
#include "common/gemm_launches.hpp"
#include "common/numbers.hpp"
#include "common/operands.hpp"
#include "workloads/gemm/gemm.hpp"

#include <clprobe/launch.hpp>
#include <clprobe/probe.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace clprobe::probes::gemm {

/// Rows times a vector.
inline std::vector<double> product(std::span<const float> matrix,
                                   const std::vector<double> &vector) {
    std::vector<double> sums(matrix.size() / vector.size());
    for (std::size_t row = 0; row < sums.size(); ++row)
        for (std::size_t i = 0; i < vector.size(); ++i)
            sums[row] += static_cast<double>(matrix[row * vector.size() + i]) * vector[i];
    return sums;
}

/// Makes so many elements of an operand.
using Fill = std::vector<float> (*)(std::size_t count, std::mt19937_64 &random);

/// What an operand is filled with, in the numbers that it is stored as.
struct Fills {
    Fill left;
    Fill right;
};

/// Of whose products every sum of up to 1024 is exact, in any order.
inline Fills exact_fills(Numbers numbers) {
    switch (numbers) {
    case Numbers::fp16:
    case Numbers::fp16_fp32:
        return {ones, ones_and_twos};
    case Numbers::int8:
        return {signed_bytes, signed_bytes};
    default:
        return {small_integers, small_integers};
    }
}

/// The operands of one shape and room for the product, and launches over them.
class Matrices {
public:
    Matrices(Bench &bench, const GemmShape &shape, const Fills &fills,
             Numbers numbers = Numbers::fp32)
        : bench_(bench), shape_(shape), numbers_(numbers),
          left_(as_stored(fills.left(std::size_t{shape.m} * shape.k, bench.random()), numbers)),
          right_(as_stored(fills.right(std::size_t{shape.k} * shape.n, bench.random()), numbers)),
          left_buffer_(written(bench, left_, numbers)),
          right_buffer_(written(bench, right_, numbers)),
          product_(bench.buffer(workloads::result_bytes(numbers) * elements())) {}

    [[nodiscard]] const GemmShape &shape() const { return shape_; }
    [[nodiscard]] Numbers numbers() const { return numbers_; }

    /// The launches of a call, by stage, each of so many seconds at most as predicted. `check` is
    /// called with the product after the last.
    [[nodiscard]] std::vector<std::pair<Stage, BoundLaunch>>
    call(const Program &program, const GemmPlan &plan,
         const std::function<void(const LaunchOutcome &)> &check, double seconds) const {
        const GemmLaunches of_plan(program, shape_, plan, numbers_);
        const Gemm &gemm = of_plan.gemm();
        std::vector<std::pair<Stage, BoundLaunch>> launches;
        Buffer left = left_buffer_;
        Buffer right = right_buffer_;
        if (of_plan.packs()) {
            if (gemm.packs_left()) {
                left = bench_.buffer(gemm.left_panels_bytes());
                launches = {{Stage::pack_left, of_plan.pack_left(left_buffer_, output(left))}};
            }
            right = bench_.buffer(gemm.right_panels_bytes());
            launches.emplace_back(Stage::pack_right,
                                  of_plan.pack_right(right_buffer_, output(right)));
        }
        const Buffer result = of_plan.in_parts() ? bench_.buffer(gemm.parts_bytes()) : product_;
        // Without a prediction launches are short: of two blocks, so that tests see several.
        const double predicted =
            gemm.predicted_seconds(bench_.facts()).value_or(seconds * gemm.blocks() / 2);
        const auto parts = static_cast<std::uint32_t>(
            std::clamp(std::ceil(predicted / seconds), 1.0, double{1} * gemm.blocks()));
        const std::uint32_t most = (gemm.blocks() + parts - 1) / parts;
        for (std::uint32_t first = 0; first < gemm.blocks(); first += most)
            launches.emplace_back(Stage::multiply,
                                  of_plan.multiply(left, right,
                                                   first == 0 ? output(result) : Argument(result),
                                                   first, std::min(most, gemm.blocks() - first)));
        if (of_plan.in_parts())
            launches.emplace_back(Stage::add_parts, of_plan.add_parts(result, output(product_)));
        launches.back().second.check = check;
        return launches;
    }

    /// Throws VerificationError where any element is wrong. C r = A (B r) for a random vector
    /// (Freivalds 1977), exact in whole numbers.
    void expect_exact(const LaunchOutcome &outcome) const {
        const std::vector<double> vector = random_projection(shape_.n, bench_.random());
        const std::vector<double> expected = product(left_, product(right_, vector));
        const std::vector<float> found = read_results(outcome, product_, elements(), numbers_);
        outcome.expect(product(found, vector) == expected,
                       "the product is not what the host computes");
    }

    /// The largest error of a few elements, or of all where these are few. Throws VerificationError
    /// where one is beyond what any order of sums can leave.
    [[nodiscard]] double largest_error(const LaunchOutcome &outcome) const {
        const std::size_t count = elements();
        const std::vector<float> found = read_results(outcome, product_, elements(), numbers_);
        std::vector<std::size_t> indices(count);
        std::iota(indices.begin(), indices.end(), std::size_t{0});
        if (count > 4096)
            indices = outcome.sample(count, 64);
        double largest = 0;
        for (const std::size_t index : indices) {
            const std::size_t row = index / shape_.n;
            const std::size_t column = index % shape_.n;
            ExactSum exact = rounded_as({0, 0, double{1} * shape_.k}, numbers_);
            for (std::size_t i = 0; i < shape_.k; ++i) {
                const double term = static_cast<double>(left_[row * shape_.k + i]) *
                                    static_cast<double>(right_[i * shape_.n + column]);
                exact.value += term;
                exact.magnitude += std::abs(term);
            }
            largest = std::max(largest, error_of(outcome, found[index], exact));
        }
        return largest;
    }

private:
    [[nodiscard]] std::size_t elements() const { return std::size_t{shape_.m} * shape_.n; }

    Bench &bench_;
    GemmShape shape_;
    Numbers numbers_;
    std::vector<float> left_;
    std::vector<float> right_;
    Buffer left_buffer_;
    Buffer right_buffer_;
    Buffer product_;
};

} // namespace clprobe::probes::gemm
