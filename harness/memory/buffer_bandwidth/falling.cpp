#include "analysis/level_joining.hpp"
#include "memory/buffer_bandwidth/falling.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>

namespace clprobe::probes::buffer_bandwidth {
namespace {

constexpr double least_octaves = 0.45; ///< half of one, and a grid that does not hit it exactly

/// Scales the samples of each place so that the medians never rise.
void make_falling(std::vector<CurvePoint> &curve) {
    std::erase_if(curve, [](const CurvePoint &point) {
        return point.samples.empty() || !(median(point.samples) > 0);
    });
    std::ranges::sort(curve, {}, &CurvePoint::x);
    std::vector<double> slowness;
    for (const CurvePoint &point : curve)
        slowness.push_back(-std::log(median(point.samples)));
    slowness = isotonic_fit(slowness);
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const double factor = std::exp(-slowness[i]) / median(curve[i].samples);
        for (double &sample : curve[i].samples)
            sample *= factor;
    }
}

/// Whether the level is too short to be one, although the places around it would show more: its
/// plateau, and all that lies between the knees on either side of it.
bool too_short(const Levels &found, std::size_t index, const std::vector<CurvePoint> &curve) {
    const Level &level = found.levels[index];
    const double least = std::exp2(least_octaves);
    const double from = index > 0 ? found.levels[index - 1].knee.high : curve.front().x;
    if (level.plateau.high >= least * level.plateau.low || level.knee.low >= least * from)
        return false;
    return std::ranges::any_of(curve, [&](const CurvePoint &point) {
        return (point.x < level.plateau.low && level.plateau.low < least * point.x) ||
               (point.x > level.plateau.high && point.x < least * level.plateau.high);
    });
}

/// Sums of squares, in log bandwidth: how far places are off one straight line over log footprint,
/// and how far off the middles of two groups, the first of so many places.
struct Misfit {
    double line = 0;
    double step = 0;
};
Misfit misfit(std::span<const CurvePoint> places, std::size_t first_group) {
    struct Sums { // around their means
        double count = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
        void add(double at, double value) {
            const double dx = at - x;
            const double dy = value - y;
            count += 1;
            x += dx / count;
            y += dy / count;
            xx += dx * (at - x);
            xy += dx * (value - y);
            yy += dy * (value - y);
        }
    };
    Sums all;
    Sums groups[2];
    for (std::size_t i = 0; i < places.size(); ++i)
        for (Sums *sums : {&all, &groups[i < first_group ? 0 : 1]})
            sums->add(std::log(places[i].x), std::log(median(places[i].samples)));
    return {all.yy - (all.xx > 0 ? all.xy * all.xy / all.xx : 0), groups[0].yy + groups[1].yy};
}

/// Whether a level and the next one, hardly slower, are a slope: one line is nearer to the places
/// of both than two levels are. Places made to fall lie on stairs, where several have one middle,
/// and do not show any more how they scattered about it: the fit of levels takes some for steps.
bool one_slope(const Levels &found, std::size_t index, const std::vector<CurvePoint> &curve) {
    constexpr double hardly = 1.25;
    constexpr double nearer = 0.75; // of the sum of squares
    const Level &fast = found.levels[index];
    const Level &slow = found.levels[index + 1];
    if (fast.value > hardly * slow.value)
        return false;
    const auto begin = std::ranges::lower_bound(curve, fast.plateau.low, {}, &CurvePoint::x);
    const auto middle = std::ranges::lower_bound(curve, slow.plateau.low, {}, &CurvePoint::x);
    const auto end = std::ranges::upper_bound(curve, slow.plateau.high, {}, &CurvePoint::x);
    const auto [line, step] = misfit({begin, end}, static_cast<std::size_t>(middle - begin));
    return line < nearer * step;
}

/// Makes one of a level and the next.
void join(Levels &found, std::size_t index) {
    found.levels[index + 1].plateau.low = found.levels[index].plateau.low;
    found.levels.erase(found.levels.begin() + static_cast<std::ptrdiff_t>(index));
    if (index < found.settled)
        --found.settled;
}

} // namespace

Levels falling_levels(const std::vector<CurvePoint> &measured) {
    std::vector<CurvePoint> curve = measured;
    make_falling(curve);
    Levels found = find_levels(curve, CurveKind::bandwidth);
    for (std::size_t i = found.levels.size(); i-- > 0;)
        // The last one ends where the curve does.
        if (i + 1 < found.levels.size() && too_short(found, i, curve))
            remove_level(found, i);
    for (std::size_t i = found.levels.size(); i-- > 1;)
        if (one_slope(found, i - 1, curve))
            join(found, i - 1);
    for (Level &level : found.levels)
        cover_samples(level, measured);
    return found;
}

} // namespace clprobe::probes::buffer_bandwidth
