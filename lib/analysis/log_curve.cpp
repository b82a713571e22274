#include "analysis/log_curve.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace clprobe {
namespace {

/// Of a normal variable, the median distance from its mean.
constexpr double normal_quartile = 0.67449;

/// Pairs of samples taken at the same place that make their noise known well enough.
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
/// whichever sees least.
double deviation_along(const std::vector<double> &levels) {
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
    return std::min(
        {deviation_of_differences(differences), deviation_of_differences(bends), against});
}

/// Samples of one place share what is particular to that place, so a curve can be rougher than
/// they say: then its own roughness counts.
void raise_to_roughness(LogCurve &curve) {
    constexpr double much_rougher = 2; // than chance makes it
    const double roughness = deviation_along(curve.level);
    const double expected = median(curve.deviation);
    if (roughness < much_rougher * expected)
        return;
    for (double &deviation : curve.deviation)
        deviation = expected > 0 ? deviation * roughness / expected : roughness;
}

} // namespace

double median_deviation(std::size_t n) {
    const double mean = 1 / std::sqrt(static_cast<double>(n));
    return n < 3 ? mean : std::sqrt(std::numbers::pi / 2) * mean;
}

LogCurve log_curve(std::span<const CurvePoint> curve) {
    std::vector<std::size_t> order(curve.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return curve[a].x < curve[b].x; });
    LogCurve result;
    std::vector<double> differences;
    std::vector<double> own_deviation;
    for (const std::size_t place : order) {
        const std::vector<double> samples = logarithms(curve[place].samples);
        if (samples.empty())
            continue;
        result.x.push_back(curve[place].x);
        result.level.push_back(median(samples));
        const double factor = median_deviation(samples.size());
        result.deviation.push_back(factor);
        own_deviation.push_back(robust_deviation(samples) * factor);
        result.place.push_back(place);
        for (std::size_t i = 0; i < samples.size(); ++i)
            for (std::size_t j = i + 1; j < samples.size(); ++j)
                differences.push_back(samples[j] - samples[i]);
    }
    const double noise =
        differences.size() >= enough_pairs ? deviation_of_differences(std::move(differences)) : 0;
    // A point whose own samples disagree more than chance has it counts for less.
    constexpr double by_chance = 2;
    for (std::size_t i = 0; i < result.size(); ++i)
        result.deviation[i] = std::max(noise * result.deviation[i], own_deviation[i] / by_chance);
    if (result.size() >= 3)
        raise_to_roughness(result);
    return result;
}

} // namespace clprobe
