#pragma once
#include "analysis/log_curve.hpp"

#include <vector>

namespace clprobe {

/// A curve fitted by pieces that are straight over log2 of x, or fade to a limit.
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
