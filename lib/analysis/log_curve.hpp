#pragma once
#include <clprobe/change_point.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace clprobe {

/// A curve as the segmentation sees it: the points that have samples, in order of x, as the
/// logarithms of their medians.
struct LogCurve {
    std::vector<double> x;
    std::vector<double> level;      ///< natural logarithm of the median
    std::vector<double> deviation;  ///< of `level`, as the samples' scatter lets expect it
    std::vector<std::size_t> place; ///< index into the curve as it was given

    [[nodiscard]] std::size_t size() const { return x.size(); }
};

/// Samples that are not positive and finite are passed over.
[[nodiscard]] LogCurve log_curve(std::span<const CurvePoint> curve);

/// Standard deviation of the median of n samples of standard deviation 1.
[[nodiscard]] double median_deviation(std::size_t n);

} // namespace clprobe
