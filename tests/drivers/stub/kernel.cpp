#include "answer.hpp"
#include "api.hpp"
#include "behaviour.hpp"
#include "device.hpp"
#include "execution.hpp"
#include "schedule.hpp"
#include "source.hpp"

#include <algorithm>
#include <array>

namespace stub {
namespace {

cl_kernel make_kernel(cl_program program, const KernelText &text) {
    return make<_cl_kernel>({Ref(program), text.name, text.parameters, {}, 0});
}

/// The kernel as the source declares it; one that a macro makes passes if its name occurs at all.
std::optional<KernelText> find_kernel(const Program &program, const std::string &name) {
    for (const KernelText &kernel : kernels_in(program.source))
        if (kernel.name == name)
            return kernel;
    const bool occurs = program.source.find(name) != std::string::npos ||
                        program.options.find(name) != std::string::npos;
    return occurs ? std::optional(KernelText{name, std::nullopt}) : std::nullopt;
}

std::string sizes(cl_uint dimensions, const std::size_t *size) {
    std::string text;
    for (cl_uint i = 0; size && i < dimensions; ++i)
        text.append(i ? "x" : "").append(std::to_string(size[i]));
    return size ? text : "none";
}

cl_int check_sizes(cl_uint dimensions, const std::size_t *global, const std::size_t *local) {
    if (dimensions < 1 || dimensions > 3)
        return CL_INVALID_WORK_DIMENSION;
    if (!global)
        return CL_INVALID_GLOBAL_WORK_SIZE;
    std::size_t group = 1;
    for (cl_uint i = 0; i < dimensions; ++i) {
        if (global[i] == 0)
            return CL_INVALID_GLOBAL_WORK_SIZE;
        if (local && (local[i] == 0 || global[i] % local[i] != 0))
            return CL_INVALID_WORK_GROUP_SIZE;
        if (local && local[i] > item_limit())
            return CL_INVALID_WORK_ITEM_SIZE;
        group *= local ? local[i] : 1;
    }
    return group <= kernel_group_limit() ? CL_SUCCESS : CL_INVALID_WORK_GROUP_SIZE;
}

cl_int check_arguments(const Kernel &kernel) {
    if (kernel.parameters && kernel.arguments.size() < kernel.parameters->size())
        return CL_INVALID_KERNEL_ARGS;
    std::size_t local = 0;
    for (const auto &[index, argument] : kernel.arguments)
        local += argument.local_bytes;
    return local <= local_memory_size() ? CL_SUCCESS : CL_OUT_OF_RESOURCES;
}

Duration launch_time(const Kernel &kernel, long long groups) {
    if (behaviour().asks("launch_hang"))
        return Duration::max();
    const long long first = kernel.launches > 0 ? 0 : behaviour().number("first_us", 0);
    const long long in_a_row = behaviour().number("stacks", kernel.launches + 1);
    const bool stacked = kernel.launches / in_a_row % 2 == 1;
    const long long units = stacked ? 1 : behaviour().number("units", groups);
    const long long turns = (groups + units - 1) / units;
    return std::chrono::microseconds(behaviour().number("launch_us", 100) + first) +
           turns * argument<cl_uint>(kernel, "trips") * Duration(behaviour().number("trip_ns", 0));
}

long long groups_of(cl_uint dimensions, const std::size_t *global, const std::size_t *local) {
    long long groups = 1;
    for (cl_uint i = 0; local && i < dimensions; ++i)
        groups *= static_cast<long long>(global[i] / local[i]);
    return groups;
}

} // namespace

cl_kernel create_kernel(cl_program program, const char *name, cl_int *error) {
    Call call("clCreateKernel");
    if (!alive(program))
        return failure(CL_INVALID_PROGRAM, error);
    if (program->body->status != CL_BUILD_SUCCESS)
        return failure(CL_INVALID_PROGRAM_EXECUTABLE, error);
    if (!name)
        return failure(CL_INVALID_VALUE, error);
    call.detail(name);
    const std::optional<KernelText> text = find_kernel(*program->body, name);
    if (!text)
        return failure(CL_INVALID_KERNEL_NAME, error);
    return result(make_kernel(program, *text), error);
}

cl_int create_kernels_in_program(cl_program program, cl_uint room, cl_kernel *kernels,
                                 cl_uint *count) {
    const Call call("clCreateKernelsInProgram");
    if (!alive(program))
        return CL_INVALID_PROGRAM;
    if (program->body->status != CL_BUILD_SUCCESS)
        return CL_INVALID_PROGRAM_EXECUTABLE;
    const std::vector<KernelText> all = kernels_in(program->body->source);
    if (count)
        *count = static_cast<cl_uint>(all.size());
    if (kernels && room < all.size())
        return CL_INVALID_VALUE;
    for (std::size_t i = 0; kernels && i < all.size(); ++i)
        kernels[i] = make_kernel(program, all[i]);
    return CL_SUCCESS;
}

cl_int retain_kernel(cl_kernel kernel) {
    const Call call("clRetainKernel");
    return retained(kernel, CL_INVALID_KERNEL);
}

cl_int release_kernel(cl_kernel kernel) {
    const Call call("clReleaseKernel");
    return released(kernel, CL_INVALID_KERNEL);
}

cl_int set_kernel_arg(cl_kernel kernel, cl_uint index, std::size_t size, const void *value) {
    const Call call("clSetKernelArg");
    if (!alive(kernel))
        return CL_INVALID_KERNEL;
    if (kernel->body->parameters && index >= kernel->body->parameters->size())
        return CL_INVALID_ARG_INDEX;
    if (size == 0)
        return CL_INVALID_ARG_SIZE;
    const auto *bytes = static_cast<const std::byte *>(value);
    kernel->body->arguments[index] =
        bytes ? Argument{{bytes, bytes + size}, 0} : Argument{{}, size};
    return CL_SUCCESS;
}

cl_int get_kernel_info(cl_kernel kernel, cl_kernel_info name, std::size_t room, void *value,
                       std::size_t *size) {
    const Call call("clGetKernelInfo");
    if (!alive(kernel))
        return CL_INVALID_KERNEL;
    const Answer answer(room, value, size);
    const Kernel &body = *kernel->body;
    switch (name) {
    case CL_KERNEL_FUNCTION_NAME:
        return answer(body.name);
    case CL_KERNEL_NUM_ARGS:
        return answer(static_cast<cl_uint>(body.parameters ? body.parameters->size()
                                                           : body.arguments.size()));
    case CL_KERNEL_REFERENCE_COUNT:
        return answer(kernel->references);
    case CL_KERNEL_CONTEXT:
        return answer(body.program->context.handle());
    case CL_KERNEL_PROGRAM:
        return answer(body.program.handle());
    case CL_KERNEL_ATTRIBUTES:
        return answer("");
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int get_kernel_arg_info(cl_kernel kernel, cl_uint, cl_kernel_arg_info, std::size_t, void *,
                           std::size_t *) {
    const Call call("clGetKernelArgInfo");
    return alive(kernel) ? CL_KERNEL_ARG_INFO_NOT_AVAILABLE : CL_INVALID_KERNEL;
}

cl_int get_kernel_work_group_info(cl_kernel kernel, cl_device_id device,
                                  cl_kernel_work_group_info name, std::size_t room, void *value,
                                  std::size_t *size) {
    const Call call("clGetKernelWorkGroupInfo");
    if (!alive(kernel))
        return CL_INVALID_KERNEL;
    if (device && !alive(device))
        return CL_INVALID_DEVICE;
    const Answer answer(room, value, size);
    switch (name) {
    case CL_KERNEL_WORK_GROUP_SIZE:
        return answer(kernel_group_limit());
    case CL_KERNEL_COMPILE_WORK_GROUP_SIZE:
        return answer(std::array<std::size_t, 3>{});
    case CL_KERNEL_LOCAL_MEM_SIZE:
    case CL_KERNEL_PRIVATE_MEM_SIZE:
        return answer(cl_ulong{0});
    case CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE:
        return answer(std::size_t{16});
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int enqueue_nd_range_kernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                               const std::size_t *, const std::size_t *global,
                               const std::size_t *local, cl_uint count, const cl_event *waits,
                               cl_event *event) {
    Call call("clEnqueueNDRangeKernel");
    if (!alive(kernel))
        return CL_INVALID_KERNEL;
    call.detail(kernel->body->name + " global=" + sizes(dimensions, global) +
                " local=" + sizes(dimensions, local));
    if (const cl_int wrong = check_sizes(dimensions, global, local))
        return wrong;
    if (const cl_int wrong = check_arguments(*kernel->body))
        return wrong;
    if (behaviour().asks("oom_launch"))
        return CL_OUT_OF_RESOURCES;
    if (behaviour().asks("launch_crash"))
        crash();
    const Duration duration = launch_time(*kernel->body, groups_of(dimensions, global, local));
    ++kernel->body->launches;
    call.detail("us=" + std::to_string(duration / std::chrono::microseconds(1)));
    const cl_int error = enqueue(call, queue, CL_COMMAND_NDRANGE_KERNEL, duration,
                                 {count, waits, event}, execution_of(*kernel->body, global[0]));
    count_launch();
    return error;
}

} // namespace stub
