#include "analysis/log_curve.hpp"
#include "analysis/refinement.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

namespace clprobe {
namespace {

std::size_t rounded(double bytes, std::size_t unit) {
    return static_cast<std::size_t>(std::lround(bytes / static_cast<double>(unit))) * unit;
}

/// How far the samples of a point lie apart, in log value, as those of the points around it show:
/// two that agree may do so by chance.
double spread_around(std::span<const CurvePoint> curve, std::size_t index) {
    std::vector<double> spreads;
    for (const CurvePoint &point : neighbours(curve, index, 2))
        if (point.samples.size() >= 2) {
            const auto [least, most] = std::ranges::minmax(point.samples);
            spreads.push_back(std::log(most / least));
        }
    return spreads.empty() ? 0 : median(spreads);
}

/// Whether a point and the one before differ by more than `rise`, by more than their own samples
/// do, and by more than samples around them do.
bool differ(std::span<const CurvePoint> curve, std::size_t index, double rise) {
    const std::vector<double> &a = curve[index - 1].samples;
    const std::vector<double> &b = curve[index].samples;
    const double step = std::abs(std::log(median(a) / median(b)));
    const auto [least_a, most_a] = std::ranges::minmax(a);
    const auto [least_b, most_b] = std::ranges::minmax(b);
    return step > std::log1p(rise) && (most_a < least_b || most_b < least_a) &&
           step > std::min(spread_around(curve, index - 1), spread_around(curve, index));
}

} // namespace

std::vector<std::size_t> coarse_footprints(std::size_t least, std::size_t most) {
    std::vector<std::size_t> footprints;
    for (double bytes = static_cast<double>(least); rounded(bytes, least) < most;
         bytes *= std::sqrt(2))
        if (footprints.empty() || rounded(bytes, least) > footprints.back())
            footprints.push_back(rounded(bytes, least));
    footprints.push_back(most);
    return footprints;
}

std::vector<std::size_t> points_between(std::span<const CurvePoint> curve, std::size_t unit,
                                        double rise) {
    constexpr double apart = 1.05;
    std::vector<std::size_t> footprints;
    for (std::size_t i = 1; i < curve.size(); ++i) {
        const CurvePoint &low = curve[i - 1];
        const CurvePoint &high = curve[i];
        if (low.samples.empty() || high.samples.empty() || high.x < low.x * apart ||
            !differ(curve, i, rise))
            continue;
        const std::size_t middle = rounded(std::sqrt(low.x * high.x), unit);
        if (static_cast<double>(middle) > low.x && static_cast<double>(middle) < high.x)
            footprints.push_back(middle);
    }
    return footprints;
}

std::vector<std::size_t> doubtful_points(std::span<const CurvePoint> curve) {
    constexpr double agreement = 1.1;
    constexpr std::size_t enough = 4;
    std::vector<std::size_t> footprints;
    for (const CurvePoint &point : curve) {
        const auto [least, most] = std::minmax_element(point.samples.begin(), point.samples.end());
        if (point.samples.size() < enough &&
            (point.samples.size() < 2 || *most > agreement * *least))
            footprints.push_back(static_cast<std::size_t>(point.x));
    }
    return footprints;
}

std::vector<std::size_t> uncertain_points(std::span<const CurvePoint> curve) {
    std::vector<std::pair<double, std::size_t>> footprints;
    for (const CurvePoint &point : curve) {
        std::vector<double> levels;
        for (const double sample : point.samples)
            levels.push_back(std::log(sample));
        if (levels.empty())
            continue;
        const double middle = median(levels);
        double off = 0;
        for (const double level : levels)
            off += std::abs(level - middle);
        const auto n = static_cast<double>(levels.size());
        footprints.emplace_back(off / n / std::sqrt(n), static_cast<std::size_t>(point.x));
    }
    std::ranges::sort(footprints, std::greater{});
    footprints.resize((footprints.size() + 1) / 2);
    std::vector<std::size_t> uncertain;
    for (const auto &[error, footprint] : footprints)
        uncertain.push_back(footprint);
    return uncertain;
}

} // namespace clprobe
