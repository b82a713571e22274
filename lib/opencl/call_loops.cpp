#include "opencl/call_loops.hpp"
#include "opencl/checked.hpp"
#include "opencl/device_limits.hpp"

#include <fmt/format.h>

namespace clprobe {
Context without_profiling(const Context &context) {
    cl_int code = CL_SUCCESS;
    const cl_command_queue queue =
        clCreateCommandQueue(context.native(), context.device().native(), 0, &code);
    if (code != CL_SUCCESS)
        throw Error("creating a second queue for " + context.device().info().name, code);
    const cl::CommandQueue owner(queue); // the context below has a reference of its own
    return {context.native(), queue};
}

CallLoops::CallLoops(Context context, Kernel kernel, const NdRange &range)
    : context_(std::move(context)), kernel_(std::move(kernel)), range_(range) {
    check_range(context_.device().info(), kernel_.name(), range_);
}

// Some calls take a few nanoseconds: the table of functions is looked at before the loops.

void CallLoops::enqueue(std::size_t times) const {
    const auto call = clEnqueueNDRangeKernel;
    const cl_command_queue queue = context_.native_queue();
    const cl_kernel kernel = kernel_.native();
    for (std::size_t i = 0; i < times; ++i)
        if (const cl_int code =
                call(queue, kernel, range_.dimensions, nullptr, range_.global.data(),
                     range_.local.data(), 0, nullptr, nullptr);
            code != CL_SUCCESS)
            fail("launching", code);
}

void CallLoops::enqueue_with_events(std::size_t times) const {
    const auto call = clEnqueueNDRangeKernel;
    const auto release = clReleaseEvent;
    const cl_command_queue queue = context_.native_queue();
    const cl_kernel kernel = kernel_.native();
    for (std::size_t i = 0; i < times; ++i) {
        cl_event event = nullptr;
        if (const cl_int code = call(queue, kernel, range_.dimensions, nullptr,
                                     range_.global.data(), range_.local.data(), 0, nullptr, &event);
            code != CL_SUCCESS)
            fail("launching", code);
        if (const cl_int code = release(event); code != CL_SUCCESS)
            fail("releasing the event of", code);
    }
}

void CallLoops::finish(std::size_t times) const {
    const auto call = clFinish;
    const cl_command_queue queue = context_.native_queue();
    for (std::size_t i = 0; i < times; ++i)
        if (const cl_int code = call(queue); code != CL_SUCCESS)
            fail("waiting for", code);
}

void CallLoops::set_argument(unsigned index, std::uint32_t first, std::size_t times) const {
    const auto call = clSetKernelArg;
    const cl_kernel kernel = kernel_.native();
    for (std::size_t i = 0; i < times; ++i) {
        const std::uint32_t value = first + static_cast<std::uint32_t>(i);
        if (const cl_int code = call(kernel, index, sizeof value, &value); code != CL_SUCCESS)
            fail("setting an argument of", code);
    }
}

void CallLoops::fail(const char *doing, int code) const {
    throw Error(fmt::format("{} {} many times", doing, kernel_.name()), code);
}

} // namespace clprobe
