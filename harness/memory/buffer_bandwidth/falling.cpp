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
    slowness = never_falling(slowness);
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

/// Takes out a level between two others: the knee before it then reaches over both, and lies where
/// most of the fall is.
void take_out(Levels &found, std::size_t index) {
    if (index > 0 && index + 1 < found.levels.size() && found.levels[index].size) {
        Level &before = found.levels[index - 1];
        const Level &out = found.levels[index];
        if (out.value * out.value > before.value * found.levels[index + 1].value)
            before.size = out.size;
        before.knee.high = out.knee.high;
    }
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
            take_out(found, i);
    for (Level &level : found.levels)
        cover_samples(level, measured);
    return found;
}

} // namespace clprobe::probes::buffer_bandwidth
