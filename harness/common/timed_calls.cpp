#include "common/timed_calls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace clprobe::probes {

namespace {

constexpr double short_call = 1e-3; // seconds

} // namespace

double seconds_alone(Bench &bench, const std::vector<BoundLaunch> &launches) {
    double seconds = 0;
    for (const BoundLaunch &launch : launches)
        seconds += bench.launch(launch);
    return seconds;
}

double raced_seconds(Bench &bench, const Context &plain, const std::vector<BoundLaunch> &launches) {
    const double alone = seconds_alone(bench, launches);
    if (alone >= short_call)
        return alone;
    const auto calls =
        static_cast<std::size_t>(std::clamp(1e-3 / std::max(alone, 1e-6), 4.0, 50.0));
    return LaunchChain(plain, launches).seconds(calls) / static_cast<double>(calls);
}

TimedCalls::TimedCalls(Bench &bench, const Context &plain, std::vector<BoundLaunch> launches)
    : bench_(&bench), launches_(std::move(launches)) {
    (void)seconds_alone(bench, launches_);
    (void)seconds_alone(bench, launches_);
    seconds_ = seconds_alone(bench, launches_);
    constexpr double chain_seconds = 4e-3;
    if (seconds_ < short_call) {
        most_ = static_cast<std::uint32_t>(
            std::clamp(chain_seconds / std::max(seconds_, 1e-6), 8.0, 400.0));
        chain_.emplace(plain, launches_);
    }
}

void TimedCalls::time(const std::function<void(std::uint32_t calls, double seconds)> &add) const {
    if (!chain_) {
        for (BoundLaunch launch : launches_) {
            launch.check = {};
            bench_->launch(launch);
        }
        return add(1, seconds_alone(*bench_, launches_));
    }
    chain_->verify(bench_->random());
    for (const std::uint32_t calls : {most_ / 2, most_})
        add(calls, chain_->seconds(calls));
}

std::optional<CallTime> call_time(const std::vector<TripTime> &times) {
    double most = 1;
    std::vector<double> alone;
    for (const TripTime &time : times) {
        most = std::max(most, time.trips);
        if (time.trips == 1 && time.seconds > 0)
            alone.push_back(time.seconds);
    }
    if (most > 1) {
        const auto fit = fit_slope(times);
        if (!fit || fit->blocks < 2 || fit->interval.low <= 0)
            return std::nullopt;
        return CallTime{fit->seconds_per_trip, fit->interval,
                        fmt::format("slope of time over up to {:g} calls in a row, in {} blocks",
                                    most, fit->blocks)};
    }
    if (alone.size() < 2)
        return std::nullopt;
    return CallTime{median(alone), repeat_interval(alone),
                    fmt::format("median of {} calls", alone.size())};
}

} // namespace clprobe::probes
