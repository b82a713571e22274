#pragma once
#include "synthetic.hpp"

#include <clprobe/levels.hpp>

#include <vector>

/// A level of a synthetic device, as its curve shows it without noise.
struct TrueLevel {
    clprobe::Interval plateau;   ///< the places from the 90 % point before to the 10 % point behind
    clprobe::Interval value;     ///< the least and the most of the curve there
    clprobe::Interval territory; ///< of the curve from the size before to this one's
    clprobe::Interval knee;      ///< where the rise beyond is at 10 and at 90 % of its height
    double size = 0;             ///< where it is half-way, in log value
    double step = 0;             ///< the height of that rise, logarithm
    double noise = 0;            ///< relative standard deviation of a point's median
    std::size_t points = 0;      ///< of the curve on the plateau
    double flat = 0;             ///< octaves over which the curve stays within 3 % of a value
    bool sharp = true;           ///< all of the rise lies between two neighbouring places
};

struct SyntheticDevice {
    std::vector<clprobe::CurvePoint> points;
    std::vector<TrueLevel> levels; ///< the last one has no size, no knee and no step

    /// Whether a reader must see the level: the curve stays within 3 % of a value there for at
    /// least half an octave and two points, and its steps exceed three times the noise.
    [[nodiscard]] bool stands_out(std::size_t level) const;
};

/// How large the steps of latency from level to level are.
enum class Steps {
    all,       ///< ratio log-uniform from 1.05 to 100
    many_small ///< ratio 1 + s, s log-uniform from 0.05 to 99: one of eleven is under 10 %
};

/// A curve over footprint of a device drawn so, each part on its own:
/// - one to five levels, the last one memory, all equally often; the first latency log-uniform from
///   1 to 50 ns, the steps as far as the whole stays under 1000 times the first; the first size
///   log-uniform from 4 to 256 KiB, each next one 2 to 64 times larger, log-uniform;
/// - of six knees two are sharp (all hits up to the size, all misses beyond), one is a ramp
/// straight
///   in log latency over log footprint, over 0.5 to 2 octaves, one is that of a cyclic chase under
///   random replacement, one that of random accesses (the share of hits beyond size c is
///   c / footprint: over three octaves and more), one that of a cache whose neighbours take a part:
///   the share of hits falls from 1 at 0.4 to 0.8 of the size to 0 at 1 to 1.5 of it;
/// - three curves of ten have a slope over all levels of 0 to 2 % an octave; in one of three a TLB
///   has a reach anywhere on the curve, beyond which the latency rises by 2 to 8 % an octave to the
///   end of the curve, or, as often, by 3 to 30 % in all, times 1 - reach / footprint: no level;
/// - one sample of a point has log-normal noise, its deviation log-uniform from 0.2 to 6 %, times a
///   factor log-uniform from 0.7 to 1.4 for each level; 1 to 5 samples a point; in half the curves
///   outliers, up to 4 % of the samples, take 1.1 to 4 times as long; three curves of ten are
///   rounded to three digits;
/// - the places go from 1.5 to 4 octaves below the first size to 1.5 to 5 octaves beyond the last,
///   with 4, 6, 8, 12 or 24 points an octave, at powers of two and half-way between them, or two an
///   octave and more where they differ, as a probe takes them.
/// As a bandwidth it is the reciprocal of the latency for each sample, and in half the curves takes
/// longer by 5 to 30 % of the first place's time, over x: launches that small do not keep it busy.
SyntheticDevice synthetic_device(Random &random, clprobe::CurveKind kind, Steps steps);

/// The same device with the first sample of each point only, as people publish curves.
void keep_one_sample(SyntheticDevice &device);
