#include "analysis/estimates.hpp"
#include "analysis/log_curve.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <numbers>

namespace clprobe {
namespace {

/// The quantile of the times that stands for all: what disturbs a launch adds to its time.
constexpr double quiet = 0.1;

/// How far it may be off: what another run would take for quiet. 0 where too few samples tell.
double error_of(const std::vector<double> &samples) {
    return samples.size() < 3 ? 0 : quantile(samples, 0.35) - quantile(samples, quiet);
}

std::map<double, std::vector<double>> by_trips(std::span<const TripTime> times) {
    std::map<double, std::vector<double>> samples;
    for (const auto &[trips, seconds, block] : times)
        if (usable(seconds))
            samples[trips].push_back(seconds);
    return samples;
}

} // namespace

Estimate slope_estimate(std::span<const TripTime> all) {
    const auto samples = by_trips(all);
    std::vector<TripTime> times;
    std::size_t fewest = all.size();
    for (const auto &[trips, seconds] : samples) {
        times.push_back({trips, quantile(seconds, quiet), 0});
        fewest = std::min(fewest, seconds.size());
    }
    const auto fit = fit_slope(times);
    if (!fit)
        return {};
    const double error =
        std::hypot(error_of(samples.begin()->second), error_of(samples.rbegin()->second));
    const double rise = fit->seconds_per_trip * (times.back().trips - times.front().trips);
    return {0, fit->seconds_per_trip, error / std::abs(rise), fewest};
}

Estimate level_estimate(std::span<const TripTime> all) {
    const auto by_one = by_trips(all);
    if (by_one.empty())
        return {};
    const std::vector<double> &samples = by_one.begin()->second;
    const auto n = static_cast<double>(samples.size());
    const double middle = median(samples);
    // The median of a normal sample scatters by sqrt(pi / 2n) of its deviation, and of few samples
    // the robust one is too small (Croux and Rousseeuw 1992).
    const double error =
        n < 3 ? 0 : robust_deviation(samples) * n / (n - 0.8) * std::sqrt(std::numbers::pi / 2 / n);
    return {0, middle, error / middle, samples.size()};
}

std::optional<double> crossing(const std::vector<Estimate> &curve, double threshold) {
    std::vector<double> over; // logarithm of the value over the threshold
    for (const Estimate &estimate : curve)
        over.push_back(std::log(estimate.value / threshold));
    const auto above = std::ranges::count_if(over, [](double each) { return each > 0; });
    if (above == 0 || above == std::ssize(over))
        return std::nullopt;
    double least = std::numeric_limits<double>::infinity();
    double x = 0;
    for (std::size_t split = 1; split < curve.size(); ++split) {
        double contradiction = 0;
        for (std::size_t i = 0; i < curve.size(); ++i)
            contradiction += std::max(0.0, i < split ? over[i] : -over[i]);
        if (contradiction < least) {
            least = contradiction;
            x = std::sqrt(curve[split - 1].x * curve[split].x);
        }
    }
    return x;
}

} // namespace clprobe
