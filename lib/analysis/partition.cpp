#include "analysis/partition.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <optional>
#include <span>

namespace clprobe {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double far_off = 4;

double deviations(const LogCurve &curve, std::size_t i, double expected) {
    return (curve.level[i] - expected) / curve.deviation[i];
}

/// Mean of the points [first, last): what the curve is at next to a ramp.
double mean_level(const LogCurve &curve, std::size_t first, std::size_t last) {
    const auto from = curve.level.begin();
    return std::accumulate(from + static_cast<std::ptrdiff_t>(first),
                           from + static_cast<std::ptrdiff_t>(last), 0.0) /
           static_cast<double>(last - first);
}

/// Mean of `size` neighbouring points.
struct Pool {
    double mean = 0;
    std::size_t size = 1;
};

/// Least squares among the never falling curves (pool adjacent violators, Ayer et al. 1955).
std::vector<Pool> never_falling(const std::vector<double> &values) {
    std::vector<Pool> pools;
    for (const double value : values) {
        Pool pool{value, 1};
        while (!pools.empty() && pools.back().mean > pool.mean) {
            const auto size = static_cast<double>(pool.size + pools.back().size);
            const auto other = static_cast<double>(pools.back().size);
            pool.mean += (pools.back().mean - pool.mean) * other / size;
            pool.size += pools.back().size;
            pools.pop_back();
        }
        pools.push_back(pool);
    }
    return pools;
}

/// The points as a ramp from the level before to the level behind: anywhere between the two, in
/// order. Its freedom costs the logarithm of how many places, a deviation wide, there are for
/// them. Nothing where there is no room for levels around it, or these are too close.
std::optional<Piece> fit_ramp(const LogCurve &curve, std::size_t first, std::size_t last,
                              const PieceLimits &limits) {
    const std::size_t around = limits.least_points;
    if (first < around || last + around >= curve.size())
        return std::nullopt;
    const double before = mean_level(curve, first - around, first);
    const double behind = mean_level(curve, last + 1, last + 1 + around);
    const double rise = std::abs(behind - before);
    if (rise < limits.least_rise)
        return std::nullopt;
    std::vector<double> heights; // of the points above the lower end
    for (std::size_t i = first; i <= last; ++i)
        heights.push_back(behind > before ? curve.level[i] - before : before - curve.level[i]);
    Piece piece{first, last, true};
    std::size_t i = 0;
    for (const Pool &pool : never_falling(heights)) {
        const double height = std::clamp(pool.mean, 0.0, rise);
        for (const std::size_t end = i + pool.size; i < end; ++i) {
            const double deviation = curve.deviation[first + i];
            piece.cost += point_cost((heights[i] - height) / deviation);
            piece.freedom += 2 * std::log(rise / (std::sqrt(2 * std::numbers::pi) * deviation));
        }
    }
    return piece;
}

/// The points [first, last] as one level, given where their middle is.
Piece level_about(const LogCurve &curve, std::size_t first, std::size_t last, double middle) {
    Piece piece{first, last};
    double weights = 0;
    double levels = 0;
    for (std::size_t i = first; i <= last; ++i) {
        if (std::abs(deviations(curve, i, middle)) > far_off)
            continue;
        const double weight = 1 / (curve.deviation[i] * curve.deviation[i]);
        weights += weight;
        levels += weight * curve.level[i];
    }
    piece.level = weights > 0 ? levels / weights : middle;
    for (std::size_t i = first; i <= last; ++i)
        piece.cost += point_cost(deviations(curve, i, piece.level));
    return piece;
}

double middle_of_sorted(const std::vector<double> &values) {
    return (values[(values.size() - 1) / 2] + values[values.size() / 2]) / 2;
}

} // namespace

double point_cost(double deviations) {
    return std::min(deviations * deviations, far_off * far_off);
}

Piece fit_level(const LogCurve &curve, std::size_t first, std::size_t last) {
    return level_about(curve, first, last,
                       median(std::span(curve.level).subspan(first, last - first + 1)));
}

Pieces::Pieces(const LogCurve &curve, const PieceLimits &limits)
    : points_(curve.size()), levels_(points_ + 1), ramps_(points_ + 1) {
    for (std::size_t first = 0; first < points_; ++first) {
        std::vector<double> sorted;
        for (std::size_t last = first; last < points_; ++last) {
            const double level = curve.level[last];
            sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), level), level);
            if (sorted.size() >= limits.least_points)
                levels_[last + 1].push_back(
                    level_about(curve, first, last, middle_of_sorted(sorted)));
            if (const auto ramp = fit_ramp(curve, first, last, limits))
                ramps_[last + 1].push_back(*ramp);
        }
    }
}

std::vector<Piece> Pieces::partition(const Penalties &penalties) const {
    // The best partition of the points before, by what its last piece is.
    struct Best {
        double cost = infinity;
        Piece last;
    };
    std::vector<Best> levels(points_ + 1);
    std::vector<Best> ramps(points_ + 1);
    levels[0].cost = -penalties.level;
    const auto offer = [](Best &best, double cost, const Piece &piece) {
        if (cost < best.cost)
            best = {cost, piece};
    };
    for (std::size_t end = 1; end <= points_; ++end) {
        for (const Piece &piece : levels_[end]) {
            const double before = std::min(levels[piece.first].cost, ramps[piece.first].cost);
            offer(levels[end], before + piece.cost + penalties.level, piece);
        }
        for (const Piece &piece : ramps_[end]) {
            const double least = penalties.ramp_point * static_cast<double>(piece.size());
            offer(ramps[end],
                  levels[piece.first].cost + piece.cost + penalties.ramp +
                      std::max(piece.freedom, least),
                  piece);
        }
    }
    std::vector<Piece> pieces;
    bool ramp = false;
    for (std::size_t end = points_; end > 0; end = pieces.back().first) {
        pieces.push_back(ramp ? ramps[end].last : levels[end].last);
        const std::size_t first = pieces.back().first;
        ramp = !ramp && ramps[first].cost < levels[first].cost;
    }
    std::reverse(pieces.begin(), pieces.end());
    return pieces;
}

} // namespace clprobe
