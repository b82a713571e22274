#pragma once
#include <clprobe/levels.hpp>
#include <clprobe/probe.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace clprobe::probes {

/// Footprints from `least` to `most`, both included, two an octave, in multiples of `least`.
[[nodiscard]] std::vector<std::size_t> coarse_footprints(std::size_t least, std::size_t most);

/// Where a curve needs more places: half-way, in the ratio, between neighbours whose values differ
/// by more than `rise` (relative) and which lie more than `step` apart (a ratio of x). Multiples of
/// `unit`.
[[nodiscard]] std::vector<std::size_t> points_between(std::span<const CurvePoint> curve,
                                                      std::size_t unit, double rise = 0.05,
                                                      double step = 1.05);

/// Where its few samples disagree too much for their median to be relied on, or one is alone.
[[nodiscard]] std::vector<std::size_t> doubtful_points(std::span<const CurvePoint> curve);

/// The half of the places whose medians are least certain, by how far their samples lie apart and
/// how many they are.
[[nodiscard]] std::vector<std::size_t> uncertain_points(std::span<const CurvePoint> curve);

/// How a curve over footprint is sampled.
struct CurveSurvey {
    std::size_t least = 1024; ///< B, and what footprints are multiples of in the refinement's end
    std::size_t most = 0;     ///< B
    double rise = 0.05;       ///< from place to place, relative, that calls for others between
    /// Takes a block of samples at that footprint.
    std::function<void(std::size_t footprint, int block)> sample;
    /// The curve so far.
    std::function<std::vector<CurvePoint>()> curve;
};

/// Samples the curve: two sweeps over coarse places, then rounds of doubtful places and of some
/// between them where it rises, then sweeps over all in turn with such over the uncertain half,
/// until `share` of the budget is used. Each sweep is a block.
void survey(Bench &bench, const CurveSurvey &wanted, double share = 0.9);

} // namespace clprobe::probes
