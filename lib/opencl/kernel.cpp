#include "opencl/checked.hpp"

#include <clprobe/context.hpp>
#include <clprobe/kernel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

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

std::optional<std::array<std::size_t, 3>> Kernel::required_group() const {
    const auto group = answered([&] {
        const auto sizes =
            state_->kernel.getWorkGroupInfo<CL_KERNEL_COMPILE_WORK_GROUP_SIZE>(state_->device);
        return std::array<std::size_t, 3>{sizes[0], sizes[1], sizes[2]};
    });
    return group && group->front() > 0 ? group : std::nullopt;
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

struct Program::State {
    std::string name;
    cl::Program program;
    cl_device_id device;
    std::string log;
    double build_seconds;
};

Program::Program(std::string name, cl_program owned, cl_device_id device, std::string log,
                 double build_seconds)
    : state_(std::make_shared<const State>(
          State{std::move(name), cl::Program(owned), device, std::move(log), build_seconds})) {}

Kernel Program::kernel(const std::string &kernel_name) const {
    cl_int code = CL_SUCCESS;
    const cl_kernel kernel = clCreateKernel(state_->program(), kernel_name.c_str(), &code);
    if (code != CL_SUCCESS)
        throw Error(fmt::format("creating kernel {} of {}", kernel_name, state_->name), code);
    return Kernel(kernel_name, kernel, state_->device);
}

std::vector<std::string> Program::kernel_names() const {
    std::istringstream all(checked("asking for the kernels of " + state_->name, [&] {
        return state_->program.getInfo<CL_PROGRAM_KERNEL_NAMES>();
    }));
    std::vector<std::string> names;
    for (std::string name; std::getline(all, name, ';');)
        names.push_back(name);
    std::sort(names.begin(), names.end());
    return names;
}

const std::string &Program::log() const {
    return state_->log;
}
double Program::build_seconds() const {
    return state_->build_seconds;
}
cl_program Program::native() const {
    return state_->program();
}

std::vector<unsigned char> Program::binary() const {
    const auto binaries = answered([&] { return state_->program.getInfo<CL_PROGRAM_BINARIES>(); });
    return binaries && !binaries->empty() ? binaries->front() : std::vector<unsigned char>{};
}

} // namespace clprobe
