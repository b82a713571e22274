#pragma once
#include "analysis/estimates.hpp"
#include "analysis/size_posterior.hpp"

#include <span>

namespace clprobe::probes::cache_line {

/// The line by capacity: `slots` (over stride) that stay in a cache fall as one over the stride
/// while slots share a line, and are constant from the line up.
[[nodiscard]] SizeVerdict line_by_capacity(std::span<const Estimate> slots);

/// The line by a sweep of strides through more memory than the cache holds: time an access grows
/// with the stride until every access has a line of its own. What changes from twice the line on
/// (prefetch, pages, a sweep that fits the cache at last) does not count, but for a rise as large.
[[nodiscard]] SizeVerdict line_by_stride(std::span<const Estimate> latency);

} // namespace clprobe::probes::cache_line
