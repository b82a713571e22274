#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <string>

namespace clprobe {

// Each says what is wrong, or nothing ("").

/// What the readers refuse and the writers never write: a value without `measured` or `suspect`,
/// one of these without a value, an interval without a value or upside down.
[[nodiscard]] std::string contradiction_in(const Finding &finding);
/// That, and what no interpretation may leave: numbers that are not finite, a value outside its
/// interval.
[[nodiscard]] std::string problem_of(const Finding &finding);
/// Of a coordinate or a sample: one beyond 1e-30 to 1e30 in unscaled units, and not 0, is a typing
/// error, and whatever computes with it may leave the range of numbers.
[[nodiscard]] std::string problem_of(double number);
/// Of the point's shape: a coordinate an axis, labels that there are, a block a sample.
[[nodiscard]] std::string problem_of(const Series &series, const Point &point);

} // namespace clprobe
