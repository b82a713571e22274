#pragma once
#include "analysis/estimates.hpp"
#include "memory/cache_line/series.hpp"

#include <optional>
#include <vector>

namespace clprobe::probes::cache_line {

/// Half-way, in the logarithm, from the latency of the first level to that of the next, in a curve
/// of latency over slots that starts in the first level; nothing where no rise ends in a plateau.
[[nodiscard]] std::optional<double> knee_midpoint(const std::vector<Estimate> &latency_over_slots);

/// Those of one stride, over slots.
[[nodiscard]] std::vector<Estimate> at_stride(const std::vector<RowEstimate<SlotsRow>> &estimates,
                                              std::size_t stride);

/// At each stride, how many slots stay in the first level. The stride with most estimates is the
/// one that shows the levels.
[[nodiscard]] std::vector<Estimate>
slots_that_fit(const std::vector<RowEstimate<SlotsRow>> &estimates);

} // namespace clprobe::probes::cache_line
