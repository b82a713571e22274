#pragma once
#include "common/exact_rows.hpp"
#include "common/operator_calls.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/workloads_softmax_norm.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace clprobe::probes::softmax_norm {

using workloads::RowOperator;
using workloads::SoftmaxNorm;
using workloads::SoftmaxNormPlan;
using workloads::SoftmaxNormShape;

inline constexpr const char *kernel_text = "workloads/softmax_norm";

/// The shapes that have findings: of each operator a small one, those of networks (ViT-B's
/// attention by 12 heads and GPT-2's; ViT-S's norm and GPT-2's), and one that no cache holds.
inline constexpr std::array<SoftmaxNormShape, 8> shapes{{{RowOperator::softmax, 64, 40},
                                                         {RowOperator::softmax, 2364, 197},
                                                         {RowOperator::softmax, 12288, 1024},
                                                         {RowOperator::softmax, 8192, 4096},
                                                         {RowOperator::layer_norm, 64, 40},
                                                         {RowOperator::layer_norm, 197, 384},
                                                         {RowOperator::layer_norm, 1024, 768},
                                                         {RowOperator::layer_norm, 8192, 4096}}};

/// Shapes and plans that reach all of the kernels' text, for devices that take others.
[[nodiscard]] std::vector<std::pair<SoftmaxNormShape, SoftmaxNormPlan>>
calls_of_all_text(const DeviceInfo &device);

/// The host's side. Of rows that are not random only a few roundings are left, in any order.
struct HostOperands {
    std::vector<float> input;
    std::vector<float> gains;  ///< of a layer norm
    std::vector<float> biases; ///< likewise
    /// Of each row: where all sums are exact, so that only these roundings are left; else 0.
    std::vector<double> terms = {};
};
/// Random reals from -1 to 1, and gains from 0.5 to 1.5.
[[nodiscard]] HostOperands random_operands(const SoftmaxNormShape &shape, std::mt19937_64 &random);
/// Rows of four kinds in turns. Random reals. Reals of 80 and -80. Rows of exact sums: for a
/// softmax some logits are equal and all others have no weight beside them, for a layer norm the
/// mean is 0 and the root of the variance 256. And one value alone: a single logit with weight, or
/// a row of equal values.
[[nodiscard]] HostOperands difficult_operands(const SoftmaxNormShape &shape,
                                              std::mt19937_64 &random);
[[nodiscard]] std::vector<ExactSum> exact_row(const SoftmaxNormShape &shape,
                                              const HostOperands &operands, std::size_t row);

using RaceRow = operators::RaceRow<SoftmaxNormShape, SoftmaxNormPlan>;
using CallRow = operators::CallRow<SoftmaxNormShape, SoftmaxNormPlan>;

namespace series {
inline const std::string race = "race"; ///< calls by plans that were tried
inline const std::string call = "call"; ///< of the chosen plan of each shape
} // namespace series

namespace entry = operators::entry;

void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);
/// The plans of those shapes that were raced.
[[nodiscard]] std::vector<Choice> choices_of(const Dataset &data);

} // namespace clprobe::probes::softmax_norm
