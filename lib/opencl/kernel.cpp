#include "opencl/checked.hpp"

#include <clprobe/context.hpp>
#include <clprobe/kernel.hpp>

#include <fmt/format.h>

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

struct Kernel::State {
    std::string name;
    cl::Kernel kernel;
    cl::Device device;
};

Kernel::Kernel(cl_kernel adopted, cl_device_id device) {
    const cl::Kernel kernel(adopted, true);
    std::string name =
        checked("adopting a kernel", [&] { return kernel.getInfo<CL_KERNEL_FUNCTION_NAME>(); });
    state_ = std::make_shared<const State>(
        State{std::move(name), kernel, cl::Device(device, device != nullptr)});
}

Kernel::Kernel(std::string name, cl_kernel owned, cl_device_id device)
    : state_(std::make_shared<const State>(
          State{std::move(name), cl::Kernel(owned), cl::Device(device, true)})) {}

const std::string &Kernel::name() const {
    return state_->name;
}
cl_kernel Kernel::native() const {
    return state_->kernel();
}

void Kernel::set_bytes(unsigned index, std::size_t bytes, const void *value) {
    const cl_int code = clSetKernelArg(state_->kernel(), index, bytes, value);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("setting argument {} of {}", index, state_->name), code);
}

void Kernel::set(unsigned index, const Buffer &buffer) {
    const cl_mem native = buffer.native();
    set_bytes(index, sizeof native, &native);
}

void Kernel::set(unsigned index, const Image &image) {
    const cl_mem native = image.native();
    set_bytes(index, sizeof native, &native);
}

void Kernel::set(unsigned index, const Sampler &sampler) {
    const cl_sampler native = sampler.native();
    set_bytes(index, sizeof native, &native);
}

void Kernel::set_local(unsigned index, std::size_t bytes) {
    set_bytes(index, bytes, nullptr);
}

std::vector<KernelArgument> Kernel::arguments() const {
    return checked("asking for the arguments of " + state_->name, [&] {
        std::vector<KernelArgument> arguments(state_->kernel.getInfo<CL_KERNEL_NUM_ARGS>());
        for (cl_uint i = 0; i < arguments.size(); ++i) {
            arguments[i].space =
                space_of(state_->kernel.getArgInfo<CL_KERNEL_ARG_ADDRESS_QUALIFIER>(i));
            arguments[i].type = state_->kernel.getArgInfo<CL_KERNEL_ARG_TYPE_NAME>(i);
        }
        return arguments;
    });
}

std::optional<std::size_t> Kernel::max_group_size() const {
    return answered(
        [&] { return state_->kernel.getWorkGroupInfo<CL_KERNEL_WORK_GROUP_SIZE>(state_->device); });
}

std::optional<std::size_t> Kernel::preferred_multiple() const {
    return answered([&] {
        return state_->kernel.getWorkGroupInfo<CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE>(
            state_->device);
    });
}

std::optional<std::uint64_t> Kernel::private_memory() const {
    return answered([&] {
        return std::uint64_t{
            state_->kernel.getWorkGroupInfo<CL_KERNEL_PRIVATE_MEM_SIZE>(state_->device)};
    });
}

std::optional<std::uint64_t> Kernel::local_memory() const {
    return answered([&] {
        return std::uint64_t{
            state_->kernel.getWorkGroupInfo<CL_KERNEL_LOCAL_MEM_SIZE>(state_->device)};
    });
}

} // namespace clprobe
