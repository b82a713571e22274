#include "analysis/log_curve.hpp"
#include "analysis/partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe {
namespace {

/// Real stairs are this uneven, in relative terms, even where a run repeats them exactly.
constexpr double uneven = 0.02;

/// By how much a period has to fit better than another one to rule it out, in squared standard
/// deviations.
constexpr double decisive = 9;

/// The points' medians and relative deviations over the number of groups.
struct Stairs {
    std::vector<double> groups;
    std::vector<double> time;
    std::vector<double> deviation;
};

Stairs stairs(std::span<const CurvePoint> curve) {
    const LogCurve points = log_curve(curve);
    Stairs result;
    result.groups = points.x;
    for (std::size_t i = 0; i < points.size(); ++i) {
        result.time.push_back(std::exp(points.level[i]));
        result.deviation.push_back(std::max(points.deviation[i], uneven));
    }
    return result;
}

/// Level until `period`, from there in stairs or, as a ramp, steadily.
struct StairFit {
    double period = 0;
    bool ramp = false;
    double overhead = 0;
    double height = 0;
    double cost = 0;

    [[nodiscard]] double ratio() const { return 1 + height / (overhead + height); }
    [[nodiscard]] double rounds(double groups) const {
        return ramp ? std::max(1.0, groups / period) : std::ceil(groups / period);
    }
    [[nodiscard]] double time(double groups) const { return overhead + height * rounds(groups); }
};

double deviations(const Stairs &points, std::size_t i, const StairFit &fit) {
    return (1 - fit.time(points.groups[i]) / points.time[i]) / points.deviation[i];
}

/// One round of least squares of the relative misfit, outliers weighing less (Cauchy's weights);
/// neither the overhead nor the height is negative.
void refit(const Stairs &points, StairFit &fit) {
    double aa = 0;
    double ab = 0;
    double bb = 0;
    double a1 = 0;
    double b1 = 0;
    for (std::size_t i = 0; i < points.time.size(); ++i) {
        const double off = fit.height > 0 ? deviations(points, i, fit) : 0;
        const double weight = 1 / ((1 + off * off) * points.deviation[i] * points.deviation[i]);
        const double a = 1 / points.time[i];
        const double b = fit.rounds(points.groups[i]) / points.time[i];
        aa += weight * a * a;
        ab += weight * a * b;
        bb += weight * b * b;
        a1 += weight * a;
        b1 += weight * b;
    }
    const double determinant = aa * bb - ab * ab;
    const bool one_level = determinant <= 1e-12 * aa * bb;
    fit.overhead = one_level ? 0 : std::max(0.0, (a1 * bb - b1 * ab) / determinant);
    fit.height = (b1 - fit.overhead * ab) / bb;
    if (fit.height <= 0) {
        fit.height = 0;
        fit.overhead = a1 / aa;
    }
}

/// The best fits for each period from 1 to the most groups.
std::vector<StairFit> fit_periods(const Stairs &points, bool ramp) {
    constexpr int rounds = 6;
    std::vector<StairFit> fits;
    for (double period = 1; period <= points.groups.back(); ++period) {
        StairFit fit{period, ramp};
        for (int round = 0; round < rounds; ++round)
            refit(points, fit);
        for (std::size_t i = 0; i < points.time.size(); ++i)
            fit.cost += point_cost(deviations(points, i, fit));
        fits.push_back(fit);
    }
    return fits;
}

const StairFit &cheapest(const std::vector<StairFit> &fits) {
    return *std::min_element(fits.begin(), fits.end(),
                             [](const auto &a, const auto &b) { return a.cost < b.cost; });
}

/// What speaks against the best of the stairs; empty where nothing does.
std::string objection(const Stairs &points, const std::vector<StairFit> &fits,
                      const StairFit &best) {
    constexpr double least_ratio = 1.5; // overhead up to the height
    constexpr double mean_cost = 2;     // 1 is what chance makes it
    if (fits.back().cost < best.cost + decisive)
        return fmt::format("no step up to {}", fits.back().period);
    // A ramp from 1 is also a staircase of one unit: the curve cannot tell the two apart.
    const std::vector<StairFit> ramps = fit_periods(points, true);
    if (cheapest(ramps).cost < best.cost + decisive)
        return fmt::format("time grows steadily from {} on, not in steps", cheapest(ramps).period);
    if (best.cost > mean_cost * static_cast<double>(points.time.size()) + decisive)
        return "the curve is no staircase";
    if (best.ratio() < least_ratio)
        return fmt::format("the first step is only {:.2f} to 1", best.ratio());
    return {};
}

} // namespace

Staircase find_staircase(std::span<const CurvePoint> curve) {
    Staircase result;
    const Stairs points = stairs(curve);
    constexpr std::size_t least_points = 4;
    if (points.time.size() < least_points || points.groups.front() < 1) {
        result.reason = fmt::format("{} points with samples are too few", points.time.size());
        return result;
    }
    const std::vector<StairFit> fits = fit_periods(points, false);
    const StairFit &best = cheapest(fits);
    const auto possible = [&](const StairFit &fit) { return fit.cost < best.cost + decisive; };
    result.period = best.period;
    result.range = {std::find_if(fits.begin(), fits.end(), possible)->period,
                    std::find_if(fits.rbegin(), fits.rend(), possible)->period};
    result.ratio = best.ratio();
    result.reason = objection(points, fits, best);
    if (result.reason.empty() && result.range.low < result.range.high)
        result.reason = fmt::format("the points leave open which of {} to {}", result.range.low,
                                    result.range.high);
    result.decided = result.reason.empty();
    return result;
}

} // namespace clprobe
