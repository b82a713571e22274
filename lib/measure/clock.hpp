#pragma once
#include <clprobe/context.hpp>
#include <clprobe/report.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// Times commands. The seam at which a test puts a device of its own making.
class Clock {
public:
    virtual ~Clock() = default;
    /// Enqueues one command through `enqueue`, waits for it, and returns how long it took, in
    /// seconds. Throws Error where the command fails or its time cannot be told.
    virtual double time(const std::function<Event()> &enqueue) = 0;
};

/// From before the enqueue until the queue is empty again, by the host's steady clock.
[[nodiscard]] std::unique_ptr<Clock> host_clock(const Context &context);

/// A launch with its timestamps (where the driver gives any), and the host's steady clock in
/// seconds before the enqueue and after the end.
struct ProfiledLaunch {
    double host_begin = 0;
    double host_end = 0;
    std::optional<ProfilingTimestamps> timestamps;
};

/// The launches as a series "stamps" over (launch, stamp): the four timestamps in ticks from
/// the first of all, and the host's clock in nanoseconds from the first launch.
[[nodiscard]] Series timestamp_series(std::span<const ProfiledLaunch> launches);
/// The findings that the audit of the device's timestamps makes.
[[nodiscard]] std::vector<FindingKey> audit_keys();
/// Whether the timestamps can serve as a clock, from such a series: their resolution and their
/// ratio to the host's clock, `measured` where they are sound. `refusal` is what the driver
/// answered when a queue with profiling was asked for; empty where it made one.
[[nodiscard]] std::vector<Finding> audit(const Series &timestamps, const std::string &refusal);

/// The clock that the findings of host/event_timer allow, and why: device events where they were
/// found sound, else the host. With no such finding, the host.
[[nodiscard]] ClockChoice choose_clock(const Facts &facts);

/// The clock that a choice names.
[[nodiscard]] std::unique_ptr<Clock> make_clock(const ClockChoice &choice, const Context &context);

/// The host's steady clock, s.
[[nodiscard]] inline double steady_time() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

} // namespace clprobe
