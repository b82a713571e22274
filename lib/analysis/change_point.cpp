#include "analysis/partition.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace clprobe {
namespace {

/// By how much the found partition has to beat one with a break more or less, in the units of its
/// cost: twice the logarithm of the odds.
constexpr double decisive = 1.5;

/// Smaller steps, in standard deviations of a point, are not relied on: two of them look like one
/// between them.
constexpr double clear_step = 2;

/// A level costs as much as keeps a flat curve flat in all but a few of a thousand cases. A point
/// on a ramp costs so much that four at one height are a level of their own.
Penalties usual_penalties(std::size_t points) {
    return {7 + 3 * std::log(static_cast<double>(points)), 2, 4};
}

/// A curve may wander by this share of the least step without that being taken for breaks.
constexpr double wander = 1.0 / 6;

/// Neighbouring levels closer than the least step as one.
std::vector<Piece> without_small_steps(const LogCurve &curve, const std::vector<Piece> &pieces,
                                       double least_rise) {
    std::vector<Piece> result;
    for (const Piece &piece : pieces) {
        if (!result.empty() && !piece.ramp && !result.back().ramp &&
            std::abs(piece.level - result.back().level) < least_rise)
            result.back() = fit_level(curve, result.back().first, piece.last);
        else
            result.push_back(piece);
    }
    return result;
}

Plateau plateau(const LogCurve &curve, const Piece &piece) {
    double variance = 0;
    for (std::size_t i = piece.first; i <= piece.last; ++i)
        variance += curve.deviation[i] * curve.deviation[i];
    const double half = 2 * std::sqrt(variance) / static_cast<double>(piece.size());
    return {curve.place[piece.first],
            curve.place[piece.last],
            std::exp(piece.level),
            {std::exp(piece.level - half), std::exp(piece.level + half)}};
}

/// Where the step between two levels lies: after point `low`, not after point `high`, and likeliest
/// just before point `at`.
struct Cut {
    std::size_t low = 0;
    std::size_t high = 0;
    std::size_t at = 0;
    double certainty = 0;
};

/// All but a five-hundredth of the likelihood at either end.
Cut locate(const LogCurve &curve, const Piece &before, const Piece &behind) {
    constexpr double tail = 0.002;
    std::vector<double> cost; // of the first point behind being before.first + 1 + i
    double sum = 0;
    for (std::size_t i = before.first; i < behind.last; ++i) {
        const double level = curve.level[i];
        sum += point_cost((level - before.level) / curve.deviation[i]) -
               point_cost((level - behind.level) / curve.deviation[i]);
        cost.push_back(sum);
    }
    const auto least = std::min_element(cost.begin(), cost.end());
    std::vector<double> likelihood;
    for (const double c : cost)
        likelihood.push_back(std::exp((*least - c) / 2));
    const double total = std::accumulate(likelihood.begin(), likelihood.end(), 0.0);
    std::size_t low = 0;
    for (double left = likelihood[low]; left < tail * total; left += likelihood[low])
        ++low;
    std::size_t high = likelihood.size() - 1;
    for (double left = likelihood[high]; left < tail * total; left += likelihood[high])
        --high;
    const auto best = static_cast<std::size_t>(least - cost.begin());
    return {before.first + low, before.first + high + 1, before.first + best + 1, 1 / total};
}

/// Whether a point within the cut lies surely between the two levels and on neither.
bool passes_between(const LogCurve &curve, const Cut &cut, double before, double behind) {
    constexpr double surely = 3;
    for (std::size_t i = cut.low + 1; i < cut.high; ++i) {
        const double margin = surely * curve.deviation[i];
        const double level = curve.level[i];
        if (level > std::min(before, behind) + margin && level < std::max(before, behind) - margin)
            return true;
    }
    return false;
}

Break break_between(const LogCurve &curve, const Piece &before, const Piece &behind) {
    Break result;
    result.ratio = std::exp(behind.level - before.level);
    if (before.last + 1 < behind.first) {
        result.ramp = true;
        result.x = {curve.x[before.last], curve.x[behind.first]};
        result.at = result.x.high;
        return result;
    }
    const Cut cut = locate(curve, before, behind);
    result.x = {curve.x[cut.low], curve.x[cut.high]};
    result.ramp = passes_between(curve, cut, before.level, behind.level);
    result.at = result.ramp ? result.x.high : curve.x[cut.at];
    result.certainty = result.ramp ? 0 : cut.certainty;
    return result;
}

/// The step that would surely have been found anywhere, even off a plateau of the fewest points.
double resolution(const LogCurve &curve, const SegmentOptions &options) {
    constexpr double sure = 2; // standard deviations above what is decisive
    const auto few = static_cast<double>(options.least_points);
    const double points = few * (1 - few / static_cast<double>(curve.size()));
    const double deviations = std::sqrt(usual_penalties(curve.size()).level + decisive) + sure;
    return std::max(options.least_step,
                    std::expm1(deviations / std::sqrt(points) * median(curve.deviation)));
}

/// Whether the level at an end of the curve is flat, and not just where its ramp begins: it must
/// fit decisively worse with the mean slope of the ramp.
bool flat_end(const LogCurve &curve, const Piece &level, const Piece &ramp, double other_level) {
    const double slope = (other_level - level.level) / static_cast<double>(ramp.size() + 1) *
                         (level.first < ramp.first ? 1 : -1);
    const double middle = static_cast<double>(level.first + level.last) / 2;
    double cost = 0;
    for (std::size_t i = level.first; i <= level.last; ++i) {
        const double tilted = level.level + slope * (static_cast<double>(i) - middle);
        cost += point_cost((curve.level[i] - tilted) / curve.deviation[i]);
    }
    return cost > level.cost + decisive;
}

/// What speaks against the ends of the curve being plateaus; empty where nothing does.
std::string end_objection(const LogCurve &curve, const std::vector<Piece> &pieces) {
    const std::size_t n = pieces.size();
    if (n < 3)
        return {};
    if (pieces[1].ramp && !flat_end(curve, pieces[0], pieces[1], pieces[2].level))
        return "the curve does not begin with a plateau";
    if (pieces[n - 2].ramp && !flat_end(curve, pieces[n - 1], pieces[n - 2], pieces[n - 3].level))
        return "the curve does not end with a plateau";
    return {};
}

std::size_t count_levels(const std::vector<Piece> &pieces) {
    return static_cast<std::size_t>(std::count_if(pieces.begin(), pieces.end(),
                                                  [](const Piece &piece) { return !piece.ramp; }));
}

/// What speaks against the number of plateaus; empty where nothing does. It has to stay the same
/// where levels, or the points of ramps, cost a little more or less.
std::string count_objection(const LogCurve &curve, const Pieces &all, std::size_t levels,
                            double least_rise) {
    constexpr double decisive_point = 0.5;
    const auto [level, ramp, ramp_point] = usual_penalties(curve.size());
    for (const Penalties &other : {Penalties{level - decisive, ramp, ramp_point},
                                   Penalties{level + decisive, ramp, ramp_point},
                                   Penalties{level, ramp, ramp_point + decisive_point}}) {
        const std::size_t count =
            count_levels(without_small_steps(curve, all.partition(other), least_rise));
        if (count != levels)
            return fmt::format("{} or {} plateaus: the noise leaves it open",
                               std::min(count, levels), std::max(count, levels));
    }
    return {};
}

} // namespace

Segmentation find_breaks(std::span<const CurvePoint> given, const SegmentOptions &options) {
    LogCurve curve = log_curve(given);
    Segmentation result;
    if (curve.size() < 2 * options.least_points) {
        result.reason = fmt::format("{} points with samples are too few", curve.size());
        return result;
    }
    result.noise = median(curve.deviation);
    const double floor = wander * std::log1p(options.least_step);
    for (double &deviation : curve.deviation)
        deviation = std::max(deviation, floor);
    // A step of just the least size is seen smaller as often as larger.
    const PieceLimits limits{options.least_points, 0.8 * std::log1p(options.least_step)};
    const Pieces all(curve, limits);
    const std::vector<Piece> pieces =
        without_small_steps(curve, all.partition(usual_penalties(curve.size())), limits.least_rise);
    result.resolution = resolution(curve, options);

    std::vector<Piece> levels;
    std::copy_if(pieces.begin(), pieces.end(), std::back_inserter(levels),
                 [](const Piece &piece) { return !piece.ramp; });
    for (std::size_t i = 0; i < levels.size(); ++i) {
        result.plateaus.push_back(plateau(curve, levels[i]));
        if (i > 0)
            result.breaks.push_back(break_between(curve, levels[i - 1], levels[i]));
    }
    result.reason = end_objection(curve, pieces);
    for (const Break &each : result.breaks)
        if (result.reason.empty() && std::abs(std::log(each.ratio)) < clear_step * result.noise)
            result.reason =
                fmt::format("the step near {} is hardly larger than the noise", each.x.high);
    if (result.reason.empty() && levels.size() > options.most_plateaus)
        result.reason = fmt::format("more than {} plateaus", options.most_plateaus);
    if (result.reason.empty())
        result.reason = count_objection(curve, all, levels.size(), limits.least_rise);
    if (result.reason.empty() && result.breaks.empty() && result.resolution > options.least_step)
        result.reason = fmt::format("steps under {:.0f} % would not show in the noise",
                                    100 * result.resolution);
    result.decided = result.reason.empty();
    return result;
}

} // namespace clprobe
