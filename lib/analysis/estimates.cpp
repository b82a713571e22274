#include "analysis/estimates.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
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

Estimate slope_estimate(const std::vector<double> &at,
                        const std::map<double, std::vector<double>> &by_trips) {
    std::vector<TripTime> times;
    std::size_t fewest = by_trips.begin()->second.size();
    for (const auto &[trips, samples] : by_trips) {
        times.push_back({trips, quantile(samples, quiet), 0});
        fewest = std::min(fewest, samples.size());
    }
    const auto fit = fit_slope(times);
    if (!fit)
        return {at, 0, 0, 0};
    const double error =
        std::hypot(error_of(by_trips.begin()->second), error_of(by_trips.rbegin()->second));
    const double rise = fit->seconds_per_trip * (times.back().trips - times.front().trips);
    return {at, fit->seconds_per_trip, error / std::abs(rise), fewest};
}

/// External times: nothing is known of what disturbed them.
Estimate level_estimate(const std::vector<double> &at, const std::vector<double> &samples) {
    const auto n = static_cast<double>(samples.size());
    const double middle = median(samples);
    // The median of a normal sample scatters by sqrt(pi / 2n) of its deviation, and of few samples
    // the robust one is too small (Croux and Rousseeuw 1992).
    const double error =
        n < 3 ? 0 : robust_deviation(samples) * n / (n - 0.8) * std::sqrt(std::numbers::pi / 2 / n);
    return {at, middle, error / middle, samples.size()};
}

} // namespace

std::vector<Estimate> estimates_of(const Series &series) {
    const bool over_trips = !series.axes.empty() && series.axes.back().name == "trips";
    std::map<std::vector<double>, std::map<double, std::vector<double>>> samples;
    for (const Point &point : series.points) {
        std::vector<double> at = point.at;
        const double trips = over_trips ? at.back() : 1;
        if (over_trips)
            at.pop_back();
        for (const double sample : point.samples)
            if (sample > 0 && std::isfinite(sample))
                samples[at][trips].push_back(sample);
    }
    std::vector<Estimate> estimates;
    for (const auto &[at, by_trips] : samples) {
        const std::vector<double> &longest = by_trips.rbegin()->second;
        const Estimate estimate =
            over_trips ? slope_estimate(at, by_trips) : level_estimate(at, longest);
        if (estimate.value > 0)
            estimates.push_back(estimate);
    }
    return estimates;
}

std::optional<double> crossing(const std::vector<Estimate> &curve, double threshold) {
    std::vector<double> over; // logarithm of the value over the threshold
    for (const Estimate &estimate : curve)
        over.push_back(std::log(estimate.value / threshold));
    if (std::all_of(over.begin(), over.end(), [](double o) { return o > 0; }) ||
        std::none_of(over.begin(), over.end(), [](double o) { return o > 0; }))
        return std::nullopt;
    double least = std::numeric_limits<double>::infinity();
    double x = 0;
    for (std::size_t split = 1; split < curve.size(); ++split) {
        double contradiction = 0;
        for (std::size_t i = 0; i < curve.size(); ++i)
            contradiction += std::max(0.0, i < split ? over[i] : -over[i]);
        if (contradiction < least) {
            least = contradiction;
            x = std::sqrt(curve[split - 1].at.back() * curve[split].at.back());
        }
    }
    return x;
}

} // namespace clprobe
