#pragma once
#include <clprobe/levels.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace clprobe {

/// A curve as the inference sees it: the points that have samples, in order of x, as the
/// logarithms of their medians.
struct LogCurve {
    std::vector<double> x;
    std::vector<double> level;     ///< natural logarithm of the median
    std::vector<double> deviation; ///< of `level`, as the samples' scatter lets expect it
    bool sparse = false; ///< points an octave apart, or of one sample: few of them show a rise

    [[nodiscard]] std::size_t size() const { return x.size(); }
};

/// The rise that makes a level, as a logarithm: smaller ones are no level's.
inline const double least_level_step = std::log(1.05);

/// Of a curve of more than 1000 points, those side by side as one (within half a per cent in x, or
/// more where these are still too many): what follows has no time for more.
[[nodiscard]] std::vector<CurvePoint> pooled(std::vector<CurvePoint> curve);

/// The curve in logarithms as one that gets worse from level to level: latencies as they are,
/// bandwidths negated. Without its outliers, and with as much noise at least as keeps what no
/// level is from being followed.
[[nodiscard]] LogCurve monotone_curve(std::span<const CurvePoint> curve, CurveKind kind);

/// Standard deviation of the median of n samples of standard deviation 1.
[[nodiscard]] double median_deviation(std::size_t n);

/// Whether a sample has a logarithm.
[[nodiscard]] inline bool usable(double sample) {
    return std::isfinite(sample) && sample > 0;
}

/// The i-th of the values and so many on either side, as far as there are.
template <typename Values>
[[nodiscard]] auto neighbours(const Values &values, std::size_t i, std::size_t around) {
    const std::size_t first = i - std::min(i, around);
    const std::size_t end = std::min(i + around + 1, values.size());
    return std::span(values).subspan(first, end - first);
}

} // namespace clprobe
