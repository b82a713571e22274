#pragma once
#include <clprobe/device.hpp>

#include <optional>
#include <string>

namespace clprobe::probes {

/// The options that give a program the functions of cl_khr_subgroups, with SUB_GROUPS defined;
/// nothing where the device has none.
[[nodiscard]] inline std::optional<std::string> sub_group_options(const DeviceInfo &device) {
    if (!device.has_extension("cl_khr_subgroups"))
        return std::nullopt;
    const bool third = device.version.starts_with("OpenCL 3");
    return std::string(third ? "-cl-std=CL3.0" : "-cl-std=CL2.0") + " -DSUB_GROUPS";
}

} // namespace clprobe::probes
