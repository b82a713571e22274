#pragma once
#include <clprobe/finding.hpp>

#include <optional>
#include <span>

namespace clprobe {

/// Interval of the q-quantile of independent samples, from order statistics (binomial, no
/// assumption on the distribution): from one sample to another. Absent where there are too few to
/// reach the confidence on both sides. Throws std::invalid_argument where q or the confidence is
/// not between 0 and 1.
[[nodiscard]] std::optional<Interval> quantile_interval(std::span<const double> samples, double q,
                                                        double confidence = 0.95);

} // namespace clprobe
