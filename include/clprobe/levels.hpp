#pragma once
#include <clprobe/finding.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// Repeated samples of a positive quantity at one point of a curve.
struct CurvePoint {
    double x = 0;
    std::vector<double> samples;
};

/// What a curve over footprint (or stride, or pages) holds: a latency, which rises from level to
/// level, or a bandwidth, which falls.
enum class CurveKind { latency, bandwidth };

/// One level of a memory hierarchy as a curve shows it.
struct Level {
    double value = 0;  ///< of its plateau, in the curve's own unit
    Interval interval; ///< of the value: its noise, and how far the plateau drifts
    Interval plateau;  ///< the points from which to which it stays level
    /// Where the level ends: the midpoint of the rise beyond it in log value, where points show
    /// that rise. Else of the last point on the plateau and the first beyond: the last, where that
    /// is a power of two or half as much again, or such a size between, or their midpoint.
    std::optional<double> size;
    Interval knee;         ///< where that rise is at 10 and at 90 % of its height, or these points
    std::string note;      ///< what a reader of the value should know; mostly empty
    bool rise_seen = true; ///< false where points far apart show its begin only
    bool crowded = false;  ///< the rise beyond leads over further levels that do not show
};

/// A curve as levels, the fastest first; the last one has a size only where the curve ends in a
/// rise of points far apart. `complete` is false where the curve ends in a steep rise: it leads to
/// slower levels that the curve does not show. `decided` is false where the data does not settle
/// the levels; the first `settled` ones hold nevertheless. Of either `reason` says why.
struct Levels {
    std::vector<Level> levels;
    double noise = 0; ///< relative standard deviation of a point's median
    bool complete = true;
    bool decided = false;
    std::string reason;
    std::size_t settled = 0;
};

/// The levels that the curve shows: stretches where it is flatter than before and behind, in the
/// logarithm of the value over that of x. They need not be flat, nor their knees sharp;
/// what counts is that the curve rises by 5 % and more between them, beyond its noise. Samples may
/// be single, points in any order and irregularly spaced. Deterministic. Points and samples that
/// are not positive are passed over.
[[nodiscard]] Levels find_levels(std::span<const CurvePoint> curve, CurveKind kind);

/// Widens the interval of a level's value to the middle nine tenths of the curve's samples on its
/// plateau: any of them is what a second run may give.
void cover_samples(Level &level, std::span<const CurvePoint> curve);

} // namespace clprobe
