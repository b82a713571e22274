#include "analysis/intervals.hpp"
#include "analysis/level_joining.hpp"
#include "analysis/plateaus.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <utility>

namespace clprobe {
namespace {

constexpr std::size_t least_points = 4;
constexpr double rare = 0.05; ///< on either side, what an interval need not cover

/// Close to normal, and the same with every standard library.
class NormalNoise {
public:
    double operator()() {
        constexpr int terms = 12; // whose sum has a variance of 1
        double sum = -terms / 2.0;
        for (int i = 0; i < terms; ++i)
            sum += static_cast<double>(engine_() >> 11) * 0x1p-53;
        return sum;
    }

private:
    std::mt19937_64 engine_;
};

/// A curve, what was fitted to it, and the plateaus of that.
struct Reading {
    IsotonicFit fit;
    Plateaus plateaus;
};

Reading read_curve(const LogCurve &curve) {
    IsotonicFit fit = fit_isotonic(curve);
    Plateaus plateaus = plateaus_of(fit);
    return {std::move(fit), std::move(plateaus)};
}

/// The curve read again and again, each time with as much noise added as each point has: what a
/// second run may show. The same for the same curve.
std::vector<Reading> reruns(const LogCurve &curve) {
    constexpr int count = 16;
    NormalNoise noise;
    std::vector<Reading> readings;
    for (int i = 0; i < count; ++i) {
        LogCurve again = curve;
        for (std::size_t k = 0; k < curve.size(); ++k)
            again.level[k] += curve.deviation[k] * noise();
        readings.push_back(read_curve(again));
    }
    return readings;
}

/// For each plateau the one that has most of its range in the other reading, which is no other's;
/// nothing where there is none.
std::vector<std::optional<std::size_t>> counterparts(const Reading &reading, const Reading &other) {
    constexpr double point = 1e-3; // octaves, of a plateau which is one point
    const std::vector<Stretch> &flat = reading.plateaus.flat;
    std::vector<std::optional<std::size_t>> result(flat.size());
    for (std::size_t k = 0; k < other.plateaus.flat.size(); ++k) {
        const Stretch &theirs = other.plateaus.flat[k];
        const auto shared = [&](const Stretch &ours) {
            const auto &octave = reading.fit.octave;
            return point + std::min(octave[ours.last], other.fit.octave[theirs.last]) -
                   std::max(octave[ours.first], other.fit.octave[theirs.first]);
        };
        const auto best = std::ranges::max_element(flat, {}, shared);
        if (best == flat.end() || shared(*best) <= 0)
            continue;
        auto &counterpart = result[static_cast<std::size_t>(best - flat.begin())];
        counterpart = counterpart.value_or(k);
    }
    return result;
}

/// A reading whose plateaus most reruns have too, and these.
struct SettledReading {
    Reading reading;
    std::vector<Reading> reruns;
    /// How many plateaus, from the fastest on, reruns have, each with the same next one.
    std::size_t settled = 0;
    std::vector<double> joined; ///< where plateaus were that reruns lacked
};

/// The first plateau that fewer of the reruns have than must.
std::size_t first_doubtful(const SettledReading &found) {
    constexpr double least_share = 0.6;
    const std::size_t count = found.reading.plateaus.flat.size();
    std::vector<double> found_again(count);
    for (const Reading &rerun : found.reruns) {
        const auto other = counterparts(found.reading, rerun);
        for (std::size_t i = 0; i < count; ++i)
            found_again[i] += other[i] ? 1 : 0;
    }
    const double least = least_share * static_cast<double>(found.reruns.size());
    return static_cast<std::size_t>(
        std::ranges::find_if(found_again, [&](double each) { return each < least; }) -
        found_again.begin());
}

/// Where reruns lack a plateau, the noise around it is taken for larger than it seemed, which joins
/// it with what is beside it; after some rounds of that it stays open.
SettledReading settle(LogCurve curve) {
    constexpr int rounds = 8;
    constexpr double noisier = 1.5;
    SettledReading found;
    for (int round = 0; round < rounds; ++round) {
        found.reading = read_curve(curve);
        found.reruns = reruns(curve);
        const std::vector<Stretch> &flat = found.reading.plateaus.flat;
        const std::size_t doubtful = first_doubtful(found);
        found.settled = doubtful == flat.size() || doubtful == 0 ? doubtful : doubtful - 1;
        if (doubtful == flat.size())
            break;
        found.joined.push_back(curve.x[flat[doubtful].first]);
        const std::size_t first = doubtful > 0 ? flat[doubtful - 1].first : 0;
        const std::size_t last =
            doubtful + 1 < flat.size() ? flat[doubtful + 1].last : curve.size() - 1;
        for (std::size_t i = first; i <= last; ++i)
            curve.deviation[i] *= noisier;
    }
    return found;
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
        note_once(found == levels.end() ? levels.back() : *found, note);
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
