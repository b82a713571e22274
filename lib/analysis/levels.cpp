#include "analysis/line_pieces.hpp"
#include "analysis/plateaus.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace clprobe {
namespace {

/// Smaller rises are no level's.
const double least_step = std::log(1.05);

/// A step of just the least size is seen smaller as often as larger.
constexpr double step_tolerance = 0.8;

/// A curve may wander by this share of the least step without that being taken for levels.
constexpr double wander = 1.0 / 6;

/// A rise at the end of the curve that is gentler in both ways belongs to the last level.
constexpr double gentle_rise = 0.4;
constexpr double gentle_slope = 0.25; // an octave

constexpr std::size_t least_points = 4;

void drop_if(LogCurve &curve, const std::vector<bool> &dropped) {
    LogCurve kept;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        if (dropped[i])
            continue;
        kept.x.push_back(curve.x[i]);
        kept.level.push_back(curve.level[i]);
        kept.deviation.push_back(curve.deviation[i]);
        kept.place.push_back(curve.place[i]);
    }
    curve = std::move(kept);
}

/// Drops the points that are far off the median of five neighbours, as no point of a curve that
/// only rises is.
void drop_outliers(LogCurve &curve) {
    constexpr double far_off = 5;
    constexpr std::size_t window = 5;
    const std::size_t n = curve.size();
    if (n < window)
        return;
    std::vector<bool> dropped(n);
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t first = std::min(i < 2 ? 0 : i - 2, n - window);
        const double middle = median(std::span(curve.level).subspan(first, window));
        // At the ends the window does not lie around the point, and a step may.
        const bool around = i >= 2 && i + 2 < n;
        dropped[i] = around && std::abs(curve.level[i] - middle) > far_off * curve.deviation[i];
    }
    drop_if(curve, dropped);
}

LogCurve prepare(std::span<const CurvePoint> given, CurveKind kind) {
    LogCurve curve = log_curve(given);
    std::vector<bool> dropped(curve.size());
    for (std::size_t i = 0; i < curve.size(); ++i)
        dropped[i] = !(curve.x[i] > 0);
    drop_if(curve, dropped);
    if (kind == CurveKind::bandwidth)
        for (double &level : curve.level)
            level = -level;
    for (double &deviation : curve.deviation)
        deviation = std::max(deviation, wander * least_step);
    drop_outliers(curve);
    return curve;
}

/// A further piece costs as much as keeps a flat curve flat in all but a few of a thousand cases.
LineCosts usual_costs(std::size_t points) {
    const double freedom = std::log(static_cast<double>(points));
    const double level = 4 + 3 * freedom;
    return {level, 2 + freedom, 0.55 * level};
}

/// The curve as fitted, and as it can only rise: no place is worse than a later one, since what
/// spoils a sample never makes it better.
struct Fit {
    std::vector<double> octave;
    std::vector<double> value;
    std::vector<double> rising;
};

Fit fit(const LogCurve &curve, const LineCosts &costs) {
    Fit result{{}, fit_line_pieces(curve, costs), {}};
    for (const double x : curve.x)
        result.octave.push_back(std::log2(x));
    result.rising = result.value;
    for (std::size_t i = result.rising.size() - 1; i-- > 0;)
        result.rising[i] = std::min(result.rising[i], result.rising[i + 1]);
    return result;
}

Plateaus plateaus_of(const LogCurve &curve, const Fit &fit) {
    constexpr double clear_rise = 2; // standard deviations of a point
    constexpr double least_width = 0.4;
    const double rise = std::max(step_tolerance * least_step, clear_rise * median(curve.deviation));
    return find_plateaus(fit.octave, fit.rising, {rise, least_width});
}

/// Where the rising fit reaches a value between that of two points: x, and the points around it.
struct Crossing {
    double x = 0;
    Interval around;
};

Crossing crossing(const LogCurve &curve, const Fit &fit, const Stretch &rise, double value) {
    std::size_t behind = rise.first + 1;
    while (behind < rise.last && fit.rising[behind] < value)
        ++behind;
    const double low = fit.rising[behind - 1];
    const double high = fit.rising[behind];
    const double share = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 0.5;
    return {std::exp2(std::lerp(fit.octave[behind - 1], fit.octave[behind], share)),
            {curve.x[behind - 1], curve.x[behind]}};
}

/// Size and knee of a level from the rise between its plateau's end and the next one's begin. What
/// happens between two points is not seen: a knee within them may begin and end anywhere there.
void set_size(Level &level, const LogCurve &curve, const Fit &fit, const Stretch &rise) {
    const double low = fit.rising[rise.first];
    const double high = fit.rising[rise.last];
    const Crossing middle = crossing(curve, fit, rise, std::midpoint(low, high));
    const Crossing begin = crossing(curve, fit, rise, std::lerp(low, high, 0.1));
    const Crossing end = crossing(curve, fit, rise, std::lerp(low, high, 0.9));
    level.size = middle.x;
    level.knee = {begin.around == middle.around ? middle.around.low : begin.x,
                  end.around == middle.around ? middle.around.high : end.x};
}

/// The points about the flat stretch, between the two bounds, that are at its height.
std::vector<std::size_t> points_at_height(const Fit &fit, const Stretch &flat,
                                          const Stretch &bounds) {
    const auto [low, high] = std::minmax(fit.rising[flat.first], fit.rising[flat.last]);
    const double tolerance = least_step / 2;
    std::vector<std::size_t> points;
    for (std::size_t i = bounds.first; i <= bounds.last; ++i)
        if (fit.value[i] > low - tolerance && fit.value[i] < high + tolerance)
            points.push_back(i);
    if (points.empty())
        points.push_back(flat.first);
    return points;
}

Level level_of(const LogCurve &curve, const Fit &fit, const std::vector<std::size_t> &points) {
    constexpr double deviations = 3; // of this run, and of a second
    double weights = 0;
    double sum = 0;
    Interval drift{fit.value[points.front()], fit.value[points.front()]};
    for (const std::size_t i : points) {
        const double weight = 1 / (curve.deviation[i] * curve.deviation[i]);
        weights += weight;
        sum += weight * curve.level[i];
        drift = {std::min(drift.low, fit.value[i]), std::max(drift.high, fit.value[i])};
    }
    const double value = sum / weights;
    const double half = deviations / std::sqrt(weights);
    Level level;
    level.value = value;
    level.interval = {std::min(drift.low, value) - half, std::max(drift.high, value) + half};
    level.plateau = {curve.x[points.front()], curve.x[points.back()]};
    return level;
}

std::vector<Level> levels_of(const LogCurve &curve, const Fit &fit, const Plateaus &plateaus) {
    std::vector<Level> levels;
    const auto &flat = plateaus.flat;
    for (std::size_t i = 0; i < flat.size(); ++i) {
        const Stretch bounds{i == 0 ? 0 : flat[i - 1].last,
                             i + 1 == flat.size() ? curve.size() - 1 : flat[i + 1].first};
        levels.push_back(level_of(curve, fit, points_at_height(fit, flat[i], bounds)));
        if (i + 1 < flat.size())
            set_size(levels.back(), curve, fit, {flat[i].last, flat[i + 1].first});
    }
    return levels;
}

/// From logarithms to the curve's own unit.
void to_unit(Level &level, CurveKind kind) {
    const auto convert = [kind](double value) {
        return std::exp(kind == CurveKind::bandwidth ? -value : value);
    };
    level.value = convert(level.value);
    level.interval = {convert(level.interval.low), convert(level.interval.high)};
    if (kind == CurveKind::bandwidth)
        std::swap(level.interval.low, level.interval.high);
}

/// Looks at where the curve ends: a gentle rise is noted at the last level, a steep one means that
/// slower levels are not shown.
void judge_end(Levels &found, const LogCurve &curve, const Fit &fit, const Plateaus &plateaus) {
    if (plateaus.ends || plateaus.flat.empty())
        return;
    const std::size_t last = plateaus.flat.back().last;
    const double rise = fit.rising.back() - fit.rising[last];
    const double slope = rise / (fit.octave.back() - fit.octave[last]);
    if (rise < gentle_rise && slope < gentle_slope) {
        found.levels.back().note =
            fmt::format("rises by another {:.0f} % to the curve's end", 100 * std::expm1(rise));
        found.levels.back().interval.high += rise;
        return;
    }
    found.complete = false;
    found.reason = fmt::format("the curve does not end with a plateau: it rises from {:.4g} on",
                               curve.x[last]);
}

} // namespace

Levels find_levels(std::span<const CurvePoint> given, CurveKind kind) {
    const LogCurve curve = prepare(given, kind);
    Levels found;
    if (curve.size() < least_points) {
        found.reason = fmt::format("{} points with samples are too few", curve.size());
        return found;
    }
    found.noise = median(curve.deviation);
    const LineCosts costs = usual_costs(curve.size());
    const Fit usual = fit(curve, costs);
    const Plateaus plateaus = plateaus_of(curve, usual);
    found.levels = levels_of(curve, usual, plateaus);
    if (!plateaus.starts)
        found.reason = "the curve does not begin with a plateau";
    judge_end(found, curve, usual, plateaus);
    for (const double factor : {0.8, 1.25}) {
        const LineCosts other{factor * costs.level, factor * costs.slope, factor * costs.single};
        const std::size_t count = plateaus_of(curve, fit(curve, other)).flat.size();
        if (found.reason.empty() && count != found.levels.size())
            found.reason = fmt::format("{} or {} levels: the noise leaves it open",
                                       std::min(count, found.levels.size()),
                                       std::max(count, found.levels.size()));
    }
    for (Level &level : found.levels)
        to_unit(level, kind);
    found.decided = found.reason.empty();
    return found;
}

} // namespace clprobe
