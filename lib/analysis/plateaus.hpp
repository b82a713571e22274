#pragma once
#include "analysis/log_curve.hpp"

#include <clprobe/levels.hpp>

#include <cstddef>
#include <vector>

namespace clprobe {

/// Consecutive points of a curve, both ends included.
struct Stretch {
    std::size_t first = 0;
    std::size_t last = 0;
};

/// Where a curve is flatter than before and behind: its plateaus, at their flattest. A rise is
/// where it is steeper than before and behind. Both are modes of its slope, and of these the least
/// are merged with their surroundings until each one matters: until no rise is smaller than the
/// least, and no plateau so short or so steep that what it lacks to its rises does not show.
/// `starts` and `ends` say whether the curve begins and ends with a plateau rather than in a rise.
struct Plateaus {
    std::vector<Stretch> flat;
    bool starts = true;
    bool ends = true;
};

/// A curve fitted by pieces that are straight over log2 of x, or fade to a limit.
struct IsotonicFit {
    LogCurve curve;
    std::vector<double> octave; ///< log2 of x
    std::vector<double> value;  ///< fitted logarithm
    /// The same as it can only rise: no point is worse than a later one, since what spoils a sample
    /// hardly ever makes it better.
    std::vector<double> isotonic;
    Plateaus plateaus; ///< of that, which are levels
};

[[nodiscard]] IsotonicFit fit_isotonic(const LogCurve &curve);

/// All plateaus of a fit, and those that are levels: not one point alone, nor what still rises at
/// the end.
[[nodiscard]] Plateaus all_plateaus(const IsotonicFit &fit);
[[nodiscard]] Plateaus level_plateaus(const IsotonicFit &fit);

/// How much the fit rises over a stretch, and how much an octave.
[[nodiscard]] double height(const IsotonicFit &fit, const Stretch &stretch);
[[nodiscard]] double slope(const IsotonicFit &fit, const Stretch &stretch);

/// How much the curve rises between its last two points, where these are an octave apart; else 0.
[[nodiscard]] double last_octave(const LogCurve &curve);

/// What a stretch at an end of the curve is: level, a drift that belongs to the level there, the
/// approach to a level, or part of a rise.
enum class EndShape { flat, drift, approach, rise };

[[nodiscard]] EndShape end_shape(const IsotonicFit &fit, const Stretch &stretch);

/// The levels that a fit shows, in logarithms; the first and the last one go as far as the curve
/// drifts to its ends.
[[nodiscard]] std::vector<Level> levels_of(const IsotonicFit &fit);

} // namespace clprobe
