#pragma once
#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace clprobe::probes {

/// What was seen at a place: the logarithm of a value and its standard error, 0 where that is not
/// known; of so many places in one.
struct Observation {
    double log = 0;
    double error = 0;
    double points = 1;
};

/// What is said of the noise, under one scatter that all places share beyond their errors.
struct Noise {
    std::vector<double> deviation; ///< of each place, in the logarithm
    /// Of each place, should it have left the level: the logarithm of the probability of all that
    /// follow it. They stay where it is for good, or wander: each is where the one before was, or
    /// anywhere.
    std::vector<double> after;
};

/// Under scatters from the largest to the least.
[[nodiscard]] std::vector<Noise> noises_of(std::span<const Observation> seen);

/// The scatters, in the logarithm.
inline constexpr double sigmas[] = {0.2, 0.13, 0.08, 0.05, 0.032, 0.02, 0.013, 0.008, 0.005};

/// How likely a place is so far off, in the logarithm, as a normal error and as an outlier; these
/// are mostly slow, and few where several samples agree.
[[nodiscard]] std::pair<double, double> near_and_outlier(const Observation &place, double off,
                                                         double deviation);

/// The density of an exponential distribution.
[[nodiscard]] inline double exponential(double off, double scale) {
    return std::exp(-std::abs(off) / scale) / scale;
}

/// log(exp(a) + exp(b))
[[nodiscard]] inline double log_of_sum(double a, double b) {
    return std::max(a, b) + std::log1p(std::exp(-std::abs(a - b)));
}

/// How far from one place to the next a curve moves that has left its level, in the logarithm.
inline constexpr double leap_scale = 0.15;

} // namespace clprobe::probes
