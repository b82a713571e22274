#pragma once
#include "analysis/isotonic_fit.hpp"
#include "analysis/plateaus.hpp"

#include <cstddef>
#include <optional>
#include <vector>

namespace clprobe {

/// A curve, what was fitted to it, and the plateaus of that.
struct Reading {
    IsotonicFit fit;
    Plateaus plateaus;
};

[[nodiscard]] Reading read_curve(const LogCurve &curve);

/// The curve read again and again, each time with as much noise added as each point has: what a
/// second run may show. The same for the same curve.
[[nodiscard]] std::vector<Reading> reruns(const LogCurve &curve);

/// For each plateau the one that has most of its range in the other reading, which is no other's;
/// nothing where there is none.
[[nodiscard]] std::vector<std::optional<std::size_t>> counterparts(const Reading &reading,
                                                                   const Reading &other);

/// A reading whose plateaus most reruns have too, and these.
struct SettledReading {
    Reading reading;
    std::vector<Reading> reruns;
    /// How many plateaus, from the fastest on, reruns have, each with the same next one.
    std::size_t settled = 0;
    std::vector<double> joined; ///< where plateaus were that reruns lacked
};

/// Where reruns lack a plateau, the noise around it is taken for larger than it seemed, which joins
/// it with what is beside it; after some rounds of that it stays open.
[[nodiscard]] SettledReading settle(LogCurve curve);

} // namespace clprobe
