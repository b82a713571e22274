#pragma once
#include <clprobe/levels.hpp>
#include <clprobe/probe.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace clprobe::probes {

/// How a curve over footprint is sampled.
struct CurveSurvey {
    std::size_t least = 1024; ///< B, and what footprints are multiples of in the refinement's end
    std::size_t most = 0;     ///< B
    double rise = 0.05;       ///< from point to point, relative, that calls for others between
    /// Takes a block of samples at that footprint.
    std::function<void(std::size_t footprint, int block)> sample;
    /// The curve so far.
    std::function<std::vector<CurvePoint>()> curve;
};

/// Samples the curve: two sweeps over coarse footprints, then rounds of doubtful ones and of some
/// between them where it rises, then sweeps over all in turn with such over the uncertain half,
/// until `share` of the budget is used. Each sweep is a block.
void survey(Bench &bench, const CurveSurvey &wanted, double share = 0.9);

} // namespace clprobe::probes
