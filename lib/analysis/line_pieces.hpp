#pragma once
#include "analysis/log_curve.hpp"

#include <cstddef>
#include <vector>

namespace clprobe {

/// What the freedom of a fit by pieces costs, in units of a squared standard deviation.
struct LineCosts {
    double piece = 0;  ///< a straight piece
    double single = 0; ///< a piece of one point
};

/// The curve as pieces that are straight over the logarithm of x, such that misfit and costs are
/// least in sum (optimal partitioning, Jackson et al. 2005): the fitted logarithm at each point.
/// Steps between the pieces are free; a piece of two points is level.
[[nodiscard]] std::vector<double> fit_line_pieces(const LogCurve &curve, const LineCosts &costs);

} // namespace clprobe
