#include "analysis/intervals.hpp"
#include "analysis/plateaus.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <span>

namespace clprobe {
namespace {

constexpr double still_rising = 0.15; // over the last octave, which two points alone show

/// Where the rising fit reaches a value between that of two points: x, and the point behind.
struct Crossing {
    double x = 0;
    std::size_t behind = 0;
};

Crossing crossing(const IsotonicFit &fit, const Stretch &rise, double value) {
    std::size_t behind = rise.first + 1;
    while (behind < rise.last && fit.isotonic[behind] < value)
        ++behind;
    const double low = fit.isotonic[behind - 1];
    const double high = fit.isotonic[behind];
    const double share = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 0.5;
    return {std::exp2(std::lerp(fit.octave[behind - 1], fit.octave[behind], share)), behind};
}

/// Towards less x, and towards more: added to an index.
constexpr std::size_t to_less = static_cast<std::size_t>(-1);
constexpr std::size_t to_more = 1;

/// From where on, or up to where, single points contradict the value that the fit passes at the
/// crossing: are above it before, or below it behind. Two in a row that do not, end the search.
double contradicted(const LogCurve &curve, const Crossing &crossing, double value,
                    std::size_t side) {
    constexpr std::size_t as_expected = 2;
    double x = crossing.x;
    std::size_t i = side == to_less ? crossing.behind - 1 : crossing.behind;
    for (std::size_t agree = 0; i < curve.size() && agree < as_expected; i += side, ++agree)
        if (side == to_less ? curve.level[i] > value : curve.level[i] < value) {
            x = curve.x[i + side < curve.size() ? i + side : i];
            agree = 0;
        }
    return x;
}

/// Half-way between two points that are closer is right to 10 %.
constexpr double far_apart = 1.2;

/// Powers of two are so many times as far, though they may have been rounded.
constexpr double octave = 1.9;

/// A power of two from `low` on and below `high`, or half as much again; nothing where there is
/// none.
std::optional<double> round_size(double low, double high) {
    constexpr double exactly = 0.9999; // points may have been rounded
    for (const double of_power : {1.0, 1.5}) {
        const double size = of_power * std::exp2(std::ceil(std::log2(exactly * low / of_power)));
        if (size < exactly * high)
            return size;
    }
    return std::nullopt;
}

/// Where a rise is of which nothing shows but that it lies between these two points. On a grid of
/// round points it is the one that still fitted: people take such points, and caches have such
/// sizes. Elsewhere it is the midpoint, or a round size where that is no more than a guess.
double unseen_size(double fitted, double behind) {
    constexpr double same = 1.001;
    constexpr double guess = 1.3; // times as far: the midpoint is off by more than a seventh
    if (round_size(fitted, same * fitted))
        return fitted;
    const double knee_midpoint = std::sqrt(fitted * behind);
    return behind > guess * fitted ? round_size(fitted, behind).value_or(knee_midpoint)
                                   : knee_midpoint;
}

/// The last point of a rise that is still on the plateau before it: those behind are worse by more
/// than a tenth of the rise, or the noise.
std::size_t level_end(const IsotonicFit &fit, const Stretch &rise) {
    constexpr double clear = 3; // standard deviations of a point
    constexpr double most = 0.12;
    const double low = fit.isotonic[rise.first];
    const double tenth = std::min(most, (fit.isotonic[rise.last] - low) / 10);
    const auto on_plateau = [&](std::size_t i) {
        return fit.curve.level[i] <
               low + std::max({least_level_step, tenth, clear * fit.curve.deviation[i]});
    };
    std::size_t last = rise.first;
    while (last + 1 < rise.last && on_plateau(last + 1))
        ++last;
    return last;
}

/// Whether a rise gets steeper again where it had begun to fade: it leads over a further level.
bool holds_levels(const LogCurve &curve, const Stretch &rise) {
    constexpr double clear = 3; // standard deviations of a slope
    double least = std::numeric_limits<double>::infinity();
    double most = 0;
    for (std::size_t i = rise.first; i < rise.last; ++i) {
        const double width = std::log2(curve.x[i + 1] / curve.x[i]);
        const double slope = (curve.level[i + 1] - curve.level[i]) / width;
        const double noise = clear * std::hypot(curve.deviation[i], curve.deviation[i + 1]) / width;
        const double step = std::max(2 * least_level_step, noise);
        if (least < most - step && slope > least + step)
            return true;
        if (slope > most) {
            most = slope;
            least = slope;
        }
        least = std::min(least, slope);
    }
    return false;
}

/// The points between which a level ends whose rise begins behind `last`. What is worse by no more
/// than a TLB costs, just before a steeper step, may be one's reach, and the level go on to there;
/// the first level of a coarse curve lies before any.
Stretch end_of_level(const IsotonicFit &fit, std::size_t last, std::size_t behind, bool first) {
    constexpr double of_tlb = 0.45;
    const auto &value = fit.curve.level;
    Stretch end{last, last + 1};
    if (first && fit.curve.x[last + 1] > octave * fit.curve.x[last])
        return end;
    std::size_t steep = last + 1;
    while (steep < behind && value[steep] < fit.isotonic[last] + of_tlb)
        ++steep;
    const double crept = value[steep - 1] - fit.isotonic[last];
    if (value[steep] - value[steep - 1] > std::max(2 * crept, of_tlb))
        end.last = steep;
    return end;
}

/// Size and knee of a level from the rise between its plateau's end and the next one's begin. What
/// happens between two points does not show: a knee within them, or one that begins or ends between
/// two that are far apart, may do so anywhere there; and so it may where single points beside the
/// rise contradict it. Where few points far apart show the rise, they show where the level ends,
/// and not how it does.
void set_size(Level &level, const IsotonicFit &fit, const Stretch &rise, bool first) {
    constexpr std::size_t few = 3;
    const LogCurve &curve = fit.curve;
    const std::size_t last = level_end(fit, rise);
    const double gap = curve.x[last + 1] / curve.x[last];
    const bool shows_end = curve.sparse && gap > far_apart;
    level.crowded = shows_end && holds_levels(curve, {last, rise.last});
    if (shows_end && (rise.last - last <= few || gap > octave || level.crowded)) {
        const Stretch end = end_of_level(fit, last, rise.last, first);
        level.knee = {curve.x[end.first], curve.x[end.last]};
        level.rise_seen = false;
        level.size = unseen_size(curve.x[end.last - 1], curve.x[end.last]);
        return;
    }
    const double low = fit.isotonic[rise.first];
    const double high = fit.isotonic[rise.last];
    const double begun = std::lerp(low, high, 0.1);
    const double ended = std::lerp(low, high, 0.9);
    const Crossing middle = crossing(fit, rise, std::midpoint(low, high));
    const Crossing begin = crossing(fit, rise, begun);
    const Crossing end = crossing(fit, rise, ended);
    const auto between_far = [&](const Crossing &crossing) {
        return curve.x[crossing.behind] > far_apart * curve.x[crossing.behind - 1];
    };
    level.knee = {contradicted(curve, begin, begun, to_less),
                  contradicted(curve, end, ended, to_more)};
    if (begin.behind == middle.behind || between_far(begin))
        level.knee.low = std::min(level.knee.low, curve.x[begin.behind - 1]);
    if (end.behind == middle.behind || between_far(end))
        level.knee.high = std::max(level.knee.high, curve.x[end.behind]);
    const bool unseen = begin.behind == end.behind && between_far(middle);
    level.rise_seen = !unseen;
    level.size =
        unseen ? unseen_size(curve.x[middle.behind - 1], curve.x[middle.behind]) : middle.x;
}

/// The points between the plateaus before and behind the i-th that are at the height of a stretch
/// about that, within the tolerance or the noise, and not worse than they can be.
std::vector<std::size_t> points_at_height(const IsotonicFit &fit, const std::vector<Stretch> &flat,
                                          std::size_t i, const Stretch &stretch,
                                          double least_tolerance) {
    const auto count = stretch.last + 1 - stretch.first;
    const double noise = median(std::span(fit.curve.deviation).subspan(stretch.first, count));
    const double tolerance = std::max(least_tolerance, 2 * noise);
    const double low = fit.isotonic[stretch.first] - tolerance;
    const double high = fit.isotonic[stretch.last] + tolerance;
    const std::size_t end = i + 1 < flat.size() ? flat[i + 1].first + 1 : fit.curve.size();
    std::vector<std::size_t> points;
    for (std::size_t at = i > 0 ? flat[i - 1].last : 0; at < end; ++at)
        if (low < fit.isotonic[at] && fit.isotonic[at] < high &&
            fit.value[at] < fit.isotonic[at] + tolerance)
            points.push_back(at);
    if (points.empty())
        points.push_back(stretch.first);
    return points;
}

/// Within the curve; its ends may go on beyond what was measured. Few points may scatter by more
/// than the curve lets expect.
bool is_one_point(const IsotonicFit &fit, const std::vector<Stretch> &flat, std::size_t i) {
    const auto points = points_at_height(fit, flat, i, flat[i], 2 * least_level_step);
    return points.size() == 1 && points[0] > 0 && points[0] + 1 < fit.curve.size();
}

/// The two points or more that stand for most of the octaves, each reaching midway to the next,
/// over which the fit moves least; of several such those in the middle. Points can be dense at one
/// end.
std::span<const std::size_t> flattest_part(const IsotonicFit &fit,
                                           std::span<const std::size_t> points) {
    constexpr double most = 0.6;
    std::vector<double> bounds{fit.octave[points.front()]}; // octaves, before each point
    for (std::size_t i = 1; i < points.size(); ++i)
        bounds.push_back(std::midpoint(fit.octave[points[i - 1]], fit.octave[points[i]]));
    bounds.push_back(fit.octave[points.back()]);
    const double width = bounds.back() - bounds.front();
    std::span<const std::size_t> best = points;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t first = 0, end = 2; end <= points.size(); ++first) {
        end = std::max(end, first + 2);
        while (end < bounds.size() && bounds[end] - bounds[first] < most * width)
            ++end;
        if (end > points.size())
            break;
        const double drift = std::abs(fit.isotonic[points[end - 1]] - fit.isotonic[points[first]]);
        const double off_middle = std::abs(bounds[first] + bounds[end] - 2 * bounds[0] - width);
        const double cost = drift + least_level_step / 10 * off_middle / width;
        if (cost < least) {
            least = cost;
            best = points.subspan(first, end - first);
        }
    }
    return best;
}

/// Its value is the mean of the points, those that are surer counting more.
Level level_of(const IsotonicFit &fit, const std::vector<std::size_t> &points) {
    constexpr double deviations = 3; // of this run, and of a second
    const Interval drift{fit.isotonic[points.front()], fit.isotonic[points.back()]};
    const bool flat = drift.high - drift.low < least_level_step / 2;
    double weights = 0;
    double sum = 0;
    for (const std::size_t i : flat ? std::span(points) : flattest_part(fit, points)) {
        const double weight = 1 / (fit.curve.deviation[i] * fit.curve.deviation[i]);
        weights += weight;
        sum += weight * fit.curve.level[i];
    }
    Level level;
    level.value = sum / weights;
    const double noise = deviations * (1 / std::sqrt(weights));
    const Interval values = hull(drift, level.value);
    level.interval = {values.low - noise, values.high + noise};
    level.plateau = {fit.curve.x[points.front()], fit.curve.x[points.back()]};
    return level;
}

/// What drifts on as gently as a plateau does, on either side of the flat stretch up to the points
/// given, is the level's too, if not what its value is taken from.
void add_drift(Level &level, const IsotonicFit &fit, const Stretch &flat, const Interval &range) {
    constexpr double gentle = 0.05; // an octave
    for (std::size_t i = 0; i < fit.curve.size(); ++i) {
        const Stretch drift{std::min(i, flat.last), std::max(i, flat.first)};
        if ((i >= flat.first && i <= flat.last) || !range.contains(fit.curve.x[i]) ||
            slope(fit, drift) > gentle || fit.value[i] > fit.isotonic[i] + least_level_step)
            continue;
        level.plateau = hull(level.plateau, fit.curve.x[i]);
        level.interval = hull(level.interval, fit.isotonic[i]);
    }
}

} // namespace

double height(const IsotonicFit &fit, const Stretch &stretch) {
    return fit.isotonic[stretch.last] - fit.isotonic[stretch.first];
}

double slope(const IsotonicFit &fit, const Stretch &stretch) {
    const double width = fit.octave[stretch.last] - fit.octave[stretch.first];
    return width > 0 ? height(fit, stretch) / width : 0;
}

double last_octave(const LogCurve &curve) {
    const std::size_t n = curve.size();
    if (!curve.sparse || n < 2 || curve.x[n - 1] < octave * curve.x[n - 2])
        return 0;
    return curve.level[n - 1] - curve.level[n - 2];
}

EndShape end_shape(const IsotonicFit &fit, const Stretch &stretch) {
    constexpr double drifting = 0.3;   // an octave
    constexpr double most_drift = 0.7; // in all: twice
    constexpr double steep = 0.5;      // an octave
    if (height(fit, stretch) <= 0)
        return EndShape::flat;
    if (slope(fit, stretch) > steep)
        return EndShape::rise;
    const bool drifts = slope(fit, stretch) <= drifting && height(fit, stretch) <= most_drift;
    return drifts ? EndShape::drift : EndShape::approach;
}

Plateaus level_plateaus(const IsotonicFit &fit) {
    Plateaus found = all_plateaus(fit);
    const auto drop_last_if = [&](auto rises) {
        if (found.flat.empty() || !rises(found.flat.back()))
            return;
        found.flat.pop_back();
        found.ends = false;
    };
    drop_last_if([&](const Stretch &last) { return end_shape(fit, last) == EndShape::rise; });
    drop_last_if([&](const Stretch &last) {
        return last.last - last.first < 2 && last_octave(fit.curve) > still_rising;
    });
    for (std::size_t i = found.flat.size(); i-- > 0 && found.flat.size() > 1;)
        if (is_one_point(fit, found.flat, i))
            found.flat.erase(found.flat.begin() + static_cast<std::ptrdiff_t>(i));
    return found;
}

std::vector<Level> levels_of(const IsotonicFit &fit) {
    std::vector<Level> levels;
    const auto &flat = fit.plateaus.flat;
    const std::size_t end = fit.curve.size() - 1;
    for (std::size_t i = 0; i < flat.size(); ++i) {
        const bool last = i + 1 == flat.size();
        Stretch level = flat[i];
        if (i == 0 && end_shape(fit, {0, level.first}) == EndShape::drift)
            level.first = 0;
        if (last && end_shape(fit, {level.last, end}) == EndShape::drift)
            level.last = end;
        levels.push_back(
            level_of(fit, points_at_height(fit, flat, i, level, least_level_step / 2)));
        if (!last)
            set_size(levels.back(), fit, {flat[i].last, flat[i + 1].first}, i == 0);
        add_drift(levels.back(), fit, flat[i],
                  {i == 0 ? 0 : levels[i - 1].knee.high,
                   last ? fit.curve.x.back() : levels.back().knee.low});
    }
    // Where points are far apart a level's end shows wherever the rise behind it leads.
    if (fit.curve.sparse && !flat.empty() && flat.back().last < end && !fit.plateaus.ends &&
        last_octave(fit.curve) > still_rising)
        set_size(levels.back(), fit, {flat.back().last, end}, flat.size() == 1);
    return levels;
}

} // namespace clprobe
