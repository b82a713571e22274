#pragma once
#include <clprobe/device.hpp>

#include <optional>
#include <string>

namespace clprobe::probes {

/// The options that give a program the functions of sub-groups, with SUB_GROUPS defined; nothing
/// where the device has none. Drivers whose sub-groups promise no progress of their own have a
/// feature of OpenCL C 3.0 in place of cl_khr_subgroups, and extensions that build upon it.
[[nodiscard]] inline std::optional<std::string> sub_group_options(const DeviceInfo &device) {
    const bool third = device.version.starts_with("OpenCL 3");
    if (!device.has_extension("cl_khr_subgroups") &&
        !(third && device.has_extension("cl_khr_subgroup_shuffle")))
        return std::nullopt;
    return std::string(third ? "-cl-std=CL3.0" : "-cl-std=CL2.0") + " -DSUB_GROUPS";
}

} // namespace clprobe::probes
