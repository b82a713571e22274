#include "analysis/plateau_levels.hpp"
#include "analysis/reruns.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace clprobe {
namespace {

constexpr std::size_t least_points = 4;
constexpr double rare = 0.05; ///< on either side, what an interval need not cover

bool usable(double sample) {
    return std::isfinite(sample) && sample > 0;
}

std::string worse_by(double height) {
    return fmt::format("gets worse by {:.0f} %", 100 * std::expm1(height));
}

void note_begin(Level &first, const IsotonicFit &fit, const Plateaus &plateaus) {
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
void note_end(Levels &found, const IsotonicFit &fit, const Plateaus &plateaus) {
    constexpr double much = 0.2;
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
    } else if (height(fit, flat) > much) {
        last.note = worse_by(height(fit, flat)) + " up to the curve's end";
    } else if (last_octave(fit.curve) > least_level_step()) {
        last.note = worse_by(last_octave(fit.curve)) + " in the curve's last octave";
    }
}

/// What was joined with a level lies on its plateau, or in the rise behind it.
void note_joined(std::vector<Level> &levels, const std::vector<double> &joined) {
    const std::string note = "the noise leaves open whether there is a further level next to it";
    for (const double x : joined) {
        const auto found = std::ranges::find_if(
            levels, [&](const Level &each) { return !each.size || x < each.knee.high; });
        Level &level = found == levels.end() ? levels.back() : *found;
        if (level.note.find(note) == std::string::npos)
            level.note += (level.note.empty() ? "" : "; ") + note;
    }
}

/// An interval has to cover what reruns show.
void cover_reruns(std::vector<Level> &levels, const SettledReading &found) {
    std::vector<std::vector<double>> values(levels.size());
    std::vector<std::vector<double>> sizes(levels.size());
    for (const Reading &rerun : found.reruns) {
        const std::vector<Level> again = levels_of(rerun.fit, rerun.plateaus);
        const auto other = counterparts(found.reading, rerun);
        for (std::size_t i = 0; i < levels.size(); ++i) {
            if (!other[i])
                continue;
            values[i].push_back(again[*other[i]].value);
            // That of the same rise: the rerun may have joined the next level with another one.
            if (i + 1 < levels.size() && other[i + 1] == *other[i] + 1)
                sizes[i].push_back(*again[*other[i]].size);
        }
    }
    for (std::size_t i = 0; i < levels.size(); ++i)
        for (const double share : {rare, 1 - rare}) {
            if (!values[i].empty())
                levels[i].interval = hull(levels[i].interval, quantile(values[i], share));
            if (levels[i].size && !sizes[i].empty())
                levels[i].knee = hull(levels[i].knee, quantile(sizes[i], share));
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
    const LogCurve curve = monotone_curve(given, kind);
    Levels found;
    if (curve.size() < least_points) {
        found.reason = fmt::format("too few points with samples: {}", curve.size());
        return found;
    }
    const SettledReading settled = settle(curve);
    const auto &[fit, plateaus] = settled.reading;
    found.noise = median(curve.deviation);
    if (plateaus.flat.empty()) {
        found.reason = "the curve has no plateau";
        return found;
    }
    found.levels = levels_of(fit, plateaus);
    cover_reruns(found.levels, settled);
    note_begin(found.levels.front(), fit, plateaus);
    note_end(found, fit, plateaus);
    note_joined(found.levels, settled.joined);
    found.settled = settled.settled;
    found.decided = found.settled == found.levels.size();
    if (!found.decided)
        found.reason = fmt::format("{} or more levels: the noise leaves it open", found.settled);
    for (Level &level : found.levels) {
        to_unit(level, kind);
        cover_samples(level, given);
    }
    return found;
}

void cover_samples(Level &level, std::span<const CurvePoint> curve) {
    std::vector<double> samples;
    for (const CurvePoint &point : curve)
        if (level.plateau.contains(point.x))
            std::ranges::copy_if(point.samples, std::back_inserter(samples), usable);
    if (samples.empty())
        return;
    for (const double share : {rare, 1 - rare})
        level.interval = hull(level.interval, quantile(samples, share));
}

} // namespace clprobe
