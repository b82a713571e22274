#pragma once
#include "common/operands.hpp"

#include <span>
#include <vector>

// What the host makes of a row in double precision, each element as `error_of` takes it: its terms
// count the roundings that any order of the sums leaves at most.
namespace clprobe::probes {

/// What a layer norm adds to the mean of the squares, as published networks have it.
inline constexpr float norm_epsilon = 1e-5f;

[[nodiscard]] std::vector<ExactSum> exact_softmax(std::span<const float> row);
/// `gains` and `biases` are as long as the row.
[[nodiscard]] std::vector<ExactSum> exact_layer_norm(std::span<const float> row,
                                                     std::span<const float> gains,
                                                     std::span<const float> biases, double epsilon);

} // namespace clprobe::probes
