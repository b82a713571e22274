#pragma once
#include <clprobe/finding.hpp>

#include <algorithm>

namespace clprobe {

/// The interval, widened to hold the value.
[[nodiscard]] inline Interval hull(const Interval &interval, double value) {
    return {std::min(interval.low, value), std::max(interval.high, value)};
}

} // namespace clprobe
