#pragma once
#include "analysis/log_curve.hpp"

#include <clprobe/levels.hpp>

#include <span>
#include <vector>

namespace clprobe {

/// The rise that makes a level, as a logarithm: smaller ones are no level's.
[[nodiscard]] double least_level_step();

/// Of a curve of more than 1000 points, those side by side as one (within half a per cent in x, or
/// more where these are still too many): what follows has no time for more.
[[nodiscard]] std::vector<CurvePoint> pooled(std::vector<CurvePoint> curve);

/// The curve in logarithms as one that gets worse from level to level: latencies as they are,
/// bandwidths negated. Without its outliers, and with as much noise at least as keeps what no
/// level is from being followed.
[[nodiscard]] LogCurve monotone_curve(std::span<const CurvePoint> curve, CurveKind kind);

/// Such a curve fitted by pieces that are straight over log2 of x, or fade to a limit.
struct IsotonicFit {
    LogCurve curve;
    std::vector<double> octave; ///< log2 of x
    std::vector<double> value;  ///< fitted logarithm
    /// The same as it can only rise: no point is worse than a later one, since what spoils a sample
    /// hardly ever makes it better.
    std::vector<double> isotonic;
};

[[nodiscard]] IsotonicFit fit_isotonic(const LogCurve &curve);

} // namespace clprobe
