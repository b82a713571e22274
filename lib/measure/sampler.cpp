#include "measure/sampler.hpp"
#include "model/text.hpp"

#include <clprobe/sampling.hpp>

#include <algorithm>
#include <cmath>

namespace clprobe {

void warm_up(const TimeOf &time_of, std::uint32_t trips, const std::function<bool()> &time_left) {
    constexpr double agreement = 0.03;
    double last = time_of(trips);
    for (int agreeing = 0; agreeing < 3 && time_left();) {
        const double next = time_of(trips);
        agreeing = std::abs(next - last) <= agreement * last ? agreeing + 1 : 0;
        last = next;
    }
}

std::vector<TripTime> sample_block(const TimeOf &time_of, std::uint32_t trips, int block,
                                   std::mt19937_64 &random) {
    std::vector<std::uint32_t> counts = {trips};
    for (const std::uint32_t part : {2u, 4u})
        if (trips >= part)
            counts.push_back(trips / part);
    std::shuffle(counts.begin(), counts.end(), random);
    std::vector<TripTime> times;
    for (const std::uint32_t count : counts)
        times.push_back({static_cast<double>(count), time_of(count), block});
    return times;
}

std::optional<double> relative_half_width(const std::optional<SlopeFit> &fit) {
    if (!fit || fit->blocks < 2 || fit->seconds_per_trip <= 0)
        return std::nullopt;
    return fit->interval.half_width() / fit->seconds_per_trip;
}

StopReason take_blocks(std::span<const Sampled> all, const StoppingRule &rule,
                       const std::function<double()> &seconds) {
    std::vector<Stopping> stopping(all.size(), Stopping(rule));
    for (int block = 0;; ++block) {
        StopReason reason = StopReason::precise;
        bool going_on = false;
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].take(block);
            const auto stop = stopping[i].after(static_cast<std::size_t>(block) + 1, seconds(),
                                                all[i].relative_half_width());
            going_on = going_on || !stop;
            if (stop && *stop != StopReason::precise)
                reason = *stop;
        }
        if (!going_on)
            return reason;
        if (seconds() > rule.seconds)
            return StopReason::time_up;
    }
}

namespace {

constexpr Names<StopReason, 4> reasons = {{{StopReason::precise, "precise"},
                                           {StopReason::settled, "settled"},
                                           {StopReason::time_up, "time up"},
                                           {StopReason::sample_limit, "sample limit"}}};

// Noise above the target has settled once this many further samples narrow the interval by less
// than a tenth: the idea is nvbench's `stdrel` criterion.
constexpr std::size_t settling_samples = 12;

} // namespace

std::string_view name(StopReason reason) {
    return word_of(reasons, reason);
}

std::optional<StopReason> Stopping::after(std::size_t samples, double seconds,
                                          std::optional<double> relative_half_width) {
    if (relative_half_width)
        widths_.push_back(*relative_half_width);
    if (samples >= rule_.least && relative_half_width) {
        if (*relative_half_width <= rule_.relative_half_width)
            return StopReason::precise;
        if (widths_.size() > settling_samples &&
            widths_.back() > 0.9 * widths_[widths_.size() - 1 - settling_samples])
            return StopReason::settled;
    }
    if (seconds >= rule_.seconds)
        return StopReason::time_up;
    if (samples >= rule_.most)
        return StopReason::sample_limit;
    return std::nullopt;
}

} // namespace clprobe
