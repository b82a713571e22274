#pragma once
#include "memory/tlb/translation.hpp"

#include <clprobe/finding.hpp>

#include <vector>

namespace clprobe::probes::tlb {

/// The word in the data that says why its sizes tell nothing, where they do not.
inline constexpr const char *too_small = "too_small";

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// What the data means.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data);

/// The curves of all strides, over the memory that they span.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::probes::tlb
