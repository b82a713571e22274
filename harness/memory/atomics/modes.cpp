#include "memory/atomics/modes.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace clprobe::probes::atomics {
namespace {

constexpr std::size_t least_points = 48;
constexpr double alike = 1.04;      // levels nearer than that are one
constexpr double least_share = 0.1; // of the places, at either level
constexpr double keeping = 0.9;     // share of the places that must keep to their level
// Of the dip times the root of the number of samples, for uniform ones (no unimodal distribution
// dips more often): once in ten thousand, and once in a hundred, by simulation.
constexpr double rejected = 0.66;
constexpr double doubtful = 0.5;

/// A place of an empirical distribution: how many samples lie below, and how many not above.
struct Jump {
    double x = 0;
    double below = 0;
    double upto = 0;
};

std::vector<Jump> distribution(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    std::vector<Jump> jumps;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (jumps.empty() || samples[i] != jumps.back().x)
            jumps.push_back({samples[i], static_cast<double>(i), 0});
        jumps.back().upto = static_cast<double>(i + 1);
    }
    return jumps;
}

/// Whether a convex function runs within `distance` of the distribution up to the last of these
/// jumps, where it may fall short by as much as it likes, for the mode may be there and jump: the
/// greatest convex one below all upper bounds, if any.
bool convex_fits(std::span<const Jump> jumps, double distance) {
    std::vector<const Jump *> hull;
    const auto rises_less = [](const Jump &a, const Jump &b, const Jump &c) {
        return (b.below - a.below) * (c.x - b.x) < (c.below - b.below) * (b.x - a.x);
    };
    for (const Jump &jump : jumps) {
        while (hull.size() > 1 && !rises_less(*hull[hull.size() - 2], *hull.back(), jump))
            hull.pop_back();
        hull.push_back(&jump);
    }
    std::size_t segment = 0;
    for (const Jump &jump : jumps.first(jumps.size() - 1)) {
        while (segment + 1 < hull.size() && hull[segment + 1]->x <= jump.x)
            ++segment;
        double height = hull[segment]->below;
        if (segment + 1 < hull.size()) {
            const Jump &from = *hull[segment];
            const Jump &to = *hull[segment + 1];
            height += (to.below - from.below) * (jump.x - from.x) / (to.x - from.x);
        }
        if (height + distance < jump.upto - distance)
            return false;
    }
    return true;
}

/// From the first jump on, how many a convex function can follow.
std::size_t longest_convex(std::span<const Jump> jumps, double distance) {
    std::size_t fits = 1;
    std::size_t fails = jumps.size() + 1;
    while (fails - fits > 1) {
        const std::size_t middle = (fits + fails) / 2;
        (convex_fits(jumps.first(middle), distance) ? fits : fails) = middle;
    }
    return fits;
}

/// The median of each place's samples, of all or only those of every other turn.
std::vector<double> medians(std::span<const std::vector<double>> samples, std::size_t first,
                            std::size_t apart) {
    std::vector<double> result;
    for (const std::vector<double> &place : samples) {
        std::vector<double> chosen;
        for (std::size_t i = first; i < place.size(); i += apart)
            chosen.push_back(place[i]);
        result.push_back(median(chosen));
    }
    return result;
}

/// The value between two levels that leaves the least scatter of logarithms within them (Otsu).
double boundary(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    double total = 0;
    for (const double value : values)
        total += std::log(value);
    const auto n = static_cast<double>(values.size());
    double best = -1;
    double at = values.front();
    double sum = 0;
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
        sum += std::log(values[i]);
        const auto below = static_cast<double>(i + 1);
        const double distance = sum / below - (total - sum) / (n - below);
        const double between = below * (n - below) * distance * distance;
        if (between > best) {
            best = between;
            at = std::sqrt(values[i] * values[i + 1]);
        }
    }
    return at;
}

/// The share of the places that are on the same side in both halves of the samples.
double steadiness(std::span<const std::vector<double>> samples, double border) {
    const auto even = medians(samples, 0, 2);
    const auto odd = medians(samples, 1, 2);
    std::size_t same = 0;
    for (std::size_t i = 0; i < even.size(); ++i)
        same += (even[i] > border) == (odd[i] > border);
    return static_cast<double>(same) / static_cast<double>(even.size());
}

Modes two_levels(std::span<const std::vector<double>> samples, const std::vector<double> &values) {
    const double border = boundary(values);
    std::vector<double> low;
    std::vector<double> high;
    for (const double value : values)
        (value > border ? high : low).push_back(value);
    Modes modes{2,
                median(low),
                median(high),
                static_cast<double>(high.size()) / static_cast<double>(values.size()),
                {}};
    const double steady = steadiness(samples, border);
    if (modes.high < alike * modes.low || std::min(modes.share, 1 - modes.share) < least_share) {
        modes.count.reset();
        modes.reason = "neither one level nor two that differ clearly";
    } else if (steady < keeping) {
        modes.count.reset();
        modes.reason =
            fmt::format("two levels, but only {:.0f} % of the places keep to theirs", 100 * steady);
    }
    return modes;
}

} // namespace

double dip(std::span<const double> samples) {
    if (samples.empty())
        throw std::invalid_argument("the dip of no samples");
    const std::vector<Jump> jumps = distribution({samples.begin(), samples.end()});
    const auto n = static_cast<double>(samples.size());
    // The same from behind: what is concave there is convex here.
    std::vector<Jump> mirrored;
    for (const Jump &jump : jumps)
        mirrored.push_back({-jump.x, n - jump.upto, n - jump.below});
    std::reverse(mirrored.begin(), mirrored.end());
    double low = 0;
    double high = n / 2;
    for (int i = 0; i < 30; ++i) {
        const double middle = (low + high) / 2;
        const bool unimodal = // both reach some jump
            longest_convex(jumps, middle) + longest_convex(mirrored, middle) > jumps.size();
        (unimodal ? high : low) = middle;
    }
    return high / n;
}

Modes find_modes(std::span<const std::vector<double>> samples) {
    const bool taken_twice =
        std::all_of(samples.begin(), samples.end(),
                    [](const std::vector<double> &place) { return place.size() >= 2; });
    if (samples.size() < least_points || !taken_twice)
        return {{}, 0, 0, 0, "too few places were timed twice"};
    const std::vector<double> values = medians(samples, 0, 1);
    const double middle = median(values);
    const double dipping = dip(values) * std::sqrt(static_cast<double>(values.size()));
    const bool narrow = quantile(values, 0.95) < alike * quantile(values, 0.05);
    if (narrow || dipping < doubtful)
        return {1, middle, middle, 0, {}};
    if (dipping > rejected)
        return two_levels(samples, values);
    return {{}, middle, middle, 0, "perhaps two levels, but not clearly so"};
}

} // namespace clprobe::probes::atomics
