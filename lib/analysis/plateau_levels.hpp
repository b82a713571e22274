#pragma once
#include "analysis/isotonic_fit.hpp"
#include "analysis/plateaus.hpp"

#include <clprobe/levels.hpp>

#include <vector>

namespace clprobe {

/// The interval, widened to hold the value.
[[nodiscard]] Interval hull(const Interval &interval, double value);

/// What a stretch at an end of the curve is: level, a drift that belongs to the level there, the
/// approach to a level, or part of a rise.
enum class EndShape { flat, drift, approach, rise };

[[nodiscard]] EndShape end_shape(const IsotonicFit &fit, const Stretch &stretch);

/// How much the curve rises between its last two points, where these are an octave apart; else 0.
[[nodiscard]] double last_octave(const LogCurve &curve);

/// How much the fit rises over a stretch, and how much an octave.
[[nodiscard]] double height(const IsotonicFit &fit, const Stretch &stretch);
[[nodiscard]] double slope(const IsotonicFit &fit, const Stretch &stretch);

/// The plateaus that a fit has.
[[nodiscard]] Plateaus plateaus_of(const IsotonicFit &fit);

/// The levels that they are, in logarithms; the first and the last one go as far as the curve
/// drifts to its ends.
[[nodiscard]] std::vector<Level> levels_of(const IsotonicFit &fit, const Plateaus &plateaus);

} // namespace clprobe
