#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <vector>

namespace clprobe::probes::atomics {

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// What the data means: one finding a key.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data);

} // namespace clprobe::probes::atomics
