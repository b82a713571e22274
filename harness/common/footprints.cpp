#include "common/footprints.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <utility>

namespace clprobe::probes {
namespace {

std::size_t rounded(double bytes, std::size_t unit) {
    return static_cast<std::size_t>(std::lround(bytes / static_cast<double>(unit))) * unit;
}

/// How far the samples of a place lie apart, in log value, as those of the places around it say:
/// two that agree may do so by chance.
double spread_around(std::span<const CurvePoint> curve, std::size_t place) {
    constexpr std::size_t around = 2;
    std::vector<double> spreads;
    for (std::size_t i = place - std::min(place, around);
         i < std::min(place + around + 1, curve.size()); ++i) {
        if (curve[i].samples.size() < 2)
            continue;
        const auto [least, most] = std::ranges::minmax(curve[i].samples);
        spreads.push_back(std::log(most / least));
    }
    return spreads.empty() ? 0 : median(spreads);
}

/// Whether a place and the one before differ by more than `rise`, by more than their own samples
/// do, and by more than samples around them do.
bool differ(std::span<const CurvePoint> curve, std::size_t place, double rise) {
    const std::vector<double> &a = curve[place - 1].samples;
    const std::vector<double> &b = curve[place].samples;
    const double step = std::abs(std::log(median(a) / median(b)));
    const auto [least_a, most_a] = std::ranges::minmax(a);
    const auto [least_b, most_b] = std::ranges::minmax(b);
    return step > std::log1p(rise) && (most_a < least_b || most_b < least_a) &&
           step > std::min(spread_around(curve, place - 1), spread_around(curve, place));
}

/// Sweeps over places, each a block of samples, while there is time.
class Sweeps {
public:
    Sweeps(Bench &bench, const CurveSurvey &wanted, double share)
        : bench_(bench), wanted_(wanted), until_((1 - share) * bench.budget()) {}

    [[nodiscard]] bool time_left() const { return bench_.tiny() || bench_.remaining() > until_; }

    /// Passes over places that took more than `most_seconds`.
    void over(const std::vector<std::size_t> &places, double most_seconds) {
        const int block = next_block_++;
        for (const std::size_t place : places) {
            if (!time_left())
                return;
            if (seconds_[place] > most_seconds)
                continue;
            const double before = bench_.remaining();
            wanted_.sample(place, block);
            seconds_[place] = before - bench_.remaining();
        }
    }

private:
    Bench &bench_;
    const CurveSurvey &wanted_;
    double until_;
    int next_block_ = 0;
    std::map<std::size_t, double> seconds_; ///< that a place took
};

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
                                        double rise, double step) {
    std::vector<std::size_t> places;
    for (std::size_t i = 1; i < curve.size(); ++i) {
        const CurvePoint &low = curve[i - 1];
        const CurvePoint &high = curve[i];
        if (low.samples.empty() || high.samples.empty() || high.x < low.x * step)
            continue;
        if (!differ(curve, i, rise))
            continue;
        const std::size_t middle = rounded(std::sqrt(low.x * high.x), unit);
        if (static_cast<double>(middle) > low.x && static_cast<double>(middle) < high.x)
            places.push_back(middle);
    }
    return places;
}

std::vector<std::size_t> doubtful_points(std::span<const CurvePoint> curve) {
    constexpr double agreement = 1.1;
    constexpr std::size_t enough = 4;
    std::vector<std::size_t> places;
    for (const CurvePoint &point : curve) {
        const auto [least, most] = std::minmax_element(point.samples.begin(), point.samples.end());
        if (point.samples.size() < enough &&
            (point.samples.size() < 2 || *most > agreement * *least))
            places.push_back(static_cast<std::size_t>(point.x));
    }
    return places;
}

std::vector<std::size_t> uncertain_points(std::span<const CurvePoint> curve) {
    std::vector<std::pair<double, std::size_t>> places;
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
        places.emplace_back(off / n / std::sqrt(n), static_cast<std::size_t>(point.x));
    }
    std::ranges::sort(places, std::greater{});
    places.resize((places.size() + 1) / 2);
    std::vector<std::size_t> uncertain;
    for (const auto &[error, place] : places)
        uncertain.push_back(place);
    return uncertain;
}

void survey(Bench &bench, const CurveSurvey &wanted, double share) {
    constexpr int sweeps_a_point = 2;
    constexpr int most_rounds = 12; // an octave is narrowed down to a place in fewer
    // What takes longer waits for its second sample until the curve is known.
    const double most_seconds = 0.02 * bench.budget();
    Sweeps sweeps(bench, wanted, share);
    std::vector<std::size_t> all = coarse_footprints(wanted.least, wanted.most);
    std::vector<std::size_t> wanting = all;
    for (int round = 0; !wanting.empty() && round < most_rounds; ++round) {
        for (int i = 0; i < sweeps_a_point; ++i)
            sweeps.over(wanting, most_seconds);
        if (bench.tiny() || !sweeps.time_left())
            return;
        const std::vector<CurvePoint> curve = wanted.curve();
        wanting = points_between(curve, wanted.least / 4, wanted.rise);
        all.insert(all.end(), wanting.begin(), wanting.end());
        const std::vector<std::size_t> doubtful = doubtful_points(curve);
        wanting.insert(wanting.end(), doubtful.begin(), doubtful.end());
    }
    for (int sweep = 0; sweeps.time_left(); ++sweep) {
        std::vector<std::size_t> places = sweep % 2 == 0 ? all : uncertain_points(wanted.curve());
        std::shuffle(places.begin(), places.end(), bench.random());
        sweeps.over(places, bench.budget());
    }
}

} // namespace clprobe::probes
