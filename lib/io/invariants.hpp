#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <string>

namespace clprobe {

// What the readers refuse and the writers never write. Each says what is wrong, or nothing ("").

[[nodiscard]] std::string problem_of(const Finding &finding);
/// Of a coordinate or a sample: one beyond 1e-30 to 1e30 in unscaled units, and not 0, is a typing
/// error, and whatever computes with it may leave the range of numbers.
[[nodiscard]] std::string problem_of(double number);
[[nodiscard]] std::string problem_of(const Series &series, const Point &point);

} // namespace clprobe
