#include "common/observation.hpp"

#include <iterator>
#include <numbers>

namespace clprobe::probes {
namespace {

/// Outliers: how many of the places took longer and how many less, how many of these there are
/// where several samples agree, and how far off they are, in the logarithm.
constexpr double slow_outliers = 0.04;
constexpr double fast_outliers = 0.01;
constexpr double with_error = 0.2;
constexpr double outlier_scale = 0.6;

/// Of the curves that left the level, how many wander; and of the places of these, how many are not
/// where the one before was.
constexpr double wanderers = 0.05;
constexpr double wander = 0.2;

double normal(double off, double deviation) {
    const double t = off / deviation;
    return std::exp(-t * t / 2) / (deviation * std::sqrt(2 * std::numbers::pi));
}

/// The logarithm of the probability of the places behind the k-th, if they stay where that is: of
/// each by the mean of those before it.
double stay_at(std::size_t k, std::span<const Observation> seen,
               const std::vector<double> &deviation) {
    double mean = seen[k].log;
    double precision = std::pow(deviation[k], -2);
    double log = 0;
    for (std::size_t i = k + 1; i < seen.size(); ++i) {
        const double off = seen[i].log - mean;
        const auto [near, outlier] =
            near_and_outlier(seen[i], off, std::hypot(deviation[i], 1 / std::sqrt(precision)));
        log += std::log(near + outlier);
        const double more = near / (near + outlier) * std::pow(deviation[i], -2);
        precision += more;
        mean += off * more / precision;
    }
    return log;
}

Noise noise_under(double scatter, std::span<const Observation> seen) {
    Noise noise;
    for (const Observation &place : seen) {
        const double shared = scatter / std::sqrt(place.points);
        noise.deviation.push_back(std::hypot(place.error, std::max(shared, *std::rbegin(sigmas))));
    }
    noise.after.resize(seen.size());
    double wandering = 0; // as `after`, of those who do
    for (std::size_t k = seen.size(); k-- > 0;) {
        noise.after[k] = log_of_sum(std::log(1 - wanderers) + stay_at(k, seen, noise.deviation),
                                    std::log(wanderers) + wandering);
        if (k == 0)
            break;
        const double step = seen[k].log - seen[k - 1].log;
        wandering +=
            std::log((1 - wander) * normal(step, noise.deviation[k] * std::numbers::sqrt2) +
                     wander * exponential(step, leap_scale) / 2);
    }
    return noise;
}

} // namespace

std::vector<Noise> noises_of(std::span<const Observation> seen) {
    std::vector<Noise> noises;
    for (const double scatter : sigmas)
        noises.push_back(noise_under(scatter, seen));
    return noises;
}

std::pair<double, double> near_and_outlier(const Observation &place, double off, double deviation) {
    const double rate = place.error > 0 ? with_error : 1;
    return {(1 - rate * (slow_outliers + fast_outliers)) * normal(off, deviation),
            rate * (off > 0 ? slow_outliers : fast_outliers) * exponential(off, outlier_scale)};
}

} // namespace clprobe::probes
