#include "measure/clock.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <cmath>

namespace clprobe {
namespace {

/// From start to end as the device stamps them.
class EventClock : public Clock {
public:
    double time(const std::function<Event()> &enqueue) override {
        const Event event = enqueue();
        event.wait();
        const auto stamps = event.profiling_timestamps();
        if (!stamps)
            throw Error("the driver gave no time stamps for a command");
        if (stamps->end < stamps->start)
            throw Error("a command's END stamp lies before its START");
        return static_cast<double>(stamps->end - stamps->start) * 1e-9;
    }
};

class HostClock : public Clock {
public:
    explicit HostClock(const Context &context) : context_(context) {}

    double time(const std::function<Event()> &enqueue) override {
        context_.finish(); // what was enqueued before must not be timed
        const double start = steady_time();
        enqueue().wait();
        return steady_time() - start;
    }

private:
    Context context_;
};

// Coarser than this, a launch of some milliseconds is not timed to a thousandth.
constexpr double coarsest_tick = 5e-7;
// More than this, and the stamps are in another unit than they claim, or the counter is off.
constexpr double worst_ratio_error = 0.02;

} // namespace

std::unique_ptr<Clock> host_clock(const Context &context) {
    return std::make_unique<HostClock>(context);
}

ClockChoice choose_clock(const Facts &facts) {
    const Finding *resolution = facts.find("event_timer.resolution");
    const Finding *ratio = facts.find("event_timer.host_ratio");
    const auto host = [](std::string reason) {
        return ClockChoice{"host", std::move(reason), {}, {}};
    };
    if (resolution == nullptr || ratio == nullptr)
        return host("no audit of the events");
    for (const Finding *finding : {resolution, ratio})
        if (finding->status != Status::measured)
            return host(finding->note);
    if (*resolution->value > coarsest_tick)
        return host("the device's stamps tick at " + format({*resolution->value, Unit::second}));
    if (std::abs(*ratio->value - 1) > worst_ratio_error)
        return host(
            fmt::format("the device's stamps run at {:.4g} times the host's clock", *ratio->value));
    return {"events", "the audit found the device's stamps sound", resolution->value, ratio->value};
}

std::unique_ptr<Clock> make_clock(const ClockChoice &choice, const Context &context) {
    if (choice.source == "events")
        return std::make_unique<EventClock>();
    return host_clock(context);
}

} // namespace clprobe
