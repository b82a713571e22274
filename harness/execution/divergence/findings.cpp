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

using Blocks = std::map<int, SlopeFit>; ///< of time over trips, by the block they were taken in

Blocks by_block(std::span<const TripTime> times) {
    std::map<int, std::vector<TripTime>> blocks;
    for (const TripTime &time : times)
        blocks[time.block].push_back(time);
    Blocks fits;
    for (const auto &[block, of] : blocks)
        if (const auto fit = fit_slope(of);
            fit && fit->seconds_per_trip > 0 && fit->interval.low > 0)
            fits[block] = *fit;
    return fits;
}

/// A ratio of times, of one block as far as the line's residuals leave it open.
struct Ratio {
    double value = 0;
    Interval interval;
    std::size_t blocks = 1;
};

Ratio ratio(const SlopeFit &time, const SlopeFit &unit) {
    return {time.seconds_per_trip / unit.seconds_per_trip,
            {time.interval.low / unit.interval.high, time.interval.high / unit.interval.low}};
}

/// What the blocks come to; of external series, which have but one, what that leaves open.
std::optional<Ratio> together(const std::vector<Ratio> &blocks) {
    if (blocks.size() < 2)
        return blocks.empty() ? std::nullopt : std::optional(blocks.front());
    std::vector<double> values;
    for (const Ratio &block : blocks)
        values.push_back(block.value);
    return Ratio{median(values), hull(repeat_interval(values), median(values)), blocks.size()};
}

/// The slope of `ratios` over the number of paths, by pairs of them (Theil 1950, Sen 1968).
double slope_of(const std::map<unsigned, double> &ratios) {
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

/// The further cost of a path in each block.
std::vector<Ratio> costs(const std::vector<RowTimes<PathsRow>> &rows, unsigned most) {
    std::map<int, std::map<unsigned, SlopeFit>> blocks;
    for (const auto &[row, times] : rows)
        if (row.paths <= most)
            for (const auto &[block, fit] : by_block(times))
                blocks[block][row.paths] = fit;
    std::vector<Ratio> costs;
    for (const auto &[block, fits] : blocks) {
        const auto one = fits.find(1);
        if (one == fits.end() || fits.size() < 2)
            continue;
        std::map<unsigned, double> low{{1, 1}};
        std::map<unsigned, double> middle{{1, 1}};
        std::map<unsigned, double> high{{1, 1}};
        for (auto further = std::next(one); further != fits.end(); ++further) {
            const Ratio to_one = ratio(further->second, one->second);
            low[further->first] = to_one.interval.low;
            middle[further->first] = to_one.value;
            high[further->first] = to_one.interval.high;
        }
        const double slope = slope_of(middle);
        costs.push_back({slope, hull(hull({slope_of(low), slope_of(low)}, slope), slope_of(high))});
    }
    return costs;
}

/// Says so where the time of some number of paths is not what the cost makes of it.
void note_bends(Finding &finding, const Dataset &data, unsigned most) {
    constexpr double far = 0.15;
    const auto curve = estimates_over(data.find(series::paths), &PathsRow::paths);
    if (curve.empty() || curve.front().x != 1)
        return;
    for (const Estimate &estimate : curve) {
        const double ratio = estimate.value / curve.front().value;
        const double straight = 1 + *finding.value * (estimate.x - 1);
        if (estimate.x <= most && std::abs(ratio / straight - 1) > far) {
            finding.note = fmt::format("not in proportion: {:.0f} paths take {:.2f} times as long "
                                       "as one, where {:.2f} would be",
                                       estimate.x, ratio, straight);
            return;
        }
    }
}

Finding path_cost(const Dataset &data, const Facts &facts) {
    const auto rows = times_by_row<PathsRow>(data.find(series::paths));
    const unsigned most = most_paths(facts);
    const auto cost = together(costs(rows, most));
    if (!cost)
        return undecided(cost_key, "no time over the number of paths", {series::paths});
    const auto no_less_than_nothing = [](double value) { return std::max(0.0, value); };
    Finding finding = measured(
        cost_key, no_less_than_nothing(cost->value),
        {no_less_than_nothing(cost->interval.low), no_less_than_nothing(cost->interval.high)});
    finding.method = fmt::format("slope of time over 1 to {} paths, one path's time as the unit, "
                                 "{} blocks",
                                 most, cost->blocks);
    finding.evidence = {series::paths};
    note_bends(finding, data, most);
    for (const auto &[row, times] : rows)
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
    const auto rows = times_by_row<LoopRow>(data.find(series::loops));
    std::map<bool, Blocks> fits;
    for (const auto &[row, times] : rows)
        fits[row.unequal] = by_block(times);
    std::vector<Ratio> ratios;
    for (const auto &[block, unequal] : fits[true])
        if (const auto equal = fits[false].find(block); equal != fits[false].end())
            ratios.push_back(ratio(unequal, equal->second));
    const auto cost = together(ratios);
    if (!cost)
        return undecided(loop_key, "not both loops' times grow with the trips", {series::loops});
    Finding finding = measured(loop_key, cost->value, cost->interval);
    finding.method = fmt::format("one of {} neighbours twice as often, over all equally often; "
                                 "median of {} blocks",
                                 one_of, cost->blocks);
    finding.evidence = {series::loops};
    if (const auto width = facts.value("warp.width"); width && *width >= 1)
        finding.note =
            fmt::format("lockstep of {:.0f} would cost {:.2f}", *width, lockstep_cost(*width));
    for (const auto &[row, times] : rows)
        check_growth(finding, times);
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
