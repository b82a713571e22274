#include "analysis/plateaus.hpp"
#include "analysis/rising_fit.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace clprobe {
namespace {

constexpr std::size_t least_points = 4;

double height(const RisingFit &fit, const Stretch &stretch) {
    return fit.rising[stretch.last] - fit.rising[stretch.first];
}

/// What a stretch at an end of the curve is: level, a drift that belongs to the level there, the
/// approach to a level, or part of a rise.
enum class EndShape { flat, drift, approach, rise };

double slope(const RisingFit &fit, const Stretch &stretch) {
    const double width = fit.octave[stretch.last] - fit.octave[stretch.first];
    return width > 0 ? height(fit, stretch) / width : 0;
}

EndShape end_shape(const RisingFit &fit, const Stretch &stretch) {
    constexpr double drifting = 0.3; // an octave
    constexpr double steep = 0.5;    // an octave
    if (height(fit, stretch) <= 0)
        return EndShape::flat;
    if (slope(fit, stretch) > steep)
        return EndShape::rise;
    return slope(fit, stretch) > drifting ? EndShape::approach : EndShape::drift;
}

Plateaus plateaus_of(const RisingFit &fit) {
    constexpr double step_tolerance = 0.8; // a step of just the least size is often seen smaller
    constexpr double clear_rise = 2;       // standard deviations of a point
    constexpr double least_width = 0.55;   // octaves, half-way to the points around it
    Plateaus found = find_plateaus({fit.octave, fit.rising, fit.curve.deviation},
                                   {step_tolerance * least_level_step(), clear_rise, least_width});
    if (end_shape(fit, found.flat.back()) == EndShape::rise) {
        found.flat.pop_back();
        found.ends = false;
    }
    return found;
}

/// Where the rising fit reaches a value between that of two points: x, and the points around it.
struct Crossing {
    double x = 0;
    Interval around;
};

Crossing crossing(const RisingFit &fit, const Stretch &rise, double value) {
    std::size_t behind = rise.first + 1;
    while (behind < rise.last && fit.rising[behind] < value)
        ++behind;
    const double low = fit.rising[behind - 1];
    const double high = fit.rising[behind];
    const double share = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 0.5;
    return {std::exp2(std::lerp(fit.octave[behind - 1], fit.octave[behind], share)),
            {fit.curve.x[behind - 1], fit.curve.x[behind]}};
}

/// Size and knee of a level from the rise between its plateau's end and the next one's begin. What
/// happens between two points is not seen: a knee within them may begin and end anywhere there.
void set_size(Level &level, const RisingFit &fit, const Stretch &rise) {
    const double low = fit.rising[rise.first];
    const double high = fit.rising[rise.last];
    const Crossing middle = crossing(fit, rise, std::midpoint(low, high));
    const Crossing begin = crossing(fit, rise, std::lerp(low, high, 0.1));
    const Crossing end = crossing(fit, rise, std::lerp(low, high, 0.9));
    level.size = middle.x;
    level.knee = {begin.around == middle.around ? middle.around.low : begin.x,
                  end.around == middle.around ? middle.around.high : end.x};
}

/// The points about the flat stretch, between the two bounds, that are at its height, and not worse
/// than they can be.
std::vector<std::size_t> points_at_height(const RisingFit &fit, const Stretch &flat,
                                          const Stretch &bounds) {
    const double tolerance = std::max(least_level_step() / 2, 2 * fit.curve.deviation[flat.first]);
    const double low = fit.rising[flat.first] - tolerance;
    const double high = fit.rising[flat.last] + tolerance;
    std::vector<std::size_t> points;
    for (std::size_t i = bounds.first; i <= bounds.last; ++i)
        if (low < fit.rising[i] && fit.rising[i] < high && fit.value[i] < fit.rising[i] + tolerance)
            points.push_back(i);
    if (points.empty())
        points.push_back(flat.first);
    return points;
}

struct Mean {
    double value = 0;
    double deviation = 0;
};

Mean mean_of(const LogCurve &curve, std::span<const std::size_t> points) {
    double weights = 0;
    double sum = 0;
    for (const std::size_t i : points) {
        const double weight = 1 / (curve.deviation[i] * curve.deviation[i]);
        weights += weight;
        sum += weight * curve.level[i];
    }
    return {sum / weights, 1 / std::sqrt(weights)};
}

/// The half of the points over which the fit moves least; of several the one in the middle.
std::span<const std::size_t> flattest_half(const RisingFit &fit,
                                           std::span<const std::size_t> points) {
    const std::size_t size = points.size() / 2 + 1;
    const std::size_t choices = points.size() - size + 1;
    std::size_t best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t first = 0; first < choices; ++first) {
        const double drift =
            std::abs(fit.value[points[first + size - 1]] - fit.value[points[first]]);
        const double place = static_cast<double>(2 * first + 1) / static_cast<double>(choices);
        const double cost = drift + least_level_step() / 10 * std::abs(place - 1);
        if (cost < least) {
            least = cost;
            best = first;
        }
    }
    return points.subspan(best, size);
}

Level level_of(const RisingFit &fit, const std::vector<std::size_t> &points) {
    constexpr double deviations = 3; // of this run, and of a second
    Interval drift{fit.value[points.front()], fit.value[points.front()]};
    for (const std::size_t i : points)
        drift = {std::min(drift.low, fit.value[i]), std::max(drift.high, fit.value[i])};
    const bool flat = drift.high - drift.low < least_level_step() / 2;
    const Mean mean = mean_of(fit.curve, flat ? points : flattest_half(fit, points));
    Level level;
    level.value = mean.value;
    level.interval = {std::min(drift.low, mean.value) - deviations * mean.deviation,
                      std::max(drift.high, mean.value) + deviations * mean.deviation};
    level.plateau = {fit.curve.x[points.front()], fit.curve.x[points.back()]};
    return level;
}

/// The first and the last level go as far as the curve drifts to its ends.
std::vector<Level> levels_of(const RisingFit &fit, const Plateaus &plateaus) {
    std::vector<Level> levels;
    const auto &flat = plateaus.flat;
    const std::size_t end = fit.curve.size() - 1;
    for (std::size_t i = 0; i < flat.size(); ++i) {
        const bool last = i + 1 == flat.size();
        const Stretch bounds{i == 0 ? 0 : flat[i - 1].last, last ? end : flat[i + 1].first};
        Stretch level = flat[i];
        if (i == 0 && end_shape(fit, {0, level.first}) == EndShape::drift)
            level.first = 0;
        if (last && end_shape(fit, {level.last, end}) == EndShape::drift)
            level.last = end;
        levels.push_back(level_of(fit, points_at_height(fit, level, bounds)));
        if (!last)
            set_size(levels.back(), fit, {flat[i].last, flat[i + 1].first});
    }
    return levels;
}

std::string worse_by(double height) {
    return fmt::format("gets worse by {:.0f} %", 100 * std::expm1(height));
}

void note_begin(Level &first, const RisingFit &fit, const Plateaus &plateaus) {
    const Stretch before{0, plateaus.flat.front().first};
    const EndShape shape = end_shape(fit, before);
    if (plateaus.starts || shape == EndShape::flat)
        return;
    first.note = shape == EndShape::drift
                     ? worse_by(height(fit, before)) + " from the curve's begin on"
                     : "the curve begins in a rise to this level: there may be a faster one";
}

/// The last level may drift on, or not be quite reached; what gets worse steeply beyond it leads to
/// levels that the curve does not show.
void note_end(Levels &found, const RisingFit &fit, const Plateaus &plateaus) {
    const Stretch &flat = plateaus.flat.back();
    const Stretch beyond{flat.last, fit.curve.size() - 1};
    Level &last = found.levels.back();
    const EndShape shape = end_shape(fit, beyond);
    if (shape == EndShape::approach || shape == EndShape::rise) {
        found.complete = false;
        found.reason = "the curve does not end with a plateau";
    } else if (shape == EndShape::drift) {
        last.note = worse_by(height(fit, beyond)) + " up to the curve's end";
    } else if (end_shape(fit, flat) == EndShape::approach) {
        last.interval.high += slope(fit, flat);
        last.note = "gets worse up to the curve's end";
    }
}

bool overlap(const Stretch &a, const Stretch &b) {
    return a.first <= b.last && b.first <= a.last;
}

/// How many levels, from the fastest on, both have, each with the same next one.
std::size_t in_common(const Plateaus &a, const Plateaus &b) {
    const std::size_t most = std::max(a.flat.size(), b.flat.size());
    std::size_t same = 0;
    while (same < std::min(a.flat.size(), b.flat.size()) && overlap(a.flat[same], b.flat[same]))
        ++same;
    return same == most || same == 0 ? same : same - 1;
}

/// The levels have to stay the same where pieces of the fit cost a little more or less.
void settle(Levels &found, const RisingFit &fit, const Plateaus &plateaus) {
    const std::size_t usual = plateaus.flat.size();
    found.settled = found.levels.size();
    found.decided = true;
    for (const double caution : {0.8, 1.25}) {
        const Plateaus other = plateaus_of(fit_rising(fit.curve, caution));
        const std::size_t count = other.flat.size();
        found.settled = std::min(found.settled, in_common(plateaus, other));
        if (count == usual || !found.decided)
            continue;
        found.decided = false;
        found.reason = fmt::format("{} or {} levels: the noise leaves it open",
                                   std::min(count, usual), std::max(count, usual));
    }
}

/// From logarithms to the curve's own unit.
void to_unit(Level &level, CurveKind kind) {
    const bool negated = kind == CurveKind::bandwidth;
    const auto convert = [negated](double value) { return std::exp(negated ? -value : value); };
    level.value = convert(level.value);
    level.interval = {convert(level.interval.low), convert(level.interval.high)};
    if (negated)
        std::swap(level.interval.low, level.interval.high);
}

} // namespace

Levels find_levels(std::span<const CurvePoint> given, CurveKind kind) {
    const LogCurve curve = worsening_curve(given, kind);
    Levels found;
    if (curve.size() < least_points) {
        found.reason = fmt::format("{} points with samples are too few", curve.size());
        return found;
    }
    const RisingFit fit = fit_rising(curve);
    const Plateaus plateaus = plateaus_of(fit);
    found.noise = median(curve.deviation);
    if (plateaus.flat.empty()) {
        found.reason = "the curve has no plateau";
        return found;
    }
    found.levels = levels_of(fit, plateaus);
    note_begin(found.levels.front(), fit, plateaus);
    note_end(found, fit, plateaus);
    settle(found, fit, plateaus);
    for (Level &level : found.levels)
        to_unit(level, kind);
    return found;
}

} // namespace clprobe
