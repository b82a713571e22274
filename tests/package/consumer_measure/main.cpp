#include <clprobe/error.hpp>
#include <clprobe/sampling.hpp>

#include <CL/cl.h>

#include <cstdio>

#ifdef NLOHMANN_JSON_VERSION_MAJOR
#error "a JSON header came along unasked"
#endif

namespace {

const char *const source = R"(
__kernel void scale(__global float *values, uint trips) {
    float value = values[get_global_id(0)];
    for (uint i = 0; i < trips; ++i)
        value = fma(value, 0.5f, 1.0f);
    values[get_global_id(0)] = value;
})";

/// The host program's own context, queue and kernel, made without clprobe.
struct Host {
    cl_device_id device = nullptr;
    cl_context context = nullptr;
    cl_command_queue queue = nullptr;
    cl_mem values = nullptr;
    cl_kernel kernel = nullptr;

    bool open() {
        cl_platform_id platform = nullptr;
        if (clGetPlatformIDs(1, &platform, nullptr) != CL_SUCCESS ||
            clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, nullptr) != CL_SUCCESS)
            return false;
        context = clCreateContext(nullptr, 1, &device, nullptr, nullptr, nullptr);
        queue = clCreateCommandQueueWithProperties(context, device, nullptr, nullptr);
        values = clCreateBuffer(context, CL_MEM_READ_WRITE, 4096, nullptr, nullptr);
        cl_program program = clCreateProgramWithSource(
            context, 1, const_cast<const char **>(&source), nullptr, nullptr);
        clBuildProgram(program, 1, &device, "", nullptr, nullptr);
        kernel = clCreateKernel(program, "scale", nullptr);
        return clSetKernelArg(kernel, 0, sizeof values, &values) == CL_SUCCESS;
    }
};

} // namespace

int main() try {
    Host host;
    if (!host.open()) {
        std::puts("no OpenCL device");
        return 4;
    }
    const clprobe::Context context(host.context, host.queue);
    // Adopted: the kernel stays the host's, and so do the arguments that it has.
    clprobe::BoundLaunch launch{.kernel = clprobe::Kernel(host.kernel),
                                .range = clprobe::NdRange::linear(16, 64)};
    launch.set(1, clprobe::trip_count);
    const clprobe::Samples samples = clprobe::measure(context, launch);
    if (samples.verdict() != clprobe::Samples::Verdict::plain) {
        std::printf("no time of a trip: %s\n", samples.reason().c_str());
        return samples.verdict() == clprobe::Samples::Verdict::noisy ? 0 : 1;
    }
    std::printf("%g s a trip, by the %s clock\n", samples.slope().seconds_per_trip,
                samples.clock().source.c_str());
    return 0;
} catch (const clprobe::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
