// The line by curves over the stride: capacity in slots, and the time of an access.
#include "memory/cache_line/lines.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace clprobe::probes::cache_line {
namespace {

constexpr std::size_t least_points = 4;

/// How sure a verdict has to be, from synthetic data: wrong once in a hundred at most. The sizes of
/// a sweep may lie that far apart.
constexpr double least_of_capacity = 0.81;
constexpr double least_of_stride = 0.87;
constexpr double most_apart = 4;

/// Hashed sets and random replacement move a knee by so much from one stride to the next.
constexpr double capacity_error = 0.05;

/// Beyond lie pages and sets, not lines.
constexpr double most_stride = 4096;

SizeVerdict too_few() {
    return {{}, 0, 1, false, "too few strides were measured"};
}

/// A curve over the stride, with the places of a quarter octave as one; the candidates are borders
/// of these.
struct Curve {
    std::vector<double> stride;
    std::vector<Observation> seen;
};

Curve thinned(std::span<const Estimate> places) {
    std::map<int, std::vector<const Estimate *>> bins;
    for (const Estimate &place : places)
        if (place.x > 0 && place.x <= most_stride)
            bins[static_cast<int>(std::floor(std::log2(place.x) * 4))].push_back(&place);
    Curve curve;
    std::vector<double> usual;
    for (const auto &[number, members] : bins) {
        std::vector<double> strides;
        std::vector<double> logs;
        std::vector<double> errors;
        for (const Estimate *place : members) {
            strides.push_back(place->x);
            logs.push_back(std::log(place->value));
            errors.push_back(place->error);
        }
        const auto count = static_cast<double>(members.size());
        curve.stride.push_back(median(strides));
        curve.seen.push_back({median(logs), median(errors), count});
        usual.push_back(median(errors));
    }
    for (Observation &seen : curve.seen)
        seen.error = std::max(seen.error, median(usual)) / std::sqrt(seen.points);
    return curve;
}

/// The number of the first place at that stride or beyond.
std::size_t first_at(const Curve &curve, double stride) {
    const auto place = std::lower_bound(curve.stride.begin(), curve.stride.end(), stride);
    return static_cast<std::size_t>(place - curve.stride.begin());
}

/// Minus the logarithm of the probability, before anything was seen, of a line whose neighbour is
/// often there when it is wanted, half the time or so: shares of the time for the neighbour's line.
constexpr double neighbour_prior_cost = 4;
constexpr double neighbour_shares[] = {0.3, 0.6};

/// The same of the size itself. Below 32 B tags would outweigh what they tag, above 256 B most of
/// what is fetched would be wasted.
double size_prior_cost(double size) {
    return std::max({0.0, std::log2(32 / size), std::log2(size / 256)});
}

/// The same of no line at all: as likely as a dozen of the ways to see one.
constexpr double no_rise_prior_cost = -2.5;

/// How time may grow up to a line: by the share of accesses that miss, where each is waited for; as
/// the greater of that and the rest, more or less, where these overlap; or all at once, where only
/// a second access is timed. With prefetch of the neighbour it goes on to grow, more slowly, up to
/// twice the line. Beyond, something else may be seen.
void add_hypotheses(std::vector<Hypothesis> &hypotheses, const Curve &curve, double size) {
    const std::size_t line = first_at(curve, size);
    const std::size_t n = curve.stride.size();
    Hypothesis hypothesis;
    // One place alone on either side may be an outlier.
    const bool told = line >= 2 && line + 2 <= n && size <= candidate_sizes().back();
    hypothesis.size = told ? size : 0;
    hypothesis.prior_cost = told ? size_prior_cost(size) : 0;
    const auto explain = [&](double power, double end, auto share) {
        hypothesis.power = power;
        hypothesis.free_from = std::max(first_at(curve, end), line + 1);
        hypothesis.shares.clear();
        for (const double stride : curve.stride)
            hypothesis.shares.push_back(share(stride / size));
        hypotheses.push_back(hypothesis);
    };
    for (const double power : {1.0, 4.0, 20.0})
        explain(power, 2 * size,
                [&](double lines) { return std::pow(std::min(lines, 1.0), power); });
    if (line == n)
        return;
    explain(0, 2 * size, [](double lines) { return lines < 1 ? 0.0 : 1.0; });
    hypothesis.prior_cost += neighbour_prior_cost;
    hypothesis.neighbours = true;
    for (const double next : neighbour_shares)
        explain(1, 4 * size, [&](double lines) {
            return (std::min(lines, 1.0) + next * std::clamp(lines - 1, 0.0, 1.0)) / (1 + next);
        });
}

} // namespace

SizeVerdict line_by_capacity(std::span<const Estimate> slots) {
    if (slots.size() < least_points)
        return too_few();
    std::vector<Observation> seen;
    for (const Estimate &place : slots)
        seen.push_back({std::log(place.value), std::hypot(place.error, capacity_error), 1});
    std::vector<Hypothesis> hypotheses;
    const auto explain = [&](double size, double up_to) {
        Hypothesis hypothesis;
        hypothesis.size = size;
        for (const Estimate &place : slots)
            hypothesis.known.push_back(-std::log(std::min(place.x, up_to)));
        hypotheses.push_back(std::move(hypothesis));
    };
    for (const double size : candidate_sizes())
        if (slots.front().x < size && size < slots.back().x)
            explain(size, size);
    explain(0, slots.front().x);
    explain(0, slots.back().x);
    return size_posterior(hypotheses, seen, least_of_capacity);
}

SizeVerdict line_by_stride(std::span<const Estimate> latency) {
    const Curve curve = thinned(latency);
    if (curve.stride.size() < least_points)
        return too_few();
    // Flat, or falling: with too large a stride the whole sweep fits a cache.
    Hypothesis no_rise;
    no_rise.free_from = 2;
    no_rise.prior_cost = no_rise_prior_cost;
    std::vector<Hypothesis> hypotheses{no_rise};
    for (double size = candidate_sizes().front(); size <= 2 * curve.stride.back(); size *= 2)
        if (curve.stride.front() < size)
            add_hypotheses(hypotheses, curve, size);
    return size_posterior(hypotheses, curve.seen, least_of_stride, most_apart);
}

} // namespace clprobe::probes::cache_line
