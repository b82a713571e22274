// Where a curve over footprint is to be sampled next.
#pragma once
#include <clprobe/levels.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace clprobe {

/// Footprints from `least` to `most`, both included, two an octave, in multiples of `least`.
[[nodiscard]] std::vector<std::size_t> coarse_footprints(std::size_t least, std::size_t most);

/// Where a curve needs more points: midway, in the ratio, between neighbours whose values differ
/// by more than `rise` (relative) and which lie more than 5 % apart. Multiples of `unit`.
[[nodiscard]] std::vector<std::size_t> points_between(std::span<const CurvePoint> curve,
                                                      std::size_t unit, double rise = 0.05);

/// Where its few samples disagree too much for their median to be relied on, or one is alone.
[[nodiscard]] std::vector<std::size_t> doubtful_points(std::span<const CurvePoint> curve);

/// The half of the points whose medians are least certain, by how far their samples lie apart and
/// how many they are.
[[nodiscard]] std::vector<std::size_t> uncertain_points(std::span<const CurvePoint> curve);

} // namespace clprobe
