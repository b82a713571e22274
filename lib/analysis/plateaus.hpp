#pragma once
#include <cstddef>
#include <vector>

namespace clprobe {

/// Consecutive points of a curve, both ends included.
struct Stretch {
    std::size_t first = 0;
    std::size_t last = 0;

    bool operator==(const Stretch &) const = default;
};

/// A curve that never falls: log values over log2 of x, and the standard deviation of each.
struct MonotoneCurve {
    std::vector<double> octave;
    std::vector<double> value;
    std::vector<double> deviation;
};

/// What a plateau and a rise must have, to be distinguished.
struct PlateauLimits {
    double least_rise = 0;  ///< in log value, beyond what the slope of the plateaus explains
    double clear_rise = 0;  ///< the same, in standard deviations
    double least_span = 0;  ///< of the points on a plateau between two rises, in octaves of x
    double least_width = 0; ///< or of these with half the way to the points around them
};

/// Where such a curve is flatter than before and behind: its plateaus, at their flattest. A rise is
/// where it is steeper than before and behind. Both are modes of its slope, and of these the least
/// are merged with their surroundings until each one matters: until no rise is smaller than the
/// least, and no plateau so short or so steep that what it lacks to its rises does not show.
/// `starts` and `ends` say whether the curve begins and ends with a plateau rather than in a rise.
struct Plateaus {
    std::vector<Stretch> flat;
    bool starts = true;
    bool ends = true;
};
[[nodiscard]] Plateaus find_plateaus(const MonotoneCurve &curve, const PlateauLimits &limits);

} // namespace clprobe
