#include "answer.hpp"
#include "api.hpp"
#include "behaviour.hpp"
#include "call.hpp"
#include "device.hpp"
#include "source.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <unistd.h>

namespace stub {
namespace {

/// Whether `name` is asked for a build of this text: everywhere, or where `name=part` finds its
/// part in the source or in the options.
bool concerns(std::string_view name, const Program &program) {
    const std::string_view part = behaviour().text(name);
    return behaviour().asks(name) && (program.source.find(part) != std::string::npos ||
                                      program.options.find(part) != std::string::npos);
}

/// As compilers do that are asked to tell what they make.
void print_file(const std::string &name) {
    std::ifstream file(name);
    for (std::string line; std::getline(file, line);)
        std::printf("%s\n", line.c_str());
}

/// A process out of the group that keeps all of the caller's files open and never stops printing.
void leave_process() {
    if (fork() != 0)
        return;
    setsid();
    while (write(STDOUT_FILENO, "still here\n", 11) > 0)
        continue;
    _exit(0);
}

cl_int build(Program &program) {
    if (behaviour().asks("leaves_process"))
        leave_process();
    while (concerns("build_hang", program))
        pause();
    if (concerns("build_crash", program))
        crash();
    if (concerns("build_error", program)) {
        program.status = CL_BUILD_ERROR;
        program.log = file_named_in(program.source) + ":12:5: error: stub says no\n";
        return CL_BUILD_PROGRAM_FAILURE;
    }
    const auto bytes = static_cast<long long>(program.source.size() + program.options.size());
    std::this_thread::sleep_for(
        std::chrono::microseconds(bytes * behaviour().number("build_us", 0)));
    if (behaviour().asks("prints"))
        print_file(std::string(behaviour().text("prints")));
    program.status = CL_BUILD_SUCCESS;
    return CL_SUCCESS;
}

cl_program create(const Call &call, cl_context context, std::string source, cl_int *error) {
    if (!alive(context))
        return failure(CL_INVALID_CONTEXT, error);
    if (const cl_int gone = call.device_state(CL_DEVICE_NOT_AVAILABLE))
        return failure(gone, error);
    Program program;
    program.context = Ref(context);
    program.source = std::move(source);
    return result(make<_cl_program>(std::move(program)), error);
}

using BuildNotify = void(CL_CALLBACK *)(cl_program, void *);

} // namespace

cl_program create_program_with_source(cl_context context, cl_uint count, const char **texts,
                                      const std::size_t *lengths, cl_int *error) {
    const Call call("clCreateProgramWithSource");
    if (count == 0 || !texts)
        return failure(CL_INVALID_VALUE, error);
    std::string source;
    for (cl_uint i = 0; i < count; ++i)
        if (lengths && lengths[i] > 0)
            source.append(texts[i], lengths[i]);
        else
            source.append(texts[i]);
    return create(call, context, std::move(source), error);
}

// A binary of this driver is the source's text.
cl_program create_program_with_binary(cl_context context, cl_uint count, const cl_device_id *,
                                      const std::size_t *lengths, const unsigned char **binaries,
                                      cl_int *statuses, cl_int *error) {
    const Call call("clCreateProgramWithBinary");
    if (count == 0 || !lengths || !binaries)
        return failure(CL_INVALID_VALUE, error);
    for (cl_uint i = 0; statuses && i < count; ++i)
        statuses[i] = CL_SUCCESS;
    return create(call, context, {reinterpret_cast<const char *>(binaries[0]), lengths[0]}, error);
}

cl_int retain_program(cl_program program) {
    const Call call("clRetainProgram");
    return retained(program, CL_INVALID_PROGRAM);
}

cl_int release_program(cl_program program) {
    const Call call("clReleaseProgram");
    return released(program, CL_INVALID_PROGRAM);
}

cl_int build_program(cl_program program, cl_uint, const cl_device_id *, const char *options,
                     BuildNotify notify, void *data) {
    cl_int built = CL_INVALID_PROGRAM;
    {
        Call call("clBuildProgram");
        if (!alive(program))
            return built;
        if (const cl_int gone = call.device_state(CL_DEVICE_NOT_AVAILABLE))
            return gone;
        program->body->options = options ? options : "";
        call.detail(program->body->options);
        built = build(*program->body);
    }
    if (notify)
        notify(program, data);
    return built;
}

cl_int get_program_info(cl_program program, cl_program_info name, std::size_t room, void *value,
                        std::size_t *size) {
    const Call call("clGetProgramInfo");
    if (!alive(program))
        return CL_INVALID_PROGRAM;
    const Answer answer(room, value, size);
    const Program &body = *program->body;
    const std::vector<cl_device_id> &targets = body.context->devices;
    switch (name) {
    case CL_PROGRAM_REFERENCE_COUNT:
        return answer(program->references);
    case CL_PROGRAM_CONTEXT:
        return answer(body.context.handle());
    case CL_PROGRAM_NUM_DEVICES:
        return answer(static_cast<cl_uint>(targets.size()));
    case CL_PROGRAM_DEVICES:
        return answer(targets);
    case CL_PROGRAM_SOURCE:
        return answer(body.source);
    case CL_PROGRAM_BINARY_SIZES:
        return answer(std::vector<std::size_t>(targets.size(), body.source.size()));
    case CL_PROGRAM_BINARIES: {
        const std::size_t needed = targets.size() * sizeof(unsigned char *);
        if (size)
            *size = needed;
        if (value && room < needed)
            return CL_INVALID_VALUE;
        for (std::size_t i = 0; value && i < targets.size(); ++i)
            if (unsigned char *to = static_cast<unsigned char **>(value)[i])
                std::memcpy(to, body.source.data(), body.source.size());
        return CL_SUCCESS;
    }
    case CL_PROGRAM_NUM_KERNELS:
        return answer(kernels_in(body.source).size());
    case CL_PROGRAM_KERNEL_NAMES: {
        std::string names;
        for (const KernelText &kernel : kernels_in(body.source))
            names.append(names.empty() ? "" : ";").append(kernel.name);
        return answer(names);
    }
    default:
        return CL_INVALID_VALUE;
    }
}

cl_int get_program_build_info(cl_program program, cl_device_id device, cl_program_build_info name,
                              std::size_t room, void *value, std::size_t *size) {
    const Call call("clGetProgramBuildInfo");
    if (!alive(program))
        return CL_INVALID_PROGRAM;
    if (!alive(device))
        return CL_INVALID_DEVICE;
    const Answer answer(room, value, size);
    switch (name) {
    case CL_PROGRAM_BUILD_STATUS:
        return answer(program->body->status);
    case CL_PROGRAM_BUILD_OPTIONS:
        return answer(program->body->options);
    case CL_PROGRAM_BUILD_LOG:
        return answer(program->body->log);
    case CL_PROGRAM_BINARY_TYPE:
        return answer(cl_program_binary_type(program->body->status == CL_BUILD_SUCCESS
                                                 ? CL_PROGRAM_BINARY_TYPE_EXECUTABLE
                                                 : CL_PROGRAM_BINARY_TYPE_NONE));
    case CL_PROGRAM_BUILD_GLOBAL_VARIABLE_TOTAL_SIZE:
        return answer(std::size_t{0});
    default:
        return CL_INVALID_VALUE;
    }
}

} // namespace stub
