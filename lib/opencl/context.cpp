#include "opencl/checked.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/context.hpp>

#include <fmt/format.h>

#include <chrono>

namespace clprobe {

struct Context::State {
    Device device;
    cl::Context context;
    cl::CommandQueue queue;
    bool profiling = false;
    std::string profiling_refusal;
};

namespace {

/// By clCreateCommandQueue, which every version of OpenCL has. The code comes back instead of an
/// exception, since a refusal of profiling is an answer.
cl::CommandQueue make_queue(const cl::Context &context, cl_device_id device,
                            cl_command_queue_properties properties, cl_int &code) {
    const cl_command_queue queue = clCreateCommandQueue(context(), device, properties, &code);
    return code == CL_SUCCESS ? cl::CommandQueue(queue) : cl::CommandQueue();
}

} // namespace

Context::Context(const Device &device) {
    State state{device, {}, {}, false, {}};
    state.context = checked("creating a context for " + device.info().name,
                            [&] { return cl::Context(cl::Device(device.native(), true)); });
    cl_int code = CL_SUCCESS;
    state.queue = make_queue(state.context, device.native(), CL_QUEUE_PROFILING_ENABLE, code);
    state.profiling = code == CL_SUCCESS;
    if (!state.profiling) {
        state.profiling_refusal = fmt::format("a queue with profiling was refused: {} ({})",
                                              opencl_error_name(code), code);
        state.queue = make_queue(state.context, device.native(), 0, code);
        if (code != CL_SUCCESS)
            throw Error("creating a queue for " + device.info().name, code);
    }
    state_ = std::make_shared<const State>(std::move(state));
}

Context::Context(cl_context context, cl_command_queue queue) {
    State state{
        Device({}, nullptr), cl::Context(context, true), cl::CommandQueue(queue, true), false, {}};
    checked("adopting a queue", [&] {
        const cl_device_id native = state.queue.getInfo<CL_QUEUE_DEVICE>()();
        DeviceInfo info = query(native);
        assign_slugs({&info, 1});
        state.device = Device(std::move(info), native);
        state.profiling =
            (state.queue.getInfo<CL_QUEUE_PROPERTIES>() & CL_QUEUE_PROFILING_ENABLE) != 0;
    });
    if (!state.profiling)
        state.profiling_refusal = "the adopted queue has no profiling";
    state_ = std::make_shared<const State>(std::move(state));
}

const Device &Context::device() const {
    return state_->device;
}
bool Context::profiling() const {
    return state_->profiling;
}
const std::string &Context::profiling_refusal() const {
    return state_->profiling_refusal;
}
cl_context Context::native() const {
    return state_->context();
}
cl_command_queue Context::native_queue() const {
    return state_->queue();
}

Buffer Context::buffer(std::size_t bytes, cl_mem_flags flags) const {
    cl_int code = CL_SUCCESS;
    const cl_mem memory = clCreateBuffer(state_->context(), flags, bytes, nullptr, &code);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("allocating a buffer of {} B", bytes), code);
    return Buffer(memory, bytes);
}

namespace {

/// Builds what was created, which it takes over; the time counts from `start` on.
Program built(cl_program created, cl_device_id device, const std::string &name,
              const std::string &options, std::chrono::steady_clock::time_point start) {
    const cl::Program owner(created);
    const cl_int code = clBuildProgram(created, 1, &device, options.c_str(), nullptr, nullptr);
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::string log = answered([&] {
                          return owner.getBuildInfo<CL_PROGRAM_BUILD_LOG>(cl::Device(device, true));
                      }).value_or(std::string{});
    if (code != CL_SUCCESS)
        throw BuildError(name, options, code, std::move(log));
    clRetainProgram(created); // `owner` lets go of its own reference
    return Program(name, created, device, std::move(log), seconds);
}

} // namespace

Program Context::build(const KernelText &text, const std::string &options) const {
    const char *source = text.text.c_str();
    const std::size_t length = text.text.size();
    cl_int code = CL_SUCCESS;
    const cl_program created =
        clCreateProgramWithSource(state_->context(), 1, &source, &length, &code);
    if (code != CL_SUCCESS)
        throw Error("creating program " + text.name, code);
    return built(created, state_->device.native(), text.name, options,
                 std::chrono::steady_clock::now());
}

Program Context::build_binary(const std::string &name,
                              const std::vector<unsigned char> &binary) const {
    const cl_device_id device = state_->device.native();
    const unsigned char *bytes = binary.data();
    const std::size_t length = binary.size();
    cl_int code = CL_SUCCESS;
    const auto start = std::chrono::steady_clock::now();
    const cl_program created =
        clCreateProgramWithBinary(state_->context(), 1, &device, &length, &bytes, nullptr, &code);
    if (code != CL_SUCCESS)
        throw Error("creating program " + name + " from its binary", code);
    return built(created, device, name, "", start);
}

Event Context::launch(const Kernel &kernel, const NdRange &range) const {
    check_range(device().info(), kernel.name(), range);
    cl_event event = nullptr;
    const cl_int code =
        clEnqueueNDRangeKernel(state_->queue(), kernel.native(), range.dimensions, nullptr,
                               range.global.data(), range.local.data(), 0, nullptr, &event);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("launching {} with {} work-items in groups of {}", kernel.name(),
                                range.work_items(), range.group_size()),
                    code);
    return Event(event);
}

void Context::finish() const {
    checked("waiting for the queue", [&] { state_->queue.finish(); });
}

void Context::flush() const {
    checked("flushing the queue", [&] { state_->queue.flush(); });
}

void Context::write_bytes(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                          const void *source) const {
    const cl_int code = clEnqueueWriteBuffer(state_->queue(), buffer.native(), CL_TRUE, offset,
                                             bytes, source, 0, nullptr, nullptr);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("writing {} B to the device", bytes), code);
}

void Context::read_bytes(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                         void *destination) const {
    const cl_int code = clEnqueueReadBuffer(state_->queue(), buffer.native(), CL_TRUE, offset,
                                            bytes, destination, 0, nullptr, nullptr);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("reading {} B from the device", bytes), code);
}

void Context::fill(const Buffer &buffer, std::uint32_t word) const {
    const cl_int code =
        clEnqueueFillBuffer(state_->queue(), buffer.native(), &word, sizeof word, 0,
                            buffer.bytes() / sizeof word * sizeof word, 0, nullptr, nullptr);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("filling {} B", buffer.bytes()), code);
}

void Context::copy(const Buffer &from, std::size_t from_offset, const Buffer &to,
                   std::size_t to_offset, std::size_t bytes) const {
    const cl_int code = clEnqueueCopyBuffer(state_->queue(), from.native(), to.native(),
                                            from_offset, to_offset, bytes, 0, nullptr, nullptr);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("copying {} B within the device", bytes), code);
}

Mapping Context::map(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                     cl_map_flags access) const {
    cl_int code = CL_SUCCESS;
    void *at = clEnqueueMapBuffer(state_->queue(), buffer.native(), CL_TRUE, access, offset, bytes,
                                  0, nullptr, nullptr, &code);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("mapping {} B of a buffer", bytes), code);
    return {state_->queue(), buffer, static_cast<std::byte *>(at), bytes};
}

struct Event::State {
    cl::Event event;
};

Event::Event(cl_event owned) : state_(std::make_shared<const State>(State{cl::Event(owned)})) {}

void Event::wait() const {
    checked("waiting for a command", [&] { state_->event.wait(); });
}

std::optional<ProfilingTimestamps> Event::profiling_timestamps() const {
    return answered([&] {
        return ProfilingTimestamps{state_->event.getProfilingInfo<CL_PROFILING_COMMAND_QUEUED>(),
                                   state_->event.getProfilingInfo<CL_PROFILING_COMMAND_SUBMIT>(),
                                   state_->event.getProfilingInfo<CL_PROFILING_COMMAND_START>(),
                                   state_->event.getProfilingInfo<CL_PROFILING_COMMAND_END>()};
    });
}

cl_event Event::native() const {
    return state_->event();
}

} // namespace clprobe
