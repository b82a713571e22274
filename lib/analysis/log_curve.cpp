#include "analysis/log_curve.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>
#include <set>

namespace clprobe {
namespace {

/// Points on either side that share their noise with one.
constexpr std::size_t nearby = 3;

std::vector<double> logarithms(const std::vector<double> &samples) {
    std::vector<double> result;
    for (const double sample : samples)
        if (usable(sample))
            result.push_back(std::log(sample));
    return result;
}

/// Deviation of normal variables whose differences have this median size.
double deviation_of_differences(std::vector<double> differences) {
    constexpr double normal_quartile = 0.67449; // median distance from the mean
    for (double &difference : differences)
        difference = std::abs(difference);
    return median(differences) / (normal_quartile * std::numbers::sqrt2);
}

/// From how far the curve moves against its trend: a curve that goes one way only, however steeply
/// and wherever, does so by its noise alone, on half of the pairs of points that it is level over.
double deviation_against_trend(const std::vector<double> &differences) {
    constexpr std::size_t few = 5; // say nothing: outliers, not noise
    const bool falls = std::accumulate(differences.begin(), differences.end(), 0.0) < 0;
    std::vector<double> against;
    for (const double difference : differences)
        if (difference != 0 && (difference > 0) == falls)
            against.push_back(difference);
    against.resize(std::max(against.size(), few));
    return deviation_of_differences(std::move(against));
}

/// How far the points scatter about a curve that is level or climbs steadily nearly everywhere, or
/// never turns: from their differences, from how these differ, or from those against the trend,
/// whichever sees least. A curve that climbs steadily all the way says nothing against its trend.
double deviation_along(const std::vector<double> &levels) {
    constexpr double steady = 1.5;
    constexpr std::size_t all_the_way = 20; // and no staircase of single points
    std::vector<double> differences;
    std::vector<double> bends;
    for (std::size_t i = 1; i < levels.size(); ++i)
        differences.push_back(levels[i] - levels[i - 1]);
    for (std::size_t i = 1; i < differences.size(); ++i)
        bends.push_back((differences[i] - differences[i - 1]) / std::numbers::sqrt3);
    const double against = deviation_against_trend(differences);
    const double climb = median(differences);
    for (double &difference : differences)
        difference -= climb;
    const double along =
        std::min(deviation_of_differences(differences), deviation_of_differences(bends));
    const bool climbs = std::abs(climb) > steady * along && differences.size() > all_the_way;
    return climbs ? along : std::min(along, against);
}

/// Samples of one point share what is particular to that point, so a curve can be rougher than
/// they say: then its own roughness counts.
void raise_to_roughness(LogCurve &curve) {
    constexpr double much_rougher = 1.5; // than chance makes it
    const double roughness = deviation_along(curve.level);
    const double expected = median(curve.deviation);
    if (roughness < much_rougher * expected)
        return;
    for (double &deviation : curve.deviation)
        deviation = expected > 0 ? deviation * roughness / expected : roughness;
}

/// Of one sample, by the differences between those of the same point; nothing where these are too
/// few. Of many samples of a point some stand for all, which have too many pairs.
std::optional<double> pooled_deviation(std::span<const std::vector<double>> samples) {
    constexpr std::size_t enough_pairs = 12;
    constexpr std::size_t most = 100;
    std::vector<double> differences;
    for (const std::vector<double> &here : samples) {
        const std::size_t step = here.size() / most + 1;
        for (std::size_t i = 0; i < here.size(); i += step)
            for (std::size_t j = i + step; j < here.size(); j += step)
                differences.push_back(here[j] - here[i]);
    }
    if (differences.size() < enough_pairs)
        return std::nullopt;
    return deviation_of_differences(std::move(differences));
}

/// Of each point's median, by the noise of the samples there and at the points around it: one
/// level of a curve can be much noisier than another.
std::vector<double> deviations(const std::vector<std::vector<double>> &samples) {
    constexpr double least_share = 0.5; // of what holds for the curve
    constexpr double by_chance = 2;     // a point's samples disagree by so much more than others
    const double whole = pooled_deviation(samples).value_or(0);
    std::vector<double> result;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double local = pooled_deviation(neighbours(samples, i, nearby)).value_or(whole);
        result.push_back(
            median_deviation(samples[i].size()) *
            std::max({local, least_share * whole, robust_deviation(samples[i]) / by_chance}));
    }
    return result;
}

/// How far values are off the best curve through them that never falls, in the sense of least
/// absolute deviations (pool adjacent violators, Ayer et al. 1955).
std::vector<double> off_rising(std::span<const double> values) {
    struct Pool {
        std::size_t end = 0;
        double middle = 0;
    };
    std::vector<Pool> pools;
    for (std::size_t i = 0; i < values.size(); ++i) {
        Pool pool{i + 1, values[i]};
        while (!pools.empty() && pools.back().middle > pool.middle) {
            pools.pop_back();
            const std::size_t first = pools.empty() ? 0 : pools.back().end;
            pool.middle = median(values.subspan(first, i + 1 - first));
        }
        pools.push_back(pool);
    }
    std::vector<double> off;
    for (const Pool &pool : pools)
        while (off.size() < pool.end)
            off.push_back(values[off.size()] - pool.middle);
    return off;
}

/// The same of a curve that falls to its least value and never falls behind it.
std::vector<double> off_trend(const std::vector<double> &levels) {
    const auto least = std::ranges::min_element(levels);
    std::vector<double> before(std::make_reverse_iterator(least), levels.rend());
    std::vector<double> off = off_rising(before);
    std::ranges::reverse(off);
    const std::vector<double> behind = off_rising({least, levels.end()});
    off.insert(off.end(), behind.begin(), behind.end());
    return off;
}

LogCurve log_curve(std::span<const CurvePoint> points) {
    LogCurve curve;
    std::vector<std::vector<double>> samples;
    for (const CurvePoint &point : points) {
        samples.push_back(logarithms(point.samples));
        curve.x.push_back(point.x);
        curve.level.push_back(median(samples.back()));
    }
    curve.deviation = deviations(samples);
    if (curve.size() >= 3)
        raise_to_roughness(curve);
    return curve;
}

/// Raises the deviations where the curve is much rougher around some points than it is elsewhere,
/// by how far it moves against its trend there.
void raise_to_local_roughness(LogCurve &curve) {
    constexpr double much_rougher = 1.5;
    const std::vector<double> all_off = off_trend(curve.level);
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const std::span<const double> here = neighbours(all_off, i, nearby);
        double most = 0;
        double squares = 0;
        for (const double off : here) {
            most = std::max(most, off * off);
            squares += off * off;
        }
        // One of them may be an outlier, which is no noise.
        const double roughness = std::sqrt((squares - most) / static_cast<double>(here.size() - 1));
        if (roughness > much_rougher * curve.deviation[i])
            curve.deviation[i] = roughness;
    }
}

/// Whether most points have one sample, or lie an octave apart (but for rounding).
bool is_sparse(std::span<const CurvePoint> points) {
    constexpr double octave = 1.9;
    std::size_t single = 0;
    std::size_t apart = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        single += points[i].samples.size() == 1 ? 1 : 0;
        apart += i > 0 && points[i].x > octave * points[i - 1].x ? 1 : 0;
    }
    return 2 * std::max(single, apart) > points.size();
}

/// The power of ten of which all values are multiples; 0 where that is so fine that less shows in
/// no level, or too few values differ to tell it from chance.
double rounded_to(const std::vector<double> &values) {
    constexpr double fine = 0.01; // of the least
    constexpr double exactly = 1e-6;
    constexpr std::size_t few = 3;
    if (std::set<double>(values.begin(), values.end()).size() < few)
        return 0;
    const double least = std::ranges::min(values);
    for (double unit = std::pow(10, std::floor(std::log10(least))); unit >= fine * least;
         unit /= 10)
        if (std::ranges::all_of(values, [&](double value) {
                return std::abs(value / unit - std::round(value / unit)) < exactly;
            }))
            return unit;
    return 0;
}

/// Values that were rounded are known to half a unit only, and all at one height are off by the
/// same: no number of them shows a step of one unit, if that is small.
void raise_to_rounding(LogCurve &curve) {
    constexpr double small = 0.08;
    std::vector<double> values;
    for (const double level : curve.level)
        values.push_back(std::exp(level));
    const double unit = rounded_to(values);
    for (std::size_t i = 0; i < curve.size(); ++i)
        curve.deviation[i] = std::max(curve.deviation[i], std::min(unit / values[i], small) / 2);
}

constexpr double far_off = 5; ///< standard deviations
constexpr double alone = 2;   ///< times as far as others

/// Whether a point is far below the one behind it and those before it, which are level: next to a
/// rise, the median of five does not show it. The more are level, the less far will do.
bool is_dip(const LogCurve &curve, std::size_t i) {
    constexpr double least_dip = 0.6; // log, to half nearly: noise makes others
    constexpr double least_after_many = 0.3;
    constexpr std::size_t many = 4;
    if (i < 2)
        return false;
    const auto level_before = [&](std::size_t count) {
        const auto [low, high] =
            std::ranges::minmax(std::span(curve.level).subspan(i - count, count));
        return high - low;
    };
    const double dip = std::min(curve.level[i - 1], curve.level[i + 1]) - curve.level[i];
    const auto stands_out = [&](double least, std::size_t count) {
        return dip > std::max({least, far_off * curve.deviation[i], alone * level_before(count)});
    };
    return stands_out(least_dip, 2) || (i >= many && stands_out(least_after_many, many));
}

/// Whether a point is far off the median of the five around it, and alone in that: no point of a
/// curve that only rises is, nor the top of one that first gets faster.
bool is_outlier(const LogCurve &curve, std::size_t i) {
    constexpr std::size_t window = 5;
    if (i == 0 || i + 1 == curve.size() || curve.size() < window)
        return false;
    const std::size_t first = std::clamp<std::size_t>(i, 2, curve.size() - 3) - 2;
    const double middle = median(std::span(curve.level).subspan(first, window));
    const double off = std::abs(curve.level[i] - middle);
    const double beside =
        std::max(std::abs(curve.level[i - 1] - middle), std::abs(curve.level[i + 1] - middle));
    const double noise = far_off * curve.deviation[i];
    return (off > noise && off > alone * beside && beside < noise) || is_dip(curve, i);
}

/// The curve without the points for whose index that holds.
template <typename Dropped>
LogCurve without(const LogCurve &curve, const Dropped &dropped) {
    LogCurve kept;
    kept.sparse = curve.sparse;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        if (dropped(i))
            continue;
        kept.x.push_back(curve.x[i]);
        kept.level.push_back(curve.level[i]);
        kept.deviation.push_back(curve.deviation[i]);
    }
    return kept;
}

/// Where a point's only two samples disagree by far, the points around it tell where between them
/// it is: the mean of the two is as wrong as the spoilt one is.
void ask_neighbours(LogCurve &curve, std::span<const CurvePoint> points) {
    const LogCurve before = curve;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const std::vector<double> &samples = points[i].samples;
        if (samples.size() != 2 || !(std::min(samples[0], samples[1]) > 0))
            continue;
        const double noise = // of one sample
            median(neighbours(before.deviation, i, nearby)) * std::numbers::sqrt2;
        const double apart = std::abs(std::log(samples[0] / samples[1]));
        if (apart < far_off * std::numbers::sqrt2 * noise)
            continue;
        curve.level[i] = std::clamp(median(neighbours(before.level, i, nearby)),
                                    before.level[i] - apart / 2, before.level[i] + apart / 2);
        curve.deviation[i] = noise;
    }
}

} // namespace

double median_deviation(std::size_t n) {
    const double mean = 1 / std::sqrt(static_cast<double>(n));
    return n < 3 ? mean : std::sqrt(std::numbers::pi / 2) * mean;
}

std::vector<CurvePoint> pooled(std::vector<CurvePoint> curve) {
    constexpr std::size_t most_points = 1000;
    if (curve.size() <= most_points)
        return curve;
    std::ranges::stable_sort(curve, {}, &CurvePoint::x);
    const auto positive = std::ranges::find_if(curve, [](const CurvePoint &p) { return p.x > 0; });
    if (positive == curve.end())
        return {};
    const double same =
        std::max(1.005, std::pow(curve.back().x / positive->x, 1.0 / double{most_points}));
    std::vector<CurvePoint> pools;
    for (auto first = positive, end = positive; first != curve.end(); first = end) {
        CurvePoint &pool = pools.emplace_back();
        for (; end != curve.end() && (end == first || end->x < same * first->x); ++end)
            pool.samples.insert(pool.samples.end(), end->samples.begin(), end->samples.end());
        pool.x = (first + (end - first) / 2)->x;
    }
    return pools;
}

LogCurve monotone_curve(std::span<const CurvePoint> measured, CurveKind kind) {
    constexpr double wander = 0.1; // of the least step, that is not taken for levels
    std::vector<CurvePoint> points = pooled({measured.begin(), measured.end()});
    std::erase_if(points, [](const CurvePoint &point) {
        return std::ranges::none_of(point.samples, usable);
    });
    std::ranges::stable_sort(points, {}, &CurvePoint::x);
    LogCurve curve = log_curve(points);
    raise_to_rounding(curve);
    curve = without(curve, [&](std::size_t i) { return !usable(curve.x[i]); });
    std::erase_if(points, [](const CurvePoint &point) { return !usable(point.x); });
    const double sign = kind == CurveKind::bandwidth ? -1 : 1;
    for (double &level : curve.level)
        level *= sign;
    for (double &deviation : curve.deviation)
        deviation = std::max(deviation, wander * least_level_step);
    ask_neighbours(curve, points);
    curve.sparse = is_sparse(points);
    curve = without(curve, [&](std::size_t i) { return is_outlier(curve, i); });
    raise_to_local_roughness(curve);
    return curve;
}

} // namespace clprobe
