#include "analysis/estimates.hpp"
#include "analysis/intervals.hpp"
#include "common/verdicts.hpp"
#include "execution/divergence/divergence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <span>

namespace clprobe::probes::divergence {
namespace {

const FindingKey cost_key{"divergence.cost", Unit::one, Better::lower,
                          "time that each further path of a warp takes, over that of one: 1 where "
                          "one is run after the other, 0 where work-items run on their own"};
const FindingKey loop_key{"divergence.loop_cost", Unit::one, Better::lower,
                          "time of a loop that one work-item of 32 goes round twice as often, over "
                          "that of as many rounds divided evenly"};

/// A ratio of times, and what another run may find.
struct Ratio {
    double value = 0;
    Interval interval;
};

/// Two estimates of a trip's time, each of the quietest launches: what disturbs one adds to it.
Ratio ratio(const Estimate &time, const Estimate &unit) {
    constexpr double least_error = 0.002; // that another run differs by
    const double value = time.value / unit.value;
    const double error = 2 * std::hypot(time.error, unit.error, least_error);
    return {value, {value * (1 - error), value * (1 + error)}};
}

/// The slope of `ratios` over the number of paths, by pairs of them (Theil 1950, Sen 1968).
double slope_of(const std::vector<std::pair<double, double>> &ratios) {
    std::vector<double> slopes;
    for (auto low = ratios.begin(); low != ratios.end(); ++low)
        for (auto high = std::next(low); high != ratios.end(); ++high)
            slopes.push_back((high->second - low->second) / (high->first - low->first));
    return median(slopes);
}

/// Makes the finding suspect where time does not follow the trips. Slopes count in any case: what a
/// launch costs besides is not a path's.
void check_growth(Finding &finding, std::span<const TripTime> times) {
    const auto timing = time_per_trip(times);
    if (!timing)
        return;
    Finding checked = finding;
    check_timing(checked, *timing);
    if (checked.status == Status::suspect)
        finding = checked;
}

/// As many paths as a warp may meet: all that were taken, where work-items have no warps.
unsigned most_paths(const Facts &facts) {
    const double width = facts.value("warp.width").value_or(1);
    return width >= 2 && width <= ways ? static_cast<unsigned>(width) : ways;
}

/// The times over the number of paths up to the most, in their order; none where one path's is not
/// among them, which is their unit.
std::vector<Estimate> times_over_paths(const Dataset &data, unsigned most) {
    auto curve = estimates_over(data.find(series::paths), &PathsRow::paths);
    std::erase_if(curve, [&](const Estimate &estimate) { return estimate.x > most; });
    if (curve.empty() || curve.front().x != 1)
        curve.clear();
    return curve;
}

/// The cost of a further path; nothing where only one number of paths was timed.
std::optional<Ratio> cost_of(const std::vector<Estimate> &curve) {
    if (curve.size() < 2)
        return std::nullopt;
    std::vector<std::pair<double, double>> low{{1, 1}};
    std::vector<std::pair<double, double>> middle{{1, 1}};
    std::vector<std::pair<double, double>> high{{1, 1}};
    for (const Estimate &time : std::span(curve).subspan(1)) {
        const auto [value, interval] = ratio(time, curve.front());
        low.emplace_back(time.x, interval.low);
        middle.emplace_back(time.x, value);
        high.emplace_back(time.x, interval.high);
    }
    // Of paths that cost nothing the noise may say that they cost less.
    const double cost = std::max(0.0, slope_of(middle));
    return Ratio{cost, hull(hull({cost, cost}, std::max(0.0, slope_of(low))),
                            std::max(0.0, slope_of(high)))};
}

/// Says so where the time of some number of paths is not what the cost makes of it.
void note_bends(Finding &finding, const std::vector<Estimate> &curve) {
    constexpr double far = 0.15;
    for (const Estimate &estimate : curve) {
        const double ratio = estimate.value / curve.front().value;
        const double straight = 1 + *finding.value * (estimate.x - 1);
        if (std::abs(ratio / straight - 1) > far) {
            finding.note = fmt::format("not in proportion: {:.0f} paths take {:.2f} times as long "
                                       "as one, where {:.2f} would be",
                                       estimate.x, ratio, straight);
            return;
        }
    }
}

Finding path_cost(const Dataset &data, const Facts &facts) {
    const unsigned most = most_paths(facts);
    const auto curve = times_over_paths(data, most);
    const auto cost = cost_of(curve);
    if (!cost)
        return undecided(cost_key, "no time over the number of paths", {series::paths});
    Finding finding = measured(cost_key, cost->value, cost->interval);
    finding.method = fmt::format("slope of time over 1 to {:.0f} paths, one path's time as the "
                                 "unit, the quietest of {} launches each",
                                 curve.back().x, curve.front().samples);
    finding.evidence = {series::paths};
    note_bends(finding, curve);
    for (const auto &[row, times] : times_by_row<PathsRow>(data.find(series::paths)))
        if (row.paths == 1 || row.paths == most)
            check_growth(finding, times);
    return finding;
}

/// What lockstep of so many work-items makes of the one that goes round twice as often.
double lockstep_cost(double width) {
    const double warps = std::max(1.0, one_of / width); // that share the one
    return (LoopRow{true}.most() + (warps - 1) * LoopRow{true}.least()) / warps /
           LoopRow{false}.most();
}

Finding loop_cost(const Dataset &data, const Facts &facts) {
    std::map<bool, Estimate> times;
    for (const auto &[row, estimate] : estimates_of<LoopRow>(data.find(series::loops)))
        times[row.unequal] = estimate;
    if (times.size() < 2)
        return undecided(loop_key, "not both loops' times grow with the trips", {series::loops});
    const auto [value, interval] = ratio(times[true], times[false]);
    Finding finding = measured(loop_key, value, interval);
    finding.method = fmt::format("one of {} neighbours twice as often, over all equally often, the "
                                 "quietest of {} launches each",
                                 one_of, std::min(times[true].samples, times[false].samples));
    finding.evidence = {series::loops};
    if (const auto width = facts.value("warp.width"); width && *width >= 1)
        finding.note =
            fmt::format("lockstep of {:.0f} would cost {:.2f}", *width, lockstep_cost(*width));
    for (const auto &[row, launches] : times_by_row<LoopRow>(data.find(series::loops)))
        check_growth(finding, launches);
    return finding;
}

} // namespace

std::vector<FindingKey> finding_keys() {
    return {cost_key, loop_key};
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    return {path_cost(data, facts), loop_cost(data, facts)};
}

std::vector<Curve> curves_of(const Dataset &data) {
    Curve curve{series::paths, {"paths", Unit::one, {}}, {"times as long", Unit::one, {}}, {}};
    const auto estimates = estimates_over(data.find(series::paths), &PathsRow::paths);
    if (!estimates.empty() && estimates.front().x == 1)
        for (const Estimate &estimate : estimates)
            curve.points.push_back({estimate.x, estimate.value / estimates.front().value});
    return {curve};
}

} // namespace clprobe::probes::divergence
