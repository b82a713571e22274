#include "analysis/curve_pieces.hpp"
#include "analysis/isotonic_fit.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>

namespace clprobe {
namespace {

void drop_if(LogCurve &curve, const std::vector<bool> &dropped) {
    LogCurve kept;
    kept.sparse = curve.sparse;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        if (dropped[i])
            continue;
        kept.x.push_back(curve.x[i]);
        kept.level.push_back(curve.level[i]);
        kept.deviation.push_back(curve.deviation[i]);
        kept.index.push_back(curve.index[i]);
    }
    curve = std::move(kept);
}

/// Whether most points have one sample, or lie an octave apart (but for rounding).
bool is_sparse(const LogCurve &curve, std::span<const CurvePoint> given) {
    constexpr double octave = 1.9;
    std::size_t single = 0;
    std::size_t apart = 0;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        single += given[curve.index[i]].samples.size() == 1 ? 1 : 0;
        apart += i > 0 && curve.x[i] > octave * curve.x[i - 1] ? 1 : 0;
    }
    return 2 * std::max(single, apart) > curve.size();
}

/// The power of ten of which all values are multiples; 0 where that is less than a share of the
/// least, or too few values differ to tell it from chance.
double rounded_to(const std::vector<double> &values, double least_share) {
    constexpr double exactly = 1e-6;
    constexpr std::size_t few = 3;
    if (std::set<double>(values.begin(), values.end()).size() < few)
        return 0;
    const double least = std::ranges::min(values);
    for (double unit = std::pow(10, std::floor(std::log10(least))); unit >= least_share * least;
         unit /= 10)
        if (std::ranges::all_of(values, [&](double value) {
                return std::abs(value / unit - std::round(value / unit)) < exactly;
            }))
            return unit;
    return 0;
}

/// Values that were rounded are known to half a unit only, and all at one height are off by the
/// same: no number of them shows a step of one unit, if that is small.
void raise_to_rounding(LogCurve &curve) {
    constexpr double small = 0.08;
    constexpr double fine = 0.01; // less shows in no level
    std::vector<double> values;
    for (const double level : curve.level)
        values.push_back(std::exp(level));
    const double unit = rounded_to(values, fine);
    for (std::size_t i = 0; i < curve.size(); ++i)
        curve.deviation[i] = std::max(curve.deviation[i], std::min(unit / values[i], small) / 2);
}

constexpr double far_off = 5; ///< standard deviations
constexpr double alone = 2;   ///< times as far as others

/// Whether a point is far below the one behind it and those before it, which are level: next to a
/// rise, the median of five does not show it. The more are level, the less far will do.
bool is_dip(const LogCurve &curve, std::size_t i) {
    constexpr double least_dip = 0.6; // log, to half nearly: noise makes others
    constexpr double least_after_many = 0.3;
    constexpr std::size_t many = 4;
    if (i < 2 || i + 1 >= curve.size())
        return false;
    const auto level_before = [&](std::size_t count) {
        const auto [low, high] =
            std::ranges::minmax(std::span(curve.level).subspan(i - count, count));
        return high - low;
    };
    const double dip = std::min(curve.level[i - 1], curve.level[i + 1]) - curve.level[i];
    const auto stands_out = [&](double least, std::size_t count) {
        return dip > std::max({least, far_off * curve.deviation[i], alone * level_before(count)});
    };
    return stands_out(least_dip, 2) || (i >= many && stands_out(least_after_many, many));
}

/// Drops the points that are far off the median of the five around them, and alone in that: no
/// point of a curve that only rises is, nor the top of one that first gets faster.
void drop_outliers(LogCurve &curve) {
    constexpr std::size_t window = 5;
    std::vector<bool> dropped(curve.size());
    for (std::size_t i = 1; i + 1 < curve.size() && curve.size() >= window; ++i) {
        const std::size_t first = std::clamp<std::size_t>(i, 2, curve.size() - 3) - 2;
        const double middle = median(std::span(curve.level).subspan(first, window));
        const double off = std::abs(curve.level[i] - middle);
        const double beside =
            std::max(std::abs(curve.level[i - 1] - middle), std::abs(curve.level[i + 1] - middle));
        dropped[i] = (off > far_off * curve.deviation[i] && off > alone * beside &&
                      beside < far_off * curve.deviation[i]) ||
                     is_dip(curve, i);
    }
    drop_if(curve, dropped);
}

/// Where a point's only two samples disagree by far, the points around it tell where between them
/// it is: the mean of the two is as wrong as the spoilt one is.
void ask_neighbours(LogCurve &curve, std::span<const CurvePoint> given) {
    constexpr std::size_t around = 3;
    const LogCurve before = curve;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const std::vector<double> &samples = given[curve.index[i]].samples;
        if (samples.size() != 2 || !(std::min(samples[0], samples[1]) > 0))
            continue;
        const std::size_t first = i - std::min(i, around);
        const std::size_t count = std::min(i + around + 1, curve.size()) - first;
        const double noise = // of one sample
            median(std::span(before.deviation).subspan(first, count)) * std::numbers::sqrt2;
        const double apart = std::abs(std::log(samples[0] / samples[1]));
        if (apart < far_off * std::numbers::sqrt2 * noise)
            continue;
        curve.level[i] = std::clamp(median(std::span(before.level).subspan(first, count)),
                                    before.level[i] - apart / 2, before.level[i] + apart / 2);
        curve.deviation[i] = noise;
    }
}

/// A further piece costs as much as keeps a flat curve flat in all but a few of a thousand cases.
PieceCosts usual_costs(std::size_t points) {
    const double piece = 2 + 3 * std::log(static_cast<double>(points));
    return {piece, 0.55 * piece};
}

/// As it can only rise: a fit that is surely higher than a later one is cut down to it, where it is
/// perhaps so they are averaged.
std::vector<double> as_isotonic(const LogCurve &curve, const std::vector<double> &fitted) {
    constexpr double surely = 3; // standard deviations of a point
    std::vector<double> isotonic = fitted;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = fitted.size(); i-- > 0;) {
        isotonic[i] = std::min(fitted[i], least);
        least = std::min(least, fitted[i] + surely * curve.deviation[i]);
    }
    return isotonic_fit(isotonic);
}

} // namespace

std::vector<CurvePoint> pooled(std::vector<CurvePoint> curve) {
    constexpr std::size_t most_points = 1000;
    if (curve.size() <= most_points)
        return curve;
    std::ranges::stable_sort(curve, {}, &CurvePoint::x);
    const auto positive = std::ranges::find_if(curve, [](const CurvePoint &p) { return p.x > 0; });
    if (positive == curve.end())
        return {};
    const double same =
        std::max(1.005, std::pow(curve.back().x / positive->x, 1.0 / double{most_points}));
    std::vector<CurvePoint> pools;
    for (auto first = positive, end = positive; first != curve.end(); first = end) {
        CurvePoint &pool = pools.emplace_back();
        for (; end != curve.end() && (end == first || end->x < same * first->x); ++end)
            pool.samples.insert(pool.samples.end(), end->samples.begin(), end->samples.end());
        pool.x = (first + (end - first) / 2)->x;
    }
    return pools;
}

double least_level_step() {
    return std::log(1.05);
}

LogCurve monotone_curve(std::span<const CurvePoint> measured, CurveKind kind) {
    constexpr double wander = 0.1;    // of the least step, that is not taken for levels
    constexpr std::size_t around = 3; // points share their noise, not the whole curve
    const std::vector<CurvePoint> given = pooled({measured.begin(), measured.end()});
    LogCurve curve = log_curve(given, around);
    raise_to_rounding(curve);
    std::vector<bool> dropped;
    for (const double x : curve.x)
        dropped.push_back(!(x > 0 && std::isfinite(x)));
    drop_if(curve, dropped);
    const double sign = kind == CurveKind::bandwidth ? -1 : 1;
    for (double &level : curve.level)
        level *= sign;
    for (double &deviation : curve.deviation)
        deviation = std::max(deviation, wander * least_level_step());
    ask_neighbours(curve, given);
    curve.sparse = is_sparse(curve, given);
    drop_outliers(curve);
    raise_to_local_roughness(curve);
    return curve;
}

IsotonicFit fit_isotonic(const LogCurve &curve) {
    IsotonicFit fit{curve, {}, fit_pieces(curve, usual_costs(curve.size())), {}};
    for (const double x : curve.x)
        fit.octave.push_back(std::log2(x));
    fit.isotonic = as_isotonic(curve, fit.value);
    return fit;
}

} // namespace clprobe
