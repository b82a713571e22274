#pragma once
#include <clprobe/probe.hpp>

#include <vector>

namespace clprobe::probes {

/// The keys of the probe, in the order of its findings.
[[nodiscard]] std::vector<FindingKey> occupancy_keys();

/// What the counted and timed curves mean.
[[nodiscard]] std::vector<Finding> occupancy_findings(const Dataset &data);

} // namespace clprobe::probes
