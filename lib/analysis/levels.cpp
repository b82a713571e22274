#include "analysis/intervals.hpp"
#include "analysis/level_joining.hpp"
#include "analysis/plateaus.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <optional>
#include <random>
#include <string>
#include <utility>

namespace clprobe {
namespace {

constexpr std::size_t least_points = 4;

/// Close to normal, and the same with every standard library.
double normal_noise(std::mt19937_64 &engine) {
    constexpr int terms = 12; // whose sum has a variance of 1
    double sum = -terms / 2.0;
    for (int i = 0; i < terms; ++i)
        sum += static_cast<double>(engine() >> 11) * 0x1p-53;
    return sum;
}

/// The curve fitted again and again, each time with as much noise added as each point has: what a
/// second run may show. The same for the same curve.
std::vector<IsotonicFit> reruns(const LogCurve &curve) {
    constexpr std::size_t count = 16;
    std::mt19937_64 engine;
    std::vector<IsotonicFit> fits;
    while (fits.size() < count) {
        LogCurve again = curve;
        for (std::size_t k = 0; k < curve.size(); ++k)
            again.level[k] += curve.deviation[k] * normal_noise(engine);
        fits.push_back(fit_isotonic(again));
    }
    return fits;
}

/// For each plateau the one that has most of its range in the other fit, which is no other's;
/// nothing where there is none.
std::vector<std::optional<std::size_t>> counterparts(const IsotonicFit &fit,
                                                     const IsotonicFit &other) {
    constexpr double point = 1e-3; // octaves, of a plateau which is one point
    const std::vector<Stretch> &flat = fit.plateaus.flat;
    std::vector<std::optional<std::size_t>> result(flat.size());
    for (std::size_t k = 0; k < other.plateaus.flat.size(); ++k) {
        const Stretch &theirs = other.plateaus.flat[k];
        const auto shared = [&](const Stretch &ours) {
            return point + std::min(fit.octave[ours.last], other.octave[theirs.last]) -
                   std::max(fit.octave[ours.first], other.octave[theirs.first]);
        };
        const auto best = std::ranges::max_element(flat, {}, shared);
        if (best == flat.end() || shared(*best) <= 0)
            continue;
        auto &counterpart = result[static_cast<std::size_t>(best - flat.begin())];
        counterpart = counterpart.value_or(k);
    }
    return result;
}

/// A fit whose plateaus most reruns have too, and these.
struct SettledFit {
    IsotonicFit fit;
    std::vector<IsotonicFit> reruns;
    std::vector<std::vector<std::optional<std::size_t>>> counterparts; ///< in each rerun
    /// How many plateaus, from the fastest on, reruns have, each with the same next one.
    std::size_t settled = 0;
    std::vector<double> joined; ///< where plateaus were that reruns lacked
};

/// Where reruns lack a plateau, the noise around it is taken for larger than it seemed, which joins
/// it with what is beside it; after some rounds of that it stays open.
SettledFit settle(LogCurve curve) {
    constexpr int rounds = 8;
    constexpr double noisier = 1.5;
    constexpr int least = 10; // reruns with a plateau
    SettledFit found;
    for (int round = 0; round < rounds; ++round) {
        found.fit = fit_isotonic(curve);
        found.reruns = reruns(curve);
        const std::vector<Stretch> &flat = found.fit.plateaus.flat;
        found.counterparts.clear();
        for (const IsotonicFit &rerun : found.reruns)
            found.counterparts.push_back(counterparts(found.fit, rerun));
        const auto found_again = [&](std::size_t plateau) {
            return std::ranges::count_if(found.counterparts, [plateau](const auto &all) {
                return all[plateau].has_value();
            });
        };
        std::size_t doubtful = 0;
        while (doubtful < flat.size() && found_again(doubtful) >= least)
            ++doubtful;
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

void note_begin(Level &first, const IsotonicFit &fit) {
    const Stretch before{0, fit.plateaus.flat.front().first};
    const EndShape shape = end_shape(fit, before);
    if (fit.plateaus.starts || shape == EndShape::flat)
        return;
    first.note = shape == EndShape::drift
                     ? worse_by(height(fit, before)) + " from the curve's begin on"
                     : "the curve begins in a rise to this level: there may be a faster one";
}

/// The last level may drift on, or not be quite reached; what gets worse steeply beyond it leads to
/// levels that the curve does not show.
void note_end(Levels &found, const IsotonicFit &fit) {
    constexpr double much = 0.2;
    const Stretch &flat = fit.plateaus.flat.back();
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
    } else if (last_octave(fit.curve) > least_level_step) {
        last.note = worse_by(last_octave(fit.curve)) + " in the curve's last octave";
    }
}

/// Adds a note, unless the level has it.
void note_once(Level &level, const std::string &note) {
    if (level.note.find(note) == std::string::npos)
        level.note += (level.note.empty() ? "" : "; ") + note;
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

/// Widens the interval to the middle nine tenths of the values, if there are any.
void cover(Interval &interval, const std::vector<double> &values) {
    for (const double share : {0.05, 0.95})
        if (!values.empty())
            interval = hull(interval, quantile(values, share));
}

/// An interval has to cover what reruns show.
void cover_reruns(std::vector<Level> &levels, const SettledFit &found) {
    std::vector<std::vector<double>> values(levels.size());
    std::vector<std::vector<double>> sizes(levels.size());
    for (std::size_t rerun = 0; rerun < found.reruns.size(); ++rerun) {
        const std::vector<Level> again = levels_of(found.reruns[rerun]);
        const auto &other = found.counterparts[rerun];
        for (std::size_t i = 0; i < levels.size(); ++i) {
            if (!other[i])
                continue;
            values[i].push_back(again[*other[i]].value);
            // That of the same rise: the rerun may have joined the next level with another one.
            if (i + 1 < levels.size() && other[i + 1] == *other[i] + 1)
                sizes[i].push_back(*again[*other[i]].size);
        }
    }
    for (std::size_t i = 0; i < levels.size(); ++i) {
        cover(levels[i].interval, values[i]);
        if (levels[i].size)
            cover(levels[i].knee, sizes[i]);
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

double step(const Level &a, const Level &b) {
    return std::abs(std::log(b.value / a.value));
}

/// Of a sample on the level's plateau, in log value: by how much samples of one point differ there,
/// as the plateau itself may drift. The few that were disturbed do not count.
double noise(const Level &level, std::span<const CurvePoint> curve) {
    constexpr std::ptrdiff_t most_apart = 200; // of more samples, these pairs tell as much
    std::vector<double> differences;
    for (const CurvePoint &point : curve)
        if (level.plateau.contains(point.x))
            for (auto a = point.samples.begin(); a != point.samples.end(); ++a)
                for (auto b = std::next(a); b != point.samples.end() && b - a <= most_apart; ++b)
                    if (*a > 0 && *b > 0)
                        differences.push_back(std::abs(std::log(*b / *a)));
    constexpr double of_normal = 1.4826 / std::numbers::sqrt2; // deviations
    return differences.empty() ? 0 : of_normal * median(differences);
}

bool within_noise(const Level &a, const Level &b, std::span<const CurvePoint> curve) {
    constexpr double deviations = 3.5;
    constexpr double most = 3; // times: a step that shows in spite of any noise
    return step(a, b) < std::log(most) &&
           step(a, b) <= deviations * std::hypot(noise(a, curve), noise(b, curve));
}

/// The first of the two neighbours within the noise that differ least.
std::optional<std::size_t> most_alike(const std::vector<Level> &levels,
                                      std::span<const CurvePoint> curve) {
    std::optional<std::size_t> alike;
    const auto step_behind = [&](std::size_t i) { return step(levels[i], levels[i + 1]); };
    for (std::size_t i = 0; i + 1 < levels.size(); ++i)
        if (within_noise(levels[i], levels[i + 1], curve) &&
            (!alike || step_behind(i) < step_behind(*alike)))
            alike = i;
    return alike;
}

} // namespace

Levels find_levels(std::span<const CurvePoint> given, CurveKind kind) {
    const LogCurve curve = monotone_curve(given, kind);
    if (curve.size() < least_points)
        return {{}, 0, true, false, fmt::format("too few points with samples: {}", curve.size())};
    const SettledFit settled = settle(curve);
    const IsotonicFit &fit = settled.fit;
    Levels found;
    found.noise = median(curve.deviation);
    found.levels = levels_of(fit);
    if (found.levels.empty()) {
        found.reason = "the curve has no plateau";
        return found;
    }
    cover_reruns(found.levels, settled);
    note_begin(found.levels.front(), fit);
    note_end(found, fit);
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
    cover(level.interval, samples);
}

void remove_level(Levels &found, std::size_t index) {
    const Level out = found.levels[index];
    if (index > 0) {
        Level &before = found.levels[index - 1];
        if (index + 1 == found.levels.size()) {
            before.size.reset();
            before.knee = {};
        } else {
            if (step(before, out) < step(out, found.levels[index + 1]))
                before.size = out.size;
            before.knee.high = out.knee.high;
        }
    }
    found.levels.erase(std::next(found.levels.begin(), static_cast<std::ptrdiff_t>(index)));
    if (index < found.settled)
        --found.settled;
}

void join_levels_within_noise(Levels &found, std::span<const CurvePoint> curve) {
    while (const auto alike = most_alike(found.levels, curve)) {
        const std::size_t fast = *alike;
        const std::size_t slow = fast + 1;
        const bool fast_stays = noise(found.levels[fast], curve) < noise(found.levels[slow], curve);
        const double other = found.levels[fast_stays ? slow : fast].value;
        Level &stays = found.levels[fast_stays ? fast : slow];
        stays.interval = hull(stays.interval, other);
        note_once(stays, "a further level next to it is within the noise of its samples");
        remove_level(found, fast_stays ? slow : fast);
    }
}

} // namespace clprobe
