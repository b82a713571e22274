#pragma once
#include <clprobe/levels.hpp>
#include <clprobe/series.hpp>

#include <set>
#include <vector>

namespace clprobe::probes::tlb {

/// The names of the series: somebody's bare curve, and ours.
namespace series {
inline constexpr const char *bare = "latency";
inline constexpr const char *packed = "packed"; ///< over (lines, trips)
inline constexpr const char *spread = "spread"; ///< over (stride, pages, trips)
} // namespace series

/// How many lines of a page are touched, by this name among the data's numbers.
inline constexpr const char *lines_a_page = "lines_a_page";

/// What translation costs, over pages: the latency, less what as many lines take that lie side by
/// side, plus the least of that, so that it starts where they do. And how much of it is not
/// believed at each place, as what was taken off there may be off by that.
struct Translation {
    std::vector<CurvePoint> curve;
    std::vector<double> doubts;
};

/// Of pages a stride apart; empty where there is nothing to tell it from.
[[nodiscard]] Translation translation(const Dataset &data, double stride);

/// Somebody's curve, as if nothing had been taken off.
[[nodiscard]] Translation undoubted(std::vector<CurvePoint> curve);

/// A curve over pages as one over the memory that they span.
[[nodiscard]] Translation over_span(Translation translation, double stride);

[[nodiscard]] std::set<double> strides_of(const Dataset &data);

} // namespace clprobe::probes::tlb
