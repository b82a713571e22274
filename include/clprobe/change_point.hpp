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

/// A stretch of the curve that stays level: from point `first` to point `last` of the curve as it
/// was given, both included.
struct Plateau {
    std::size_t first = 0;
    std::size_t last = 0;
    double level = 0;
    Interval interval; ///< of the level, 95 %
};

/// Where the curve goes from one plateau to the next. The break lies after `x.low`, the last place
/// that surely belongs to the plateau before, and not after `x.high`, the first that surely belongs
/// to the one behind; for a ramp these are its two ends. Of a sharp step `at` is the likeliest
/// first place behind and `certainty` its probability among the places of the curve; a ramp has no
/// such place, its certainty is 0. `ratio` is the level behind over the level before.
struct Break {
    Interval x;
    double ratio = 1;
    bool ramp = false;
    double at = 0;
    double certainty = 0;
};

/// A curve as plateaus with breaks between them: one plateau more than breaks, or none of either.
/// `decided` is false where the data does not settle it, and `reason` then says why. Steps smaller
/// than `resolution` could hide in the noise even where it is true.
struct Segmentation {
    std::vector<Plateau> plateaus;
    std::vector<Break> breaks;
    double noise = 0;      ///< relative standard deviation of a point's median
    double resolution = 0; ///< relative
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
/// et al. 2005) of log(median) into levels and ramps, against the noise of the points' medians and
/// with a bounded cost for outliers (Fearnhead and Rigaill 2019); deterministic. Points are taken
/// in order of x; those without samples are passed over.
[[nodiscard]] Segmentation find_breaks(std::span<const CurvePoint> curve,
                                       const SegmentOptions &options = {});

} // namespace clprobe
