#include "analysis/estimates.hpp"
#include "common/chase.hpp"
#include "common/level_findings.hpp"
#include "memory/tlb/tlb.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

namespace clprobe::probes::tlb {
namespace {

/// Over the number of pages, by how many bytes they are apart.
std::map<double, std::vector<CurvePoint>> spread_curves(const Dataset &data) {
    std::map<double, std::vector<CurvePoint>> curves;
    for (const auto &[row, times] : times_by_row<SpreadRow>(data.find(series::spread)))
        curves[static_cast<double>(row.stride)].push_back(
            {static_cast<double>(row.pages), slopes_by_block(times, Chase::hops)});
    return curves;
}

/// The medians of a curve that can only rise, joined by straight lines over log x.
class Joined {
public:
    explicit Joined(std::vector<CurvePoint> curve) {
        std::erase_if(curve, [](const CurvePoint &point) { return point.samples.empty(); });
        std::vector<double> medians;
        for (const CurvePoint &point : curve)
            medians.push_back(median(point.samples));
        medians = isotonic_fit(medians);
        for (std::size_t i = 0; i < curve.size(); ++i)
            medians_[std::log(curve[i].x)] = medians[i];
    }
    [[nodiscard]] bool empty() const { return medians_.empty(); }
    [[nodiscard]] double end() const { return std::exp(medians_.rbegin()->first); }
    [[nodiscard]] double least() const { return medians_.begin()->second; }
    [[nodiscard]] double at(double x) const {
        const auto behind = medians_.lower_bound(std::log(x));
        if (behind == medians_.end())
            return medians_.rbegin()->second;
        if (behind == medians_.begin())
            return behind->second;
        const auto before = std::prev(behind);
        const double share = (std::log(x) - before->first) / (behind->first - before->first);
        return before->second + share * (behind->second - before->second);
    }

private:
    std::map<double, double> medians_;
};

/// The point before `x` where two in a row are not above `limit`, and the one behind where two in a
/// row are not below; in nine samples of ten.
Interval surely_between(const std::vector<CurvePoint> &curve, double x, double limit) {
    constexpr double odd = 0.1;
    Interval between{curve.front().x, curve.back().x};
    for (std::size_t i = 1; i < curve.size(); ++i) {
        const auto most = [&](std::size_t at) { return quantile(curve[at].samples, 1 - odd); };
        const auto least = [&](std::size_t at) { return quantile(curve[at].samples, odd); };
        if (curve[i].x < x && most(i - 1) <= limit && most(i) <= limit)
            between.low = curve[i].x;
        if (curve[i - 1].x > x && least(i - 1) > limit && least(i) > limit)
            between.high = std::min(between.high, curve[i - 1].x);
    }
    return between;
}

/// Relative: how much a point's median varies, by its samples, or how much neighbours differ, if
/// that is more.
double noise_of(const std::vector<CurvePoint> &curve) {
    std::vector<double> errors;
    std::vector<double> steps;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        const std::vector<double> &samples = curve[i].samples;
        const double middle = median(samples);
        if (samples.size() > 1)
            errors.push_back((quantile(samples, 0.84) - quantile(samples, 0.16)) / 2 / middle /
                             std::sqrt(static_cast<double>(samples.size())));
        if (i > 0)
            steps.push_back(std::abs(middle / median(curve[i - 1].samples) - 1));
    }
    return std::max(errors.empty() ? 0 : median(errors), steps.empty() ? 0 : median(steps));
}

/// Where the curve is flat from point `first` on, and how high: it grows in the next octave by
/// little of what it has grown by since its start.
Estimate settled_behind(const std::vector<Estimate> &points, std::size_t first, double start) {
    constexpr double little = 0.15;
    for (std::size_t i = first;; ++i) {
        std::vector<double> octave;
        for (std::size_t j = i; j < points.size() && points[j].x <= 2 * points[i].x; ++j)
            octave.push_back(points[j].value);
        const double middle = median(octave);
        if (i + 1 == points.size() ||
            middle - points[i].value <= little * (points[i].value - start))
            return {points[i].x, middle, 0, octave.size()};
    }
}

/// Whether the curve's trend in the octave from x on is little of `rise`, and nearly all of that
/// was timed.
bool is_flat(const std::vector<Estimate> &points, double x, double rise) {
    constexpr double little = 0.25;
    constexpr double rounded = 0.99;
    constexpr double nearly = 0.95;
    if (points.back().x < nearly * 2 * x)
        return false;
    std::vector<double> octaves;
    std::vector<double> values;
    for (const Estimate &point : points)
        if (point.x >= x && point.x * rounded <= 2 * x) {
            octaves.push_back(std::log2(point.x));
            values.push_back(point.value);
        }
    if (values.size() < 2)
        return false;
    const double middle =
        std::accumulate(octaves.begin(), octaves.end(), 0.0) / static_cast<double>(octaves.size());
    double spread = 0;
    double together = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        spread += (octaves[i] - middle) * (octaves[i] - middle);
        together += (octaves[i] - middle) * values[i];
    }
    return std::abs(together / spread) <= little * rise;
}

constexpr std::size_t in_a_row = 3;

std::vector<Estimate> medians_of(const Translation &translation) {
    std::vector<Estimate> points;
    for (const CurvePoint &point : translation.curve)
        points.push_back({point.x, median(point.samples), 0, point.samples.size()});
    return points;
}

/// Of so many points at the start, or of the first three: fewer say little.
double level_of_first(const std::vector<Estimate> &points, std::size_t count) {
    std::vector<double> values;
    for (std::size_t i = 0; i < std::max(count, in_a_row); ++i)
        values.push_back(points[i].value);
    return median(values);
}

/// Points in a row that are above all before them: three, or fewer where the curve ends with them.
struct Risen {
    std::size_t first = 0;
    std::size_t count = 0;
};

Risen first_risen(const Translation &translation, const std::vector<Estimate> &points) {
    constexpr double least_rise = 0.015;
    constexpr double clear = 3; // times the noise
    const double noticeable = std::max(least_rise, clear * noise_of(translation.curve));
    std::size_t row = 0;
    std::size_t at = 0;
    for (; at < points.size() && row < in_a_row; ++at) {
        const double before = level_of_first(points, at - row);
        row = points[at].value > before + std::max(noticeable * before, translation.doubts[at])
                  ? row + 1
                  : 0;
    }
    return {at - row, row};
}

/// Three points in a row are enough, and two at the end where there is but one an octave.
bool is_enough(const Risen &risen, const std::vector<Estimate> &points) {
    constexpr double nearly_octave = 1.9;
    return risen.count >= in_a_row ||
           (risen.count == 2 && points.back().x >= nearly_octave * points[points.size() - 2].x);
}

/// Where pages begin to share entries.
struct Bracket {
    double shared = 0; ///< the largest stride at which they do; 0: none is known
    double alone = 0;  ///< the smallest at which they do not; 0: none is known
};

Bracket bracket_of(const PagesHeld &held) {
    constexpr double more = 1.4; // two share an entry: twice as many, or less where they alias
    Bracket bracket;
    double entries = 0;
    for (const auto &[stride, pages] : held) {
        if (bracket.alone > 0 && (!pages || *pages > more * entries)) {
            bracket.shared = stride;
            break;
        }
        if (pages) {
            bracket.alone = stride;
            entries = std::max(entries, *pages);
        }
    }
    return bracket;
}

} // namespace

Translation undoubted(std::vector<CurvePoint> curve) {
    std::erase_if(curve, [](const CurvePoint &point) {
        return point.samples.empty() || median(point.samples) <= 0;
    });
    return {curve, std::vector<double>(curve.size())};
}

std::map<double, Translation> translations(const Dataset &data) {
    const Joined reference(curve_over(data.find(series::packed), &PackedRow::lines, Chase::hops));
    const double lines = data.number_attribute(lines_a_page).value_or(1);
    const auto taken = [&](double pages) {
        return reference.at(pages * lines) - reference.least();
    };
    // A cache may fade a little sooner or later, and where its end is steep, that spoils the
    // difference; elsewhere a part of what was taken off is in doubt.
    constexpr double near = 1.4;
    constexpr double bearable = 0.1;
    constexpr double wrong = 0.1;
    std::map<double, Translation> made;
    for (auto &[stride, curve] : spread_curves(data)) {
        Translation &translation = made[stride];
        for (CurvePoint &point : pooled(std::move(curve))) {
            if (point.samples.empty() || reference.empty() || point.x * lines > reference.end())
                continue;
            const double change = (taken(point.x * near) - taken(point.x / near)) / 2;
            for (double &sample : point.samples)
                sample -= taken(point.x);
            if (change > bearable * median(point.samples))
                continue;
            translation.doubts.push_back(std::max(change, wrong * taken(point.x)));
            translation.curve.push_back(std::move(point));
        }
    }
    return made;
}

bool rises_at_end(const Translation &translation) {
    if (translation.curve.size() < least_points)
        return false;
    const std::vector<Estimate> points = medians_of(translation);
    const Risen risen = first_risen(translation, points);
    return risen.count > 0 && !is_enough(risen, points);
}

bool settles(const Translation &translation, double rise) {
    const std::vector<Estimate> points = medians_of(translation);
    return is_flat(points, points.back().x / 2, rise);
}

std::optional<Reach> first_reach(const Translation &translation) {
    if (translation.curve.size() < least_points)
        return std::nullopt;
    const std::vector<Estimate> points = medians_of(translation);
    const Risen risen = first_risen(translation, points);
    if (!is_enough(risen, points))
        return std::nullopt;
    const double start = level_of_first(points, risen.first);
    const Estimate settled = settled_behind(points, risen.first, start);
    const auto rise = [&](double share) { return start + share * (settled.value - start); };
    const auto tenth = crossing(points, rise(0.1));
    const auto quarter = crossing(points, rise(0.25));
    const auto half = crossing(points, rise(0.5));
    const auto most = crossing(points, rise(0.9));
    if (!tenth || !quarter || !half || !most)
        return std::nullopt;
    // With random replacement a share m of the hops misses, m = 1 - exp(-m span / reach): nine of
    // ten at 2.6 times the reach.
    constexpr double sharp = 2.8;
    const double height = settled.value - start;
    Reach reach{0, points[risen.first > 0 ? risen.first - 1 : 0].x, *quarter, *half, settled.x, {}};
    reach.interval = surely_between(translation.curve, *half, rise(0.5));
    reach.interval.low = std::min({reach.interval.low, *tenth, reach.before});
    // What others on a shared core take of it makes a ramp that ends where all of it is outgrown.
    reach.interval.high = std::max(reach.interval.high, reach.behind);
    constexpr double certain = 4;
    reach.clear = *most <= sharp * *tenth && reach.interval.high <= certain * reach.interval.low &&
                  is_flat(points, reach.before / 2, height) && is_flat(points, settled.x, height);
    return reach;
}

PagesHeld pages_held(const Dataset &data) {
    PagesHeld held;
    for (const auto &[stride, translation] : translations(data)) {
        const auto reach = first_reach(translation);
        held[stride] = reach ? std::optional(reach->quarter) : std::nullopt;
    }
    return held;
}

StrideSearch search_strides(const std::vector<double> &landmarks, const PagesHeld &held) {
    const Bracket bracket = bracket_of(held);
    if (bracket.shared == 0) {
        std::vector<double> wanted = landmarks;
        std::erase_if(wanted, [&](double landmark) { return held.contains(landmark); });
        if (wanted.empty())
            return {{}, 0, bracket.alone};
        return {std::ranges::max(wanted), static_cast<int>(wanted.size()), bracket.alone};
    }
    const int octaves = static_cast<int>(std::lround(std::log2(bracket.alone / bracket.shared)));
    if (octaves < 2)
        return {{}, 0, bracket.alone};
    return {bracket.shared * std::exp2(octaves / 2),
            static_cast<int>(std::ceil(std::log2(octaves))), bracket.alone};
}

} // namespace clprobe::probes::tlb
