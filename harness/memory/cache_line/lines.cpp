// The line by curves over the stride: capacity in slots, and the time of an access.
#include "memory/cache_line/explain.hpp"
#include "memory/cache_line/weigh.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

namespace clprobe::cache_line {
namespace {

constexpr std::size_t least_places = 4;

/// Probabilities that a verdict needs. Tried on synthetic data: wrong once in a hundred at most. A
/// curve over the stride has shapes that no model here has, hence the caution.
constexpr double sure_of_capacity = 0.75;
constexpr double sure_of_stride = 0.97;

/// Hashed sets and random replacement move a knee by so much from one stride to the next.
constexpr double capacity_error = 0.05;
constexpr double latency_error = 0.02;

/// A second step is that much smaller than the rise to the line, in the logarithm, or it is one.
constexpr double most_later = 0.5;

/// Beyond lie pages and sets, not lines.
constexpr double most_stride = 2048;

Verdict too_few() {
    return {{}, 0, 1, false, "too few strides were measured"};
}

/// How the logarithm of the slots' number lies off `capacity / min(stride, size)`.
Explanation by_capacity(std::span<const Place> slots, std::span<const double> errors, double size) {
    Explanation explanation{size, 1, {}, {}, 1, false};
    for (const Place &place : slots)
        explanation.residuals.push_back(std::log(place.value * std::min(place.at[0], size)));
    const double capacity = centre(explanation.residuals, errors);
    for (double &residual : explanation.residuals)
        residual -= capacity;
    return explanation;
}

/// A curve of latency over stride, thinned to at most eight places an octave, the borders of which
/// are among the candidates.
struct Curve {
    std::vector<double> stride;
    std::vector<double> latency;
    std::vector<double> error;
};

Curve thinned(std::span<const Place> places) {
    std::map<int, std::vector<const Place *>> bins;
    for (const Place &place : places)
        if (place.at[0] > 0 && place.at[0] <= most_stride)
            bins[static_cast<int>(std::floor(std::log2(place.at[0]) * 8))].push_back(&place);
    Curve curve;
    for (const auto &[number, members] : bins) {
        std::vector<double> strides;
        std::vector<double> latencies;
        std::vector<double> errors;
        for (const Place *place : members) {
            strides.push_back(place->at[0]);
            latencies.push_back(place->value);
            errors.push_back(place->error);
        }
        curve.stride.push_back(median(strides));
        curve.latency.push_back(median(latencies));
        curve.error.push_back(std::hypot(
            median(errors) / std::sqrt(static_cast<double>(members.size())), latency_error));
    }
    return curve;
}

/// The least-squares line y = a + b c, by relative distance from y; a is kept from being negative.
struct Line {
    double at_zero = 0;
    double growth = 0;
};
Line fit_line(std::span<const double> c, std::span<const double> y, bool relative) {
    double n = 0, sc = 0, scc = 0, sy = 0, scy = 0;
    for (std::size_t i = 0; i < c.size(); ++i) {
        const double w = relative ? 1 / (y[i] * y[i]) : 1;
        n += w;
        sc += w * c[i];
        scc += w * c[i] * c[i];
        sy += w * y[i];
        scy += w * c[i] * y[i];
    }
    const double spread = n * scc - sc * sc;
    if (!(spread > 0))
        return {sy / n, 0};
    Line line;
    line.growth = (n * scy - sc * sy) / spread;
    line.at_zero = (sy - line.growth * sc) / n;
    if (relative && line.at_zero < 0)
        line = {0, scy / scc};
    return line;
}

/// Predicted logarithms of the latency for a curve that settles at `size`; empty where the shape
/// does not grow.
using Shape = std::function<std::vector<double>(const Curve &, std::size_t used, double size)>;

std::vector<double> linear_growth(const Curve &curve, std::size_t used, double size) {
    std::vector<double> share;
    for (const double stride : curve.stride)
        share.push_back(std::min(stride / size, 1.0));
    const Line line =
        fit_line(std::span(share).first(used), std::span(curve.latency).first(used), true);
    if (!(line.growth > 0))
        return {};
    for (double &value : share)
        value = std::log(line.at_zero + line.growth * value);
    return share;
}

std::vector<double> power_growth(const Curve &curve, std::size_t used, double size) {
    std::vector<double> octaves;
    std::vector<double> logs;
    for (std::size_t i = 0; i < curve.stride.size(); ++i) {
        octaves.push_back(std::log(std::min(curve.stride[i], size)));
        logs.push_back(std::log(curve.latency[i]));
    }
    const Line line = fit_line(std::span(octaves).first(used), std::span(logs).first(used), false);
    if (!(line.growth > 0))
        return {};
    for (double &value : octaves)
        value = line.at_zero + line.growth * value;
    return octaves;
}

std::vector<double> one_step(const Curve &curve, std::size_t used, double size) {
    std::vector<double> below, above, below_errors, above_errors;
    for (std::size_t i = 0; i < used; ++i) {
        const bool is_below = curve.stride[i] < size;
        (is_below ? below : above).push_back(std::log(curve.latency[i]));
        (is_below ? below_errors : above_errors).push_back(curve.error[i]);
    }
    const double low = centre(below, below_errors);
    const double high = centre(above, above_errors);
    if (!(high > low))
        return {};
    std::vector<double> predicted;
    for (const double stride : curve.stride)
        predicted.push_back(stride < size ? low : high);
    return predicted;
}

/// The explanation by one shape, with all places from `later` on at a level of their own.
std::optional<Explanation> by_shape(const Curve &curve, double size, const Shape &shape,
                                    std::size_t later) {
    const std::size_t n = curve.stride.size();
    const std::vector<double> predicted = shape(curve, later, size);
    if (predicted.empty())
        return std::nullopt;
    Explanation explanation{size, later < n ? 5.5 : 2.0, {}, {}, 1, false};
    for (std::size_t i = 0; i < n; ++i) {
        explanation.residuals.push_back(std::log(curve.latency[i]) - predicted[i]);
        explanation.late.push_back(curve.stride[i] >= 2 * size);
    }
    if (later < n) {
        const auto residuals = std::span(explanation.residuals).subspan(later);
        const double level = centre(residuals, std::span(curve.error).subspan(later));
        if (std::abs(level) > most_later * (predicted.back() - predicted.front()))
            return std::nullopt;
        for (double &residual : residuals)
            residual -= level;
    }
    explanation.ratio = std::exp(predicted.back() - predicted.front());
    return explanation;
}

void add_explanations(std::vector<Explanation> &explanations, const Curve &curve, double size) {
    const std::size_t n = curve.stride.size();
    const auto first_at = [&](double stride) {
        const auto place = std::lower_bound(curve.stride.begin(), curve.stride.end(), stride);
        return static_cast<std::size_t>(place - curve.stride.begin());
    };
    // One place alone, below the line or from it up, may be an outlier.
    if (first_at(size) < 2 || n - first_at(size) < 2)
        return;
    for (const Shape &shape : {Shape(linear_growth), Shape(power_growth), Shape(one_step)})
        for (std::size_t later = std::max(first_at(2 * size), first_at(size) + 1); later <= n;
             ++later)
            if (auto explanation = by_shape(curve, size, shape, later))
                explanations.push_back(std::move(*explanation));
}

/// All places at one level, or growing to the last: no line in the range.
void add_without_line(std::vector<Explanation> &explanations, const Curve &curve) {
    std::vector<double> logs;
    for (const double latency : curve.latency)
        logs.push_back(std::log(latency));
    const double level = centre(logs, curve.error);
    Explanation flat{0, 1, {}, {}, 1, false};
    for (const double value : logs)
        flat.residuals.push_back(value - level);
    explanations.push_back(flat);
    const double beyond = curve.stride.back() * 2;
    for (const Shape &shape : {Shape(linear_growth), Shape(power_growth)})
        if (auto growing = by_shape(curve, beyond, shape, curve.stride.size())) {
            growing->size = 0;
            explanations.push_back(std::move(*growing));
        }
}

} // namespace

Verdict line_by_capacity(std::span<const Place> slots) {
    if (slots.size() < least_places)
        return too_few();
    std::vector<double> errors;
    for (const Place &place : slots)
        errors.push_back(std::hypot(place.error, capacity_error));
    std::vector<Explanation> explanations;
    for (const double size : candidate_sizes())
        if (slots.front().at[0] < size && size < slots.back().at[0])
            explanations.push_back(by_capacity(slots, errors, size));
    for (const double beyond : {slots.front().at[0], slots.back().at[0]}) {
        explanations.push_back(by_capacity(slots, errors, beyond));
        explanations.back().size = 0;
    }
    return weigh(explanations, errors, sure_of_capacity);
}

Verdict line_by_stride(std::span<const Place> latency) {
    const Curve curve = thinned(latency);
    if (curve.stride.size() < least_places)
        return too_few();
    std::vector<Explanation> explanations;
    for (const double size : candidate_sizes())
        add_explanations(explanations, curve, size);
    add_without_line(explanations, curve);
    return weigh(explanations, curve.error, sure_of_stride);
}

} // namespace clprobe::cache_line
