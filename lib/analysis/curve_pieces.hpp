#pragma once
#include "analysis/log_curve.hpp"

#include <cstddef>
#include <vector>

namespace clprobe {

/// What the freedom of a fit by pieces costs, in units of a squared standard deviation.
struct PieceCosts {
    double piece = 0;  ///< a piece of several points
    double single = 0; ///< a piece of one point
};

/// The curve as pieces such that misfit and costs are least in sum (optimal partitioning, Jackson
/// et al. 2005): the fitted logarithm at each point. A piece is straight over the logarithm of x,
/// or the tail of a rise: its value tends to a limit as 1/x does, like that of random accesses
/// beyond a cache's size, or as 1/x^2, more like that of a chase under random replacement. Steps
/// between the pieces are free; a piece of two points is level.
[[nodiscard]] std::vector<double> fit_pieces(const LogCurve &curve, const PieceCosts &costs);

} // namespace clprobe
