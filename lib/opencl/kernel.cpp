#include "model/text.hpp"
#include "opencl/checked.hpp"

#include <clprobe/context.hpp>
#include <clprobe/kernel.hpp>

#include <algorithm>

namespace clprobe {
namespace {

KernelArgument::Space space_of(cl_kernel_arg_address_qualifier qualifier) {
    switch (qualifier) {
    case CL_KERNEL_ARG_ADDRESS_GLOBAL:
        return KernelArgument::Space::global;
    case CL_KERNEL_ARG_ADDRESS_CONSTANT:
        return KernelArgument::Space::constant;
    case CL_KERNEL_ARG_ADDRESS_LOCAL:
        return KernelArgument::Space::local;
    default:
        return KernelArgument::Space::by_value;
    }
}

} // namespace

Kernel::Kernel(cl_kernel adopted, cl_device_id device) : device_(device) {
    check(clRetainKernel(adopted), "adopting a kernel");
    kernel_.reset(adopted, clReleaseKernel);
    check(ask(name_, clGetKernelInfo, adopted, CL_KERNEL_FUNCTION_NAME), "adopting a kernel");
}

Kernel::Kernel(std::string name, cl_kernel owned, cl_device_id device)
    : name_(std::move(name)), kernel_(owned, clReleaseKernel), device_(device) {}

void Kernel::set_bytes(unsigned index, std::size_t bytes, const void *value) {
    check(clSetKernelArg(native(), index, bytes, value), "setting argument {} of {}", index, name_);
}

std::vector<KernelArgument> Kernel::arguments() const {
    const auto check_answer = [&](cl_int code) {
        check(code, "asking for the arguments of {}", name_);
    };
    cl_uint count = 0;
    check_answer(ask(count, clGetKernelInfo, native(), CL_KERNEL_NUM_ARGS));
    std::vector<KernelArgument> arguments(count);
    for (cl_uint i = 0; i < count; ++i) {
        cl_kernel_arg_address_qualifier qualifier = 0;
        check_answer(
            ask(qualifier, clGetKernelArgInfo, native(), i, CL_KERNEL_ARG_ADDRESS_QUALIFIER));
        arguments[i].space = space_of(qualifier);
        check_answer(
            ask(arguments[i].type, clGetKernelArgInfo, native(), i, CL_KERNEL_ARG_TYPE_NAME));
    }
    return arguments;
}

std::optional<std::size_t> Kernel::max_group_size() const {
    return answered<std::size_t>(clGetKernelWorkGroupInfo, native(), device_,
                                 CL_KERNEL_WORK_GROUP_SIZE);
}

std::optional<std::size_t> Kernel::preferred_multiple() const {
    return answered<std::size_t>(clGetKernelWorkGroupInfo, native(), device_,
                                 CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE);
}

std::optional<std::uint64_t> Kernel::private_memory() const {
    return answered<cl_ulong>(clGetKernelWorkGroupInfo, native(), device_,
                              CL_KERNEL_PRIVATE_MEM_SIZE);
}

std::optional<std::uint64_t> Kernel::local_memory() const {
    return answered<cl_ulong>(clGetKernelWorkGroupInfo, native(), device_,
                              CL_KERNEL_LOCAL_MEM_SIZE);
}

Program::Program(std::string name, Handle<cl_program> program, cl_device_id device, std::string log,
                 double build_seconds)
    : name_(std::move(name)), program_(std::move(program)), device_(device), log_(std::move(log)),
      build_seconds_(build_seconds) {}

Kernel Program::kernel(const std::string &kernel_name) const {
    cl_int code = CL_SUCCESS;
    const cl_kernel kernel = clCreateKernel(native(), kernel_name.c_str(), &code);
    check(code, "creating kernel {} of {}", kernel_name, name_);
    return Kernel(kernel_name, kernel, device_);
}

std::vector<std::string> Program::kernel_names() const {
    std::string listed;
    check(ask(listed, clGetProgramInfo, native(), CL_PROGRAM_KERNEL_NAMES),
          "asking for the kernels of {}", name_);
    const auto parts = split(listed, ';');
    std::vector<std::string> names(parts.begin(), parts.end());
    std::ranges::sort(names);
    return names;
}

// A program of this library is built for one device, and so has one binary.
std::vector<unsigned char> Program::binary() const {
    std::vector<unsigned char> binary(
        answered<std::size_t>(clGetProgramInfo, native(), CL_PROGRAM_BINARY_SIZES).value_or(0));
    unsigned char *to = binary.data();
    if (clGetProgramInfo(native(), CL_PROGRAM_BINARIES, sizeof to, &to, nullptr) != CL_SUCCESS)
        return {};
    return binary;
}

} // namespace clprobe
