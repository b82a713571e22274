#include "analysis/log_curve.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>

namespace clprobe {
namespace {

/// Of a normal variable, the median distance from its mean.
constexpr double normal_quartile = 0.67449;

/// Pairs of samples taken at the same point that make their noise known well enough.
constexpr std::size_t enough_pairs = 12;

std::vector<double> logarithms(const std::vector<double> &samples) {
    std::vector<double> result;
    for (const double sample : samples)
        if (std::isfinite(sample) && sample > 0)
            result.push_back(std::log(sample));
    return result;
}

/// Deviation of normal variables whose differences have this median size.
double deviation_of_differences(std::vector<double> differences) {
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

/// Of some of the samples, where they are many: all of them have too many pairs.
void append_differences(std::vector<double> &differences, const std::vector<double> &samples) {
    constexpr std::size_t most = 100;
    const std::size_t step = samples.size() / most + 1;
    for (std::size_t i = 0; i < samples.size(); i += step)
        for (std::size_t j = i + step; j < samples.size(); j += step)
            differences.push_back(samples[j] - samples[i]);
}

/// Of one sample, by the differences between those of the same point, at the points [first, end);
/// nothing where these are too few.
std::optional<double> pooled_deviation(std::span<const std::vector<double>> samples) {
    std::vector<double> differences;
    for (const std::vector<double> &here : samples)
        append_differences(differences, here);
    if (differences.size() < enough_pairs)
        return std::nullopt;
    return deviation_of_differences(std::move(differences));
}

/// Of each point's median, by the noise of the samples there and at the points around it: one
/// level of a curve can be much noisier than another.
std::vector<double> deviations(const std::vector<std::vector<double>> &samples,
                               std::size_t around) {
    constexpr double least_share = 0.5; // of what holds for the curve
    constexpr double by_chance = 2;     // a point's samples disagree by so much more than others
    const double whole = pooled_deviation(samples).value_or(0);
    std::vector<double> result;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const std::size_t first = i - std::min(i, around);
        const std::size_t end = i + 1 + std::min(around, samples.size() - i - 1);
        const double local =
            pooled_deviation(std::span(samples).subspan(first, end - first)).value_or(whole);
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

} // namespace

double median_deviation(std::size_t n) {
    const double mean = 1 / std::sqrt(static_cast<double>(n));
    return n < 3 ? mean : std::sqrt(std::numbers::pi / 2) * mean;
}

LogCurve log_curve(std::span<const CurvePoint> curve, std::size_t around) {
    std::vector<std::size_t> order(curve.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return curve[a].x < curve[b].x; });
    LogCurve result;
    std::vector<std::vector<double>> samples;
    for (const std::size_t i : order) {
        std::vector<double> here = logarithms(curve[i].samples);
        if (here.empty())
            continue;
        result.x.push_back(curve[i].x);
        result.level.push_back(median(here));
        result.index.push_back(i);
        samples.push_back(std::move(here));
    }
    result.deviation = deviations(samples, around);
    if (result.size() >= 3)
        raise_to_roughness(result);
    return result;
}

void raise_to_local_roughness(LogCurve &curve) {
    constexpr std::size_t around = 3;
    constexpr double much_rougher = 1.5;
    if (curve.size() == 0)
        return;
    const std::vector<double> off = off_trend(curve.level);
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const std::size_t first = i - std::min(i, around);
        const std::size_t end = std::min(i + around + 1, curve.size());
        double most = 0;
        double squares = 0;
        for (std::size_t k = first; k < end; ++k) {
            most = std::max(most, off[k] * off[k]);
            squares += off[k] * off[k];
        }
        // One of them may be an outlier, which is no noise.
        const double roughness = std::sqrt((squares - most) / static_cast<double>(end - first - 1));
        if (roughness > much_rougher * curve.deviation[i])
            curve.deviation[i] = roughness;
    }
}

} // namespace clprobe
