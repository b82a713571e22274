#pragma once
#include "analysis/log_curve.hpp"

#include <cstddef>
#include <vector>

namespace clprobe {

/// A stretch of the curve, both ends included: a level, or the ramp between two of them.
struct Piece {
    std::size_t first = 0;
    std::size_t last = 0;
    bool ramp = false;
    double level = 0;   ///< logarithm; of a level only
    double cost = 0;    ///< misfit
    double freedom = 0; ///< of a ramp: what the choice among the places of its points costs

    [[nodiscard]] std::size_t size() const { return last - first + 1; }
};

/// What the freedom of a partition costs, in units of a squared standard deviation.
struct Penalties {
    double level = 0;      ///< a further level
    double ramp = 0;       ///< a ramp rather than a sharp step
    double ramp_point = 0; ///< each point on a ramp, at least
};
/// What a point costs that lies so many standard deviations off: the square, bounded, so that an
/// outlier is neither followed nor cut out (Fearnhead and Rigaill 2019).
[[nodiscard]] double point_cost(double deviations);

/// The stretch as one level.
[[nodiscard]] Piece fit_level(const LogCurve &curve, std::size_t first, std::size_t last);

/// What a partition may be made of: levels of at least so many points, ramps between levels of at
/// least so different logarithms.
struct PieceLimits {
    std::size_t least_points = 2;
    double least_rise = 0;
};

/// Every piece that a curve can be partitioned into: time and memory go with the square of its
/// points, and more.
class Pieces {
public:
    Pieces(const LogCurve &curve, const PieceLimits &limits);

    /// The curve in pieces so that costs and penalties are least in sum (optimal partitioning,
    /// Jackson et al. 2005). It begins and ends with a level; between two of them there may be a
    /// ramp: points that go monotonically from one to the other.
    [[nodiscard]] std::vector<Piece> partition(const Penalties &penalties) const;

private:
    std::size_t points_ = 0;
    std::vector<std::vector<Piece>> levels_; ///< by the point that they end before
    std::vector<std::vector<Piece>> ramps_;
};

} // namespace clprobe
