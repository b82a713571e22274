#include "synthetic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

Random::Random(std::uint64_t seed) : engine_(seed) {}

double Random::uniform() {
    return (static_cast<double>(engine_() >> 12) + 0.5) * 0x1p-52;
}

double Random::uniform(double low, double high) {
    return low + (high - low) * uniform();
}

bool Random::chance(double probability) {
    return uniform() < probability;
}

int Random::integer(int low, int high) {
    return low + static_cast<int>(uniform() * static_cast<double>(high - low + 1));
}

// Box and Muller 1958
double Random::normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
}

double Random::exponential() {
    return -std::log(uniform());
}

namespace {

std::vector<double> ramp_heights(Random &random, int points) {
    std::vector<double> heights;
    for (int i = 0; i < points; ++i)
        heights.push_back(points < 3 ? random.uniform(0.15, 0.85)
                                     : (i + random.uniform(0.6, 1.4)) / (points + 1));
    std::sort(heights.begin(), heights.end());
    return heights;
}

/// The curve without noise, and its breaks.
std::vector<double> draw_levels(Random &random, const BreaksKind &kind,
                                std::vector<TrueBreak> &breaks) {
    const int count = random.integer(kind.least_breaks, kind.most_breaks);
    const bool down = random.chance(0.5);
    std::vector<double> levels;
    double level = 1e-6;
    for (int i = 0; i <= count; ++i) {
        const int length = random.integer(kind.shortest_plateau, kind.shortest_plateau + 10);
        levels.insert(levels.end(), static_cast<std::size_t>(length), level);
        if (i == count)
            break;
        const double step = 1 + std::exp(random.uniform(std::log(0.05), std::log(3.0)));
        const double ratio = down ? 1 / step : step;
        const int ramp = random.chance(kind.ramps) ? random.integer(1, 6) : 0;
        const auto last_before = static_cast<double>(levels.size());
        for (const double height : ramp_heights(random, ramp))
            levels.push_back(level * std::pow(ratio, height));
        breaks.push_back({last_before, static_cast<double>(levels.size() + 1), ratio});
        level *= ratio;
    }
    return levels;
}

struct Sampling {
    double deviation = 0;
    int samples = 0;
    double outliers = 0;
};

Sampling draw_sampling(Random &random, double single) {
    Sampling sampling;
    sampling.deviation = random.uniform(0, 0.1);
    sampling.samples = random.chance(single) ? 1 : random.integer(3, 9);
    sampling.outliers = random.uniform(0, sampling.samples == 1 ? 0.02 : 0.05);
    return sampling;
}

clprobe::CurvePoint sampled(Random &random, double x, double level, const Sampling &sampling) {
    clprobe::CurvePoint point{x, {}};
    for (int i = 0; i < sampling.samples; ++i) {
        const double sample = level * std::exp(sampling.deviation * random.normal());
        point.samples.push_back(random.chance(sampling.outliers) ? sample * random.uniform(1, 4)
                                                                 : sample);
    }
    return point;
}

} // namespace

double SyntheticCurve::clarity() const {
    double least = std::numeric_limits<double>::infinity();
    for (const TrueBreak &each : breaks)
        least = std::min(least, std::abs(std::log(each.ratio)));
    return least / noise;
}

SyntheticCurve synthetic_curve(Random &random, const BreaksKind &kind) {
    SyntheticCurve curve;
    const std::vector<double> levels = draw_levels(random, kind, curve.breaks);
    const auto [deviation, samples, outliers] = draw_sampling(random, 0.1);
    const double missing = random.chance(0.3) ? random.uniform(0, 0.15) : 0;
    for (const double level : levels) {
        const auto x = static_cast<double>(curve.points.size() + 1);
        if (random.chance(missing))
            curve.points.push_back({x, {}});
        else
            curve.points.push_back(sampled(random, x, level, {deviation, samples, outliers}));
    }
    // Of a median, asymptotically sqrt(pi / 2) times that of a mean.
    curve.noise = deviation * (samples == 1 ? 1 : std::sqrt(std::numbers::pi / 2 / samples));
    return curve;
}

std::vector<clprobe::CurvePoint> noisy_curve(Random &random, const std::vector<double> &groups,
                                             const std::function<double(double)> &time) {
    const Sampling sampling = draw_sampling(random, 0);
    std::vector<clprobe::CurvePoint> curve;
    for (const double each : groups)
        curve.push_back(sampled(random, each, time(each), sampling));
    return curve;
}
