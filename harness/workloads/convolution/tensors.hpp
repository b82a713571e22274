#pragma once
#include "common/convolution_launches.hpp"
#include "common/numbers.hpp"
#include "common/operands.hpp"
#include "workloads/convolution/convolution.hpp"

#include <clprobe/probe.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace clprobe::probes::convolution {

using Check = std::function<void(const LaunchOutcome &)>;

/// The operands of one shape and room for the output, in the layouts that a plan asks for.
class Tensors {
public:
    /// Packs the operands, untimed. The program is built with the options of shape and plan.
    Tensors(Bench &bench, const Program &program, const ConvolutionShape &shape,
            const ConvolutionPlan &plan, const HostOperands &operands,
            Numbers numbers = Numbers::fp32)
        : bench_(bench), shape_(shape), operands_(operands), plan_(plan), numbers_(numbers),
          launches_(program, shape, plan, numbers),
          input_(bench.buffer(convolution().input().bytes(numbers))),
          weights_(bench.buffer(convolution().weights_bytes())),
          output_(bench.buffer(convolution().output().bytes(numbers))) {
        bench.launch(launches_.pack_input(written(bench, operands.input, numbers), output(input_)));
        bench.launch(launches_.pack_weights(written(bench, operands.weights, numbers),
                                            written(bench, operands.biases, numbers),
                                            output(weights_)));
        if (convolution().transforms_input())
            transformed_ = bench.buffer(convolution().transformed_bytes());
        if (convolution().in_parts())
            parts_ = bench.buffer(convolution().parts_bytes());
    }

    [[nodiscard]] const ConvolutionShape &shape() const { return shape_; }
    [[nodiscard]] const ConvolutionPlan &plan() const { return plan_; }
    [[nodiscard]] Numbers numbers() const { return numbers_; }

    /// The launches of a call that is expected to take so long, each of `longest` seconds at most.
    /// `check` is called after the last.
    [[nodiscard]] std::vector<BoundLaunch> call(const Check &check, std::optional<double> expected,
                                                double longest) const {
        const std::uint32_t panels = convolution().panels();
        // Where nothing is expected no launch is longer than it has to be.
        const auto parts = static_cast<std::uint32_t>(std::clamp(
            std::ceil(expected.value_or(longest * panels) / longest), 1.0, double{1} * panels));
        const std::uint32_t group = plan_.group_panels;
        const std::uint32_t most = ((panels + parts - 1) / parts + group - 1) / group * group;
        std::vector<BoundLaunch> launches;
        if (transformed_)
            launches.push_back(launches_.transform_input(input_, output(*transformed_)));
        const Buffer &from = transformed_ ? *transformed_ : input_;
        for (std::uint32_t first = 0; first < panels; first += most) {
            const Buffer &to = parts_ ? *parts_ : output_;
            launches.push_back(launches_.convolve(from, weights_,
                                                  first == 0 ? output(to) : Argument(to), first,
                                                  std::min(most, panels - first)));
        }
        if (parts_)
            launches.push_back(launches_.add_parts(*parts_, weights_, output(output_)));
        launches.back().check = check;
        return launches;
    }

    /// Throws VerificationError where an element is not what the host computes of whole numbers, a
    /// channel that only fills the last block is not zero, or the halo was written.
    void expect_each_exact(const LaunchOutcome &outcome) const {
        const workloads::ActivationLayout layout = convolution().output();
        std::vector<float> expected(layout.elements());
        std::vector<bool> inside(layout.elements());
        for (std::uint32_t channel = 0; channel < layout.blocks() * layout.block; ++channel)
            for_each_pixel([&](std::uint32_t y, std::uint32_t x) {
                const std::size_t index = layout.index(channel, y, x);
                inside[index] = true;
                if (channel < layout.channels)
                    expected[index] = activated(
                        shape_.activation,
                        static_cast<float>(host_sum(shape_, operands_, channel, y, x).value));
            });
        const auto found = read_results(outcome, output_, layout.elements(), numbers_);
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (inside[i])
                outcome.expect(found[i] == expected[i], "an output is not what the host computes");
            else
                outcome.expect(is_poison(found[i], i), "the halo of the output was written");
        }
    }

    /// Throws VerificationError where any output is wrong, as far as a random projection of the
    /// channels shows, which is the host's only where all sums are above 0.
    void expect_exact(const LaunchOutcome &outcome) const {
        const std::vector<double> factors =
            random_projection(shape_.output_channels, bench_.random());
        const workloads::ActivationLayout layout = convolution().output();
        const auto found = read_results(outcome, output_, layout.elements(), numbers_);
        std::vector<double> sums;
        for_each_pixel([&](std::uint32_t y, std::uint32_t x) {
            double sum = 0;
            for (std::uint32_t channel = 0; channel < layout.channels; ++channel)
                sum += factors[channel] * static_cast<double>(found[layout.index(channel, y, x)]);
            sums.push_back(sum);
        });
        outcome.expect(sums == host_projection(shape_, operands_, factors),
                       "the outputs are not what the host computes");
    }

    /// The largest error of random reals. Throws VerificationError where one is beyond what any
    /// order of sums can leave.
    [[nodiscard]] double largest_error(const LaunchOutcome &outcome) const {
        const workloads::ActivationLayout layout = convolution().output();
        const auto found = read_results(outcome, output_, layout.elements(), numbers_);
        double largest = 0;
        for (std::uint32_t channel = 0; channel < layout.channels; ++channel)
            for_each_pixel([&](std::uint32_t y, std::uint32_t x) {
                ExactSum sum =
                    rounded_as(bounded_sum(shape_, plan_, operands_, channel, y, x), numbers_);
                // What cuts both off brings them no further apart.
                if (shape_.activation == Activation::relu)
                    sum.value = std::max(sum.value, 0.0);
                largest =
                    std::max(largest, error_of(outcome, found[layout.index(channel, y, x)], sum));
            });
        return largest;
    }

private:
    [[nodiscard]] const Convolution &convolution() const { return launches_.convolution(); }
    /// Whether that element is what outputs are filled with: a float, or a half of one.
    [[nodiscard]] bool is_poison(float found, std::size_t index) const {
        return in_halves(numbers_)
                   ? half_bits(static_cast<double>(found)) ==
                         static_cast<std::uint16_t>(index % 2 == 0 ? poison : poison >> 16)
                   : std::bit_cast<std::uint32_t>(found) == poison;
    }
    void for_each_pixel(const std::function<void(std::uint32_t y, std::uint32_t x)> &visit) const {
        for (std::uint32_t y = 0; y < convolution().output().rows(); ++y)
            for (std::uint32_t x = 0; x < shape_.output_width(); ++x)
                visit(y, x);
    }

    Bench &bench_;
    ConvolutionShape shape_;
    const HostOperands &operands_;
    ConvolutionPlan plan_;
    Numbers numbers_;
    ConvolutionLaunches launches_;
    Buffer input_;
    Buffer weights_;
    Buffer output_;
    std::optional<Buffer> transformed_;
    std::optional<Buffer> parts_;
};

} // namespace clprobe::probes::convolution
