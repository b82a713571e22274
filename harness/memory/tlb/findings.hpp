#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/levels.hpp>
#include <clprobe/series.hpp>

#include <cstddef>
#include <vector>

namespace clprobe::tlb {

/// The names of the series: somebody's bare curve, and ours.
namespace series {
inline constexpr const char *bare = "latency";
inline constexpr const char *packed = "packed"; ///< over (lines, trips)
inline constexpr const char *spread = "spread"; ///< over (stride, pages, trips)
} // namespace series

/// How many lines of a page are touched, by this name among the data's numbers.
inline constexpr const char *lines_a_page = "lines_a_page";
/// The word in the data that says why its sizes tell nothing, where they do not.
inline constexpr const char *too_small = "too_small";

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// What translation costs: the latency over pages a stride apart, less what as many lines take that
/// lie side by side, plus the least of that, so that it starts where they do.
[[nodiscard]] std::vector<CurvePoint> translation_curve(const Dataset &data, double stride);

/// What the data means.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data);

/// The curves of all strides, over the memory that they span.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::tlb
