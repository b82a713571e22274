#include "opencl/checked.hpp"

#include <clprobe/kernel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace clprobe {

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
