#pragma once
#include <clprobe/change_point.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

/// Random numbers that are the same with every standard library: the engine of <random> is fixed
/// by the standard, its distributions are not.
class Random {
public:
    explicit Random(std::uint64_t seed);

    /// Between 0 and 1, both excluded.
    double uniform();
    double uniform(double low, double high);
    bool chance(double probability);
    /// Between the two, both included.
    int integer(int low, int high);
    double normal();
    /// Exponential of mean 1.
    double exponential();

private:
    std::mt19937_64 engine_;
};

/// A break of a synthetic curve: x of the last point of the plateau before and of the first of the
/// plateau behind, with the points of a ramp between them.
struct TrueBreak {
    double last_before = 0;
    double first_behind = 0;
    double ratio = 1;
};

struct SyntheticCurve {
    std::vector<clprobe::CurvePoint> points;
    std::vector<TrueBreak> breaks;
    double noise = 0; ///< relative standard deviation of a point's median

    /// The smallest break's logarithm over the noise.
    [[nodiscard]] double clarity() const;
};

/// What `synthetic_curve` draws.
struct BreaksKind {
    int least_breaks = 0;
    int most_breaks = 0;
    int shortest_plateau = 0;
    double ramps = 0.3; ///< share of the breaks
};

/// A curve over x = 1, 2, ... drawn so, each part on its own:
/// - the number of breaks uniform between the two of its kind; plateaus of the shortest length and
///   up to 10 points more, uniform;
/// - all breaks upwards or, as often, all downwards; of ratio 1 + s or 1 / (1 + s) with s
///   log-uniform from 0.05 to 3, that is steps of 5 % to 4x;
/// - three breaks of ten (unless its kind says otherwise) are ramps over 1 to 6 points more,
/// uniform: up to two of them anywhere
///   from 15 to 85 % of the way in the logarithm, in order, more of them evenly spread but for
///   two fifths of their distance either way;
/// - samples a point: 3 to 9, uniform, and one alone in a curve of ten; log-normal noise of one
///   sample, its deviation uniform from 0 to 10 %;
/// - outliers, a share of the samples uniform from 0 to 5 % (2 % where a point has one sample),
///   take 1 to 4 times as long, uniform;
/// - in three curves of ten points are missing, a share of them uniform from 0 to 15 %.
SyntheticCurve synthetic_curve(Random &random, const BreaksKind &kind);

/// Samples of the time that `time(groups)` takes, as `synthetic_curve` draws them: 3 to 9, with
/// log-normal noise of up to 10 % and up to 5 % outliers, the same for all points.
std::vector<clprobe::CurvePoint> noisy_curve(Random &random, const std::vector<double> &groups,
                                             const std::function<double(double)> &time);
