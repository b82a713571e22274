#include "measure/sampler.hpp"
#include "model/text.hpp"

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

namespace {

// Noise above the target has settled once this many further samples narrow the interval by less
// than a tenth: the idea is nvbench's `stdrel` criterion.
constexpr std::size_t settling_samples = 12;

/// Why the rule stops after `samples` samples, `seconds` after the first; nothing to go on. Of the
/// interval's relative half-widths so far, all that are known, `last` is that of now.
std::optional<StopReason> stop_after(const StoppingRule &rule, std::size_t samples, double seconds,
                                     std::optional<double> last,
                                     const std::vector<double> &widths) {
    if (samples >= rule.least && last) {
        if (*last <= rule.relative_half_width)
            return StopReason::precise;
        if (widths.size() > settling_samples &&
            *last > 0.9 * widths[widths.size() - 1 - settling_samples])
            return StopReason::settled;
    }
    if (seconds >= rule.seconds)
        return StopReason::time_up;
    if (samples >= rule.most)
        return StopReason::sample_limit;
    return std::nullopt;
}

} // namespace

StopReason take_blocks(std::span<const Sampled> all, const StoppingRule &rule,
                       const std::function<double()> &seconds) {
    std::vector<std::vector<double>> widths(all.size());
    for (int block = 0;; ++block) {
        StopReason reason = StopReason::precise;
        bool going_on = false;
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].take(block);
            const auto width = all[i].relative_half_width();
            if (width)
                widths[i].push_back(*width);
            const auto stop =
                stop_after(rule, static_cast<std::size_t>(block) + 1, seconds(), width, widths[i]);
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

std::string_view name(StopReason reason) {
    constexpr Names<StopReason, 4> reasons = {{{StopReason::precise, "precise"},
                                               {StopReason::settled, "settled"},
                                               {StopReason::time_up, "time up"},
                                               {StopReason::sample_limit, "sample limit"}}};
    return word_of(reasons, reason);
}

} // namespace clprobe
