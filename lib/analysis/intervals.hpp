#pragma once
#include <clprobe/finding.hpp>

#include <cstddef>

namespace clprobe {

/// The interval, widened to hold the value.
[[nodiscard]] Interval hull(const Interval &interval, double value);

/// Two-sided 95 % point of Student's t: exact for few degrees of freedom, else the expansion of
/// Abramowitz and Stegun 26.7.5.
[[nodiscard]] double student95(std::size_t freedom);

} // namespace clprobe
