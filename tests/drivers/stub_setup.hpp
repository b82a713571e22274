#pragma once

#include "on_stub.hpp"

#define CL_HPP_TARGET_OPENCL_VERSION 300
#define CL_HPP_MINIMUM_OPENCL_VERSION 110
#define CL_HPP_ENABLE_EXCEPTIONS
#include <CL/opencl.hpp>

namespace clprobe::test {

/// A kernel that does nothing.
constexpr const char *source = R"(
#line 1 "kernels/stub/nothing.cl"
#define VECTOR(type, width) type
kernel void nothing(global VECTOR(uint, 4) *out, // never written
                    uint trips) {}
)";

/// One device with what a launch needs.
struct Setup {
    cl::Device device = cl::Device::getDefault();
    cl::Context context{device};
    cl::CommandQueue queue{context, device, CL_QUEUE_PROFILING_ENABLE};

    [[nodiscard]] cl::Kernel kernel() const {
        cl::Program program(context, source);
        program.build("-DTRIPS=1");
        cl::Kernel made(program, "nothing");
        made.setArg(0, cl::Buffer(context, CL_MEM_READ_WRITE, 1024));
        made.setArg(1, cl_uint{1});
        return made;
    }
    [[nodiscard]] cl::Event launch(const cl::Kernel &kernel) const {
        cl::Event event;
        queue.enqueueNDRangeKernel(kernel, cl::NullRange, 64, 16, nullptr, &event);
        return event;
    }
};

/// `body` with OpenCL's error in place of an exception: the call and its status.
inline std::function<std::string()> with_error(const std::function<std::string()> &body) {
    return [body] {
        try {
            return body();
        } catch (const cl::Error &error) {
            return std::string(error.what()) + ' ' + std::to_string(error.err());
        }
    };
}

/// What `body` returns on the stub, or OpenCL's error.
inline std::string answer(const std::string &behaviour, const std::function<std::string()> &body) {
    return on_stub(behaviour, with_error(body));
}

} // namespace clprobe::test
