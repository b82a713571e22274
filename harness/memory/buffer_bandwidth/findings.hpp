#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>
#include <clprobe/series.hpp>

#include <vector>

namespace clprobe::probes::buffer_bandwidth {

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// What the data means: the levels by the curve over footprint, the first one's bandwidth by its
/// own race, memory's by streams; suspect where a figure contradicts another.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::buffer_bandwidth
