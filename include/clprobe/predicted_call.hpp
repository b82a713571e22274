#pragma once
#include <clprobe/report.hpp>

#include <optional>

namespace clprobe {

/// What a launch costs on a device, in seconds; absent where that was not measured.
struct LaunchCosts {
    /// `launch.back_to_back`: of launches in a row that do nothing. On most devices it is the host
    /// that takes so long.
    std::optional<double> in_a_row;
    /// `launch.gap`: the device's time between two launches, where the host is ahead of it.
    std::optional<double> gap;
    /// Of a launch that does nothing and is timed by itself: `launch.device.p50`, or
    /// `launch.round_trip.p50` where the device's timestamps say nothing.
    std::optional<double> alone = {};
};
[[nodiscard]] LaunchCosts launch_costs(const Facts &facts);

/// Launches that follow one another, of which the last one is waited for at most: the seconds of
/// their work on the device, what lies between them not counted, and how many there are.
struct PredictedCall {
    double work = 0;
    double launches = 0;

    PredictedCall &operator+=(const PredictedCall &more) {
        work += more.work;
        launches += more.launches;
        return *this;
    }
};

/// Seconds that such a call adds to others in a row. The host enqueues while the device works, so
/// that the slower of both decides. Without a measured gap each launch counts with all that it adds
/// to ones that do nothing, which is too much where the work is long.
[[nodiscard]] double seconds_in_a_row(const PredictedCall &call, const LaunchCosts &costs);
/// Seconds that it takes where each launch is timed by itself, as `Bench::launch` does. Where it
/// was not measured what such a launch shows of nothing, it is taken for what launches add in a
/// row.
[[nodiscard]] double seconds_alone(const PredictedCall &call, const LaunchCosts &costs);
/// The first by the findings of a device; nothing of no call.
[[nodiscard]] std::optional<double> seconds_in_a_row(const std::optional<PredictedCall> &call,
                                                     const Facts &facts);

} // namespace clprobe
