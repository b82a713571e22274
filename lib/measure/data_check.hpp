#pragma once
#include <clprobe/probe.hpp>

#include <string>
#include <vector>

namespace clprobe {

/// Why the data are not what the probe says of its series, naming series and point: their axes and
/// measures, whole counts, possible sizes, finite samples, none negative. Empty where they are;
/// only then may they be given to the probe's functions.
[[nodiscard]] std::string problem_of(const Dataset &data, const ProbeInfo &info);

/// Removes the series and number attributes that are not what the probe says of its data. Says why;
/// nothing ("") where all are.
[[nodiscard]] std::string remove_misfits(Dataset &data, const ProbeInfo &info);

/// Turns each finding that breaks an invariant, or that the probe does not list, into a failed one
/// that says why.
void fail_broken(std::vector<Finding> &findings, const ProbeInfo &info);

} // namespace clprobe
