#pragma once
#include "common/numbers.hpp"
#include "common/operands.hpp"
#include "common/operator_calls.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/workloads_convolution.hpp>

#include <array>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::probes::convolution {

using workloads::Convolution;
using workloads::ConvolutionPlan;
using workloads::ConvolutionShape;

inline constexpr const char *kernel_text = "workloads/convolution";

/// The shapes that have findings: a small one, the convolutions of RepVGG-A2, one with 7 x 7
/// outputs whose weights are more than caches hold, two of MobileNetV1, and the first of ResNet-18.
inline constexpr std::array<ConvolutionShape, 14> shapes{
    {{16, 16, 14, 14},
     {3, 64, 224, 224, 3, 2},
     {64, 96, 112, 112, 3, 2},
     {64, 64, 56, 56},
     {96, 96, 56, 56},
     {96, 192, 56, 56, 3, 2},
     {192, 192, 28, 28},
     {192, 384, 28, 28, 3, 2},
     {384, 384, 14, 14},
     {384, 1408, 14, 14, 3, 2},
     {1408, 1408, 7, 7},
     {512, 512, 14, 14, 1},
     {512, 512, 14, 14, 3, 1, true},
     {3, 64, 224, 224, 7, 2, false, Activation::relu, 3}}};

/// Numbers that have findings beside those of single precision, at few shapes: whose sums half
/// precision holds exactly, of operands 1 and -1.
inline constexpr std::array<Numbers, 2> other_numbers{Numbers::fp16, Numbers::fp16_fp32};
inline constexpr std::array<ConvolutionShape, 3> other_shapes{
    {{16, 16, 14, 14}, {64, 64, 56, 56}, {512, 512, 14, 14, 1}}};

using RaceRow = operators::RaceRow<ConvolutionShape, ConvolutionPlan>;
using CallRow = operators::CallRow<ConvolutionShape, ConvolutionPlan>;

/// Calls in other numbers than those of single precision.
struct NumbersRow {
    Numbers numbers = Numbers::fp16;
    ConvolutionShape shape;
    ConvolutionPlan plan;

    static auto columns() {
        return std::tuple{column("numbers", &NumbersRow::numbers, workloads::number_names),
                          part(&NumbersRow::shape), part(&NumbersRow::plan), trips("calls")};
    }
    bool operator==(const NumbersRow &) const = default;
};

namespace series {
inline const std::string race = "race"; ///< calls of the plans that were tried
inline const std::string call = "call"; ///< of the chosen plan of each shape
inline const std::string other_numbers =
    "other_numbers"; ///< calls that are not in single precision
} // namespace series

/// What the host computes of an output, before its activation: exact where the operands are whole
/// numbers. The input is image after image, channel after channel; weights are
/// [outputs][inputs][kernel][kernel]. Rows of the output are counted over all images.
struct HostOperands {
    std::vector<float> input;
    std::vector<float> weights;
    std::vector<float> biases;
};
[[nodiscard]] ExactSum host_sum(const ConvolutionShape &shape, const HostOperands &operands,
                                std::uint32_t channel, std::uint32_t y, std::uint32_t x);
/// The sum with the magnitude and the terms of what the plan rounds: by Winograd's those of the
/// transformed operands, which are larger.
[[nodiscard]] ExactSum bounded_sum(const ConvolutionShape &shape, const ConvolutionPlan &plan,
                                   const HostOperands &operands, std::uint32_t channel,
                                   std::uint32_t y, std::uint32_t x);
/// The sum over all output channels, by `factors`, at each output pixel, row after row: without
/// activation, and in far fewer products.
[[nodiscard]] std::vector<double> host_projection(const ConvolutionShape &shape,
                                                  const HostOperands &operands,
                                                  const std::vector<double> &factors);
/// As the kernel has it, operation by operation.
[[nodiscard]] float activated(Activation activation, float sum);

void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Tuning> tunings_of(const Dataset &data);
/// The plans of those shapes that were raced.
[[nodiscard]] std::vector<Choice> choices_of(const Dataset &data);

} // namespace clprobe::probes::convolution
