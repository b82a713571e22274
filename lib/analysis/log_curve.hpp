#pragma once
#include <clprobe/levels.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace clprobe {

/// A curve as the inference sees it: the points that have samples, in order of x, as the
/// logarithms of their medians.
struct LogCurve {
    std::vector<double> x;
    std::vector<double> level;      ///< natural logarithm of the median
    std::vector<double> deviation;  ///< of `level`, as the samples' scatter lets expect it
    std::vector<std::size_t> index; ///< index into the curve as it was given
    bool sparse = false; ///< points an octave apart, or of one sample: few of them show a rise

    [[nodiscard]] std::size_t size() const { return x.size(); }
};

/// Samples that are not positive and finite are passed over. The noise of one at a point is that of
/// the samples there and at so many points on either side.
[[nodiscard]] LogCurve log_curve(std::span<const CurvePoint> curve, std::size_t around);

/// Raises the deviations where the curve is much rougher around some points than it is elsewhere,
/// by how far it moves against its trend there.
void raise_to_local_roughness(LogCurve &curve);

/// Standard deviation of the median of n samples of standard deviation 1.
[[nodiscard]] double median_deviation(std::size_t n);

} // namespace clprobe
