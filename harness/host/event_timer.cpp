#include "common/launch_size.hpp"
#include "common/recurrence.hpp"
#include "measure/clock.hpp"

#include <clprobe/probe.hpp>

#include <algorithm>

namespace clprobe::probes {
namespace {

constexpr std::size_t work_items = 64;
constexpr const char *refusal = "profiling_refusal"; ///< the attribute: why there is no profiling

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "host/event_timer";
    info.question = "Can the device's profiling timestamps be trusted, and how fine are they?";
    info.method =
        "Launches of a dependent chain of some milliseconds and of random length are timed by the "
        "device's profiling timestamps and by the host. The resolution is the greatest common "
        "divisor of all differences between START and END timestamps, whatever the driver claims. "
        "The ratio is how far the END timestamps advance while the host's steady clock advances "
        "by a second. Every other probe takes its clock from this: device events where the "
        "timestamps move, never run backwards, cover the commands and tick in nanoseconds at "
        "least every half microsecond; otherwise the host's clock, with the slope over trip "
        "counts cancelling the launch.";
    info.pitfalls = {
        "A queue with profiling can be refused although the device advertises it (Mesa's panfrost "
        "before late 2024).",
        "A driver can answer success and give zeros, or timestamps in its own ticks.",
        "CL_DEVICE_PROFILING_TIMER_RESOLUTION is often wrong by a factor of 30 in either "
        "direction, and is not used.",
        "Some drivers compile inside the first launch: it is not counted."};
    info.sources = {"OpenCL 3.0 specification, section 5.14, profiling operations"};
    info.findings = audit_keys();
    const Series timestamps = timestamp_series({});
    info.series = {{timestamps.name, timestamps.axes, timestamps.measure,
                    "device timestamps in ticks, host times in nanoseconds, each from the first "
                    "launch"}};
    info.kernels = {"host/event_timer"};
    info.seconds = 1;
    return info;
}

void run_experiment(Bench &bench) {
    const Buffer out = bench.buffer(work_items * sizeof(std::uint32_t));
    const auto multiplier = static_cast<std::uint32_t>(bench.random()()) | 5u;
    const auto increment = static_cast<std::uint32_t>(bench.random()()) | 1u;
    const Kernel kernel = bench.kernel("host/event_timer", "spin", "");
    const std::size_t group = group_size(bench, kernel, work_items);
    const BoundLaunch launch{kernel,
                             NdRange::linear(work_items / group, group),
                             {output(out), multiplier, increment, trip_count},
                             check_words(work_items, [=](std::size_t item, std::uint32_t trips) {
                                 return after_steps(static_cast<std::uint32_t>(item), multiplier,
                                                    increment, trips);
                             })};

    bench.data().text_attributes[refusal] = bench.context().profiling_refusal();
    const std::uint32_t trips = bench.calibrate(launch, 2e-3);
    bench.warm_up(launch, trips);
    std::vector<ProfiledLaunch> launches;
    const std::size_t most = bench.tiny() ? 12 : 400;
    const double stop_at = bench.remaining() - 0.6 * bench.budget();
    while (launches.size() < 12 || (launches.size() < most && bench.remaining() > stop_at)) {
        // Random lengths, so that a clock that ticks in step with the launches shows its tick.
        const auto varied = trips / 2 + static_cast<std::uint32_t>(bench.random()() % trips);
        launches.push_back(bench.launch_profiled(launch, std::max(1u, varied)));
    }
    bench.data().series.push_back(timestamp_series(launches));
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &) {
    const Series none = timestamp_series({});
    const Series *timestamps = data.find(none.name);
    return audit(timestamps != nullptr ? *timestamps : none, data.text_attribute(refusal));
}

class EventTimer final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiment(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_host_event_timer() {
    return std::make_unique<EventTimer>();
}

} // namespace clprobe::probes
