#pragma once
#include "memory/local_memory/banks.hpp"
#include "memory/local_memory/eviction.hpp"

#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>
#include <clprobe/series.hpp>

#include <vector>

namespace clprobe::probes::local_memory {

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// The times over strides that the data has.
[[nodiscard]] std::vector<StrideTime> stride_times(const Dataset &data);
/// The times of rings beside local memory that the data has, in order of their bytes.
[[nodiscard]] std::vector<EvictionTime> eviction_times(const Dataset &data);

/// What the data means: one finding a key.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data);

/// The time of a trip over its stride, and over the global memory that it goes round beside all of
/// the local memory.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::probes::local_memory
