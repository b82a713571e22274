#pragma once
#include <clprobe/finding.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// Repeated samples of a positive quantity at one place of a curve.
struct CurvePoint {
    double x = 0;
    std::vector<double> samples;
};

/// A stretch of the curve that stays level: from point `first` to point `last`, both included.
struct Plateau {
    std::size_t first = 0;
    std::size_t last = 0;
    double level = 0;
    Interval interval; ///< of the level, 95 %
};

/// Where the curve goes from one plateau to the next. The break lies after `x.low`, the last place
/// that belongs to the plateau before, and not after `x.high`, the first of the one behind; for a
/// ramp these are its two ends. `ratio` is the level behind over the level before.
struct Break {
    Interval x;
    double ratio = 1;
    bool ramp = false;
};

/// A curve as plateaus with breaks between them: one plateau more than breaks. `decided` is false
/// where the data does not settle it, and `reason` then says why.
struct Segmentation {
    std::vector<Plateau> plateaus;
    std::vector<Break> breaks;
    double noise = 0; ///< relative standard deviation of a point's median
    bool decided = false;
    std::string reason;
};

/// How `find_breaks` looks at a curve.
struct SegmentOptions {
    double least_step = 0.05;     ///< relative; smaller steps are left alone
    std::size_t least_points = 2; ///< points that a plateau needs
    std::size_t most_plateaus = 12;
};

/// The curve's plateaus and breaks, by cost-penalised segmentation (optimal partitioning, Jackson
/// et al. 2005) of log(median) against the noise of the points' medians; deterministic. Points are
/// taken in order of x; those without samples are passed over.
[[nodiscard]] Segmentation find_breaks(std::span<const CurvePoint> curve,
                                       const SegmentOptions &options = {});

} // namespace clprobe
