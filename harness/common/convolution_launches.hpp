#pragma once
#include <clprobe/launch.hpp>
#include <clprobe/workloads_convolution.hpp>

#include <cstdint>
#include <utility>

namespace clprobe::probes {

/// The launches of a convolution with their arguments, which clprobe/workloads_convolution.hpp
/// lists. Where `written` is given, it is the buffer that the kernel writes.
class ConvolutionLaunches {
public:
    /// The program is built with the convolution's options.
    ConvolutionLaunches(Program program, const workloads::ConvolutionShape &shape,
                        const workloads::ConvolutionPlan &plan,
                        workloads::Numbers numbers = workloads::Numbers::fp32)
        : program_(std::move(program)), shape_(shape), plan_(plan),
          convolution_(shape, plan, numbers) {}

    [[nodiscard]] const workloads::Convolution &convolution() const { return convolution_; }
    [[nodiscard]] BoundLaunch pack_input(const Buffer &planes, const Argument &written) const;
    [[nodiscard]] BoundLaunch pack_weights(const Buffer &weights, const Buffer &biases,
                                           const Argument &written) const;
    /// Where the convolution has it, whose output `convolve` has for input.
    [[nodiscard]] BoundLaunch transform_input(const Buffer &input, const Argument &written) const;
    /// So many panels, from `first` on.
    [[nodiscard]] BoundLaunch convolve(const Buffer &input, const Buffer &weights,
                                       const Argument &written, std::uint32_t first,
                                       std::uint32_t panels) const;
    /// Makes the output of what `convolve` has written, where that is in parts.
    [[nodiscard]] BoundLaunch add_parts(const Buffer &parts, const Buffer &weights,
                                        const Argument &written) const;

private:
    [[nodiscard]] bool by_local_memory() const {
        return plan_.family == workloads::KernelFamily::local_memory;
    }

    Program program_;
    workloads::ConvolutionShape shape_;
    workloads::ConvolutionPlan plan_;
    workloads::Convolution convolution_;
};

} // namespace clprobe::probes
