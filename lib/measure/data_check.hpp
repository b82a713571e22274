#pragma once
#include <clprobe/probe.hpp>

#include <string>
#include <vector>

namespace clprobe {

/// Removes the series and number attributes that are not what the probe says of its data (see
/// `problem_of(Dataset, ProbeInfo)`). Says why; nothing ("") where all are.
[[nodiscard]] std::string remove_misfits(Dataset &data, const ProbeInfo &info);

/// Turns each finding that breaks an invariant, or that the probe does not list, into a failed one
/// that says why.
void fail_broken(std::vector<Finding> &findings, const ProbeInfo &info);

} // namespace clprobe
