#pragma once
#include <clprobe/context.hpp>
#include <clprobe/report.hpp>

#include <functional>
#include <memory>

namespace clprobe {

/// Times commands. The seam at which a test puts a device of its own making.
class Clock {
public:
    virtual ~Clock() = default;
    /// What reports call it: "events", "host".
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// Enqueues one command through `enqueue`, waits for it, and returns how long it took, in
    /// seconds. Throws Error where the command fails or its time cannot be told.
    virtual double time(const std::function<Event()> &enqueue) = 0;
};

/// Start to end as the device stamps them.
[[nodiscard]] std::unique_ptr<Clock> event_clock();

/// From before the enqueue until the queue is empty again, by the host's steady clock.
[[nodiscard]] std::unique_ptr<Clock> host_clock(const Context &context);

/// The clock that the findings of host/event_timer allow, and why: device events where they were
/// found sound, else the host. With no such finding, the host.
[[nodiscard]] ClockChoice choose_clock(const Facts &facts);

/// The clock that a choice names.
[[nodiscard]] std::unique_ptr<Clock> make_clock(const ClockChoice &choice, const Context &context);

} // namespace clprobe
