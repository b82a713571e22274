#include "opencl/checked.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/context.hpp>

#include <chrono>

namespace clprobe {

// By clCreateCommandQueue, which every version of OpenCL has. A refusal of profiling is an answer.
Context::Context(const Device &device) : device_(device) {
    const cl_device_id native = device.native();
    cl_int code = CL_SUCCESS;
    const cl_context context = clCreateContext(nullptr, 1, &native, nullptr, nullptr, &code);
    check(code, "creating a context for {}", device.info().name);
    context_.reset(context, clReleaseContext);
    cl_command_queue queue =
        clCreateCommandQueue(context, native, CL_QUEUE_PROFILING_ENABLE, &code);
    if (code != CL_SUCCESS) {
        profiling_refusal_ = fmt::format("a queue with profiling was refused: {} ({})",
                                         opencl_error_name(code), code);
        queue = clCreateCommandQueue(context, native, 0, &code);
        check(code, "creating a queue for {}", device.info().name);
    }
    queue_.reset(queue, clReleaseCommandQueue);
}

Context::Context(cl_context context, cl_command_queue queue) : device_({}, nullptr) {
    constexpr const char *adopting = "adopting a queue";
    check(clRetainContext(context), adopting);
    context_.reset(context, clReleaseContext);
    check(clRetainCommandQueue(queue), adopting);
    queue_.reset(queue, clReleaseCommandQueue);
    cl_device_id native = nullptr;
    check(ask(native, clGetCommandQueueInfo, queue, CL_QUEUE_DEVICE), adopting);
    DeviceInfo info = query(native);
    assign_slugs({&info, 1});
    device_ = Device(std::move(info), native);
    cl_command_queue_properties properties = 0;
    check(ask(properties, clGetCommandQueueInfo, queue, CL_QUEUE_PROPERTIES), adopting);
    if ((properties & CL_QUEUE_PROFILING_ENABLE) == 0)
        profiling_refusal_ = "the adopted queue has no profiling";
}

Buffer Context::buffer(std::size_t bytes, cl_mem_flags flags) const {
    cl_int code = CL_SUCCESS;
    const cl_mem memory = clCreateBuffer(native(), flags, bytes, nullptr, &code);
    check(code, "allocating a buffer of {} B", bytes);
    return Buffer(memory, bytes);
}

Program Context::build(const KernelText &text, const std::string &options) const {
    const char *source = text.text.c_str();
    const std::size_t length = text.text.size();
    const cl_device_id device = device_.native();
    cl_int code = CL_SUCCESS;
    const cl_program created = clCreateProgramWithSource(native(), 1, &source, &length, &code);
    check(code, "creating program {}", text.name);
    const Handle<cl_program> program(created, clReleaseProgram);
    const auto start = std::chrono::steady_clock::now();
    code = clBuildProgram(created, 1, &device, options.c_str(), nullptr, nullptr);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::string log =
        answered<std::string>(clGetProgramBuildInfo, created, device, CL_PROGRAM_BUILD_LOG)
            .value_or("");
    if (code != CL_SUCCESS)
        throw BuildError(text.name, options, code, std::move(log));
    return Program(text.name, program, device, std::move(log), seconds);
}

Event Context::launch(const Kernel &kernel, const NdRange &range) const {
    check_range(device().info(), kernel.name(), range);
    cl_event event = nullptr;
    check(clEnqueueNDRangeKernel(native_queue(), kernel.native(), range.dimensions, nullptr,
                                 range.global.data(), range.local.data(), 0, nullptr, &event),
          "launching {} with {} work-items in groups of {}", kernel.name(), range.work_items(),
          range.group_size());
    return Event(event);
}

void Context::finish() const {
    check(clFinish(native_queue()), "waiting for the queue");
}

void Context::write_bytes(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                          const void *source) const {
    check(clEnqueueWriteBuffer(native_queue(), buffer.native(), CL_TRUE, offset, bytes, source, 0,
                               nullptr, nullptr),
          "writing {} B to the device", bytes);
}

void Context::read_bytes(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                         void *destination) const {
    check(clEnqueueReadBuffer(native_queue(), buffer.native(), CL_TRUE, offset, bytes, destination,
                              0, nullptr, nullptr),
          "reading {} B from the device", bytes);
}

void Context::fill(const Buffer &buffer, std::uint32_t word) const {
    check(clEnqueueFillBuffer(native_queue(), buffer.native(), &word, sizeof word, 0,
                              buffer.bytes() / sizeof word * sizeof word, 0, nullptr, nullptr),
          "filling {} B", buffer.bytes());
}

void Context::copy(const Buffer &from, std::size_t from_offset, const Buffer &to,
                   std::size_t to_offset, std::size_t bytes) const {
    check(clEnqueueCopyBuffer(native_queue(), from.native(), to.native(), from_offset, to_offset,
                              bytes, 0, nullptr, nullptr),
          "copying {} B within the device", bytes);
}

Mapping Context::map(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                     cl_map_flags access) const {
    cl_int code = CL_SUCCESS;
    void *at = clEnqueueMapBuffer(native_queue(), buffer.native(), CL_TRUE, access, offset, bytes,
                                  0, nullptr, nullptr, &code);
    check(code, "mapping {} B of a buffer", bytes);
    return {queue_, buffer, {static_cast<std::byte *>(at), bytes}};
}

Event::Event(cl_event owned) : event_(owned, clReleaseEvent) {}

void Event::wait() const {
    const cl_event event = native();
    check(clWaitForEvents(1, &event), "waiting for a command");
}

std::optional<ProfilingTimestamps> Event::profiling_timestamps() const {
    ProfilingTimestamps times;
    const std::pair<cl_profiling_info, std::uint64_t *> all[] = {
        {CL_PROFILING_COMMAND_QUEUED, &times.queued},
        {CL_PROFILING_COMMAND_SUBMIT, &times.submit},
        {CL_PROFILING_COMMAND_START, &times.start},
        {CL_PROFILING_COMMAND_END, &times.end}};
    for (const auto &[what, time] : all)
        if (ask(*time, clGetEventProfilingInfo, native(), what) != CL_SUCCESS)
            return std::nullopt;
    return times;
}

} // namespace clprobe
