#include "inspect/inspection.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>

namespace clprobe {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;
constexpr std::size_t constant_bytes = std::size_t{16} << 10;
constexpr std::size_t most_local_bytes = std::size_t{64} << 10;
constexpr std::size_t group_size = 8;
constexpr std::array<unsigned char, 256> zeros{};
constexpr ImageFormat texels{CL_RGBA, CL_UNSIGNED_INT32};

/// Sets a kernel's arguments, and keeps what they refer to.
class MadeUpArguments {
public:
    MadeUpArguments(const Context &context, Kernel &kernel) : context_(context), kernel_(kernel) {
        const std::vector<KernelArgument> arguments = kernel.arguments();
        const auto locals = std::count_if(arguments.begin(), arguments.end(), is_local);
        const std::size_t local_bytes = local_share(static_cast<std::size_t>(locals));
        for (unsigned i = 0; i < arguments.size(); ++i) {
            if (is_local(arguments[i]))
                kernel.set_local(i, local_bytes);
            else if (arguments[i].space == KernelArgument::Space::by_value ||
                     arguments[i].type.starts_with("image"))
                set_value(i, arguments[i].type);
            else if (arguments[i].space == KernelArgument::Space::constant)
                kernel.set(i, zeroed_buffer(std::min(constant_bytes,
                                                     largest_constant_buffer(context.device()))));
            else
                kernel.set(i, zeroed_buffer(
                                  std::min(buffer_bytes, largest_buffer(context.device().info()))));
        }
    }

private:
    static bool is_local(const KernelArgument &argument) {
        return argument.space == KernelArgument::Space::local;
    }

    /// What each of the local arguments can have.
    [[nodiscard]] std::size_t local_share(std::size_t arguments) const {
        const std::size_t granted = largest_local_memory(context_.device().info());
        const std::size_t left =
            granted - std::min<std::uint64_t>(granted, kernel_.local_memory().value_or(0));
        constexpr std::size_t step = 128;
        return std::min(most_local_bytes, left / std::max<std::size_t>(arguments, 1) / step * step);
    }

    void set_value(unsigned index, const std::string &type) {
        if (type == "image2d_t")
            kernel_.set(index, images_.emplace_back(context_.image({texels, 64, 64})));
        else if (type == "image1d_t")
            kernel_.set(index, images_.emplace_back(context_.image({texels, 64, 0})));
        else if (type == "image1d_buffer_t")
            kernel_.set(index, images_.emplace_back(context_.image(
                                   zeroed_buffer(std::min(
                                       buffer_bytes, texels.texel_bytes() *
                                                         largest_buffer_image(context_.device()))),
                                   texels)));
        else if (type == "sampler_t")
            kernel_.set(index, samplers_.emplace_back(
                                   context_.sampler(Filter::nearest, Addressing::clamp_to_edge)));
        else
            set_zeros(index);
    }

    /// The size of a struct is nowhere to be had, but drivers take no other. One that takes any is
    /// given more than it needs.
    void set_zeros(unsigned index) {
        for (std::size_t bytes = zeros.size(); bytes >= 4; bytes -= 4)
            if (takes(index, bytes))
                return;
        if (!takes(index, 2))
            kernel_.set_bytes(index, 1, zeros.data());
    }

    bool takes(unsigned index, std::size_t bytes) {
        try {
            kernel_.set_bytes(index, bytes, zeros.data());
            return true;
        } catch (const Error &error) {
            if (error.code() != CL_INVALID_ARG_SIZE)
                throw;
            return false;
        }
    }

    Buffer &zeroed_buffer(std::size_t bytes) {
        Buffer &buffer = buffers_.emplace_back(context_.buffer(bytes));
        context_.fill(buffer, 0);
        return buffer;
    }

    const Context &context_;
    Kernel &kernel_;
    std::deque<Buffer> buffers_;
    std::deque<Image> images_;
    std::deque<Sampler> samplers_;
};

} // namespace

FirstLaunch launch_once_made_up(const Context &context, Kernel kernel) {
    try {
        const MadeUpArguments arguments(context, kernel);
        context.finish();
        NdRange range =
            NdRange::linear(1, std::min({group_size, kernel.max_group_size().value_or(1),
                                         largest_group(context.device().info())}));
        if (const auto group = kernel.required_group())
            range = {*group, *group, 3};
        const auto start = std::chrono::steady_clock::now();
        context.launch(kernel, range);
        context.finish();
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        return {took.count(), {}};
    } catch (const Error &error) {
        return {{}, error.what()};
    }
}

} // namespace clprobe
