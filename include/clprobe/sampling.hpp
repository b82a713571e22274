#pragma once
#include <clprobe/clock.hpp>
#include <clprobe/context.hpp>
#include <clprobe/statistics.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// When to stop taking samples: once the interval's relative half-width is down to the target, or
/// has stopped shrinking, or the time or the number of samples is used up.
struct StoppingRule {
    double relative_half_width = 0.005;
    double seconds = 1;
    std::size_t least = 6;
    std::size_t most = 1000;
};

/// Why sampling stopped. Part of the result: a sample cut short by time is not one that settled.
enum class StopReason { precise, settled, time_up, sample_limit };
/// In words, for people.
[[nodiscard]] std::string_view name(StopReason reason);

/// A stopping rule at work on a stream of intervals; knows nothing of devices or clocks.
class Stopping {
public:
    explicit Stopping(StoppingRule rule) : rule_(rule) {}

    /// Tells it of the state after `samples` samples, `seconds` after the first, the relative
    /// half-width of the interval being what it is now (nothing: not known yet). Answers why to
    /// stop, or nothing to go on.
    std::optional<StopReason> after(std::size_t samples, double seconds,
                                    std::optional<double> relative_half_width);

private:
    StoppingRule rule_;
    std::vector<double> widths_;
};

/// A kernel ready to be launched and timed: its arguments are set, but for the trip count.
struct Work {
    Kernel kernel;
    NdRange range;
    /// Index of the `uint` argument that says how often the kernel's loop runs. Without one a
    /// launch counts as one trip and its time includes the launch.
    std::optional<unsigned> trips_argument;
    /// Called before each launch, untimed: poison the outputs here.
    std::function<void()> prepare;
    /// Called after each launch, untimed, with its trips: throws VerificationError where the
    /// outputs are not what the host computes.
    std::function<void(std::uint32_t trips)> verify;
};

/// How long one launch may and should take, in seconds. Kernel drivers of embedded GPUs kill jobs
/// after half a second; a tenth of that is the limit by default.
struct LaunchBounds {
    double target = 2e-3;
    double limit = 50e-3;
    std::uint32_t most_trips = 1u << 30;
};

/// Launches once with that many trips: prepared, timed, verified. Seconds. `wall`, where given, is
/// raised by the host's time from enqueue to end.
double launch_once(Clock &clock, const Context &context, const Work &work, std::uint32_t trips,
                   double *wall = nullptr);

/// A launch with its stamps (where the driver gives any), and the host's steady clock in seconds
/// before the enqueue and after the end.
struct ProfiledLaunch {
    double host_begin = 0;
    double host_end = 0;
    std::optional<ProfilingTimestamps> stamps;
};
/// Launches once, prepared and verified.
ProfiledLaunch launch_profiled(const Context &context, const Work &work, std::uint32_t trips);

/// The launches as a series "stamps" over (launch, stamp): the four stamps in ticks from the first
/// of all, and the host's clock in nanoseconds from the first launch.
[[nodiscard]] Series timestamp_series(std::span<const ProfiledLaunch> launches);
/// The findings that the audit of the device's stamps makes.
[[nodiscard]] std::vector<FindingKey> audit_keys();
/// Whether the stamps can serve as a clock, from such a series: their resolution and their ratio to
/// the host's clock, `measured` where they are sound. `refusal` is what the driver answered when a
/// queue with profiling was asked for; empty where it made one.
[[nodiscard]] std::vector<Finding> audit(const Series &stamps, const std::string &refusal);

/// Grows the trip count from one, by measuring with `time_of`, until a launch takes
/// `bounds.target` seconds, and returns it. Every launch on the way stays under `bounds.limit` if
/// time is no worse than quadratic in trips.
std::uint32_t calibrate(const std::function<double(std::uint32_t trips)> &time_of,
                        const LaunchBounds &bounds);

/// The times of one kernel, with how they were taken. `slope` is absent where the kernel has no
/// trip count; `launch` sums up the launches at the largest count.
struct Samples {
    std::vector<TripTime> times;
    ClockChoice clock;
    StopReason stop = StopReason::sample_limit;
    std::optional<SlopeFit> slope;
    Summary launch;
};

/// When `measure` stops, how long its launches take, and what times them.
struct MeasureOptions {
    StoppingRule stopping;
    LaunchBounds bounds;
    /// The clock to use; audited and chosen anew where absent.
    std::optional<ClockChoice> clock;
};

/// Times a kernel of the host program's own on its own context: warms up, audits the clock, grows
/// the trips, and takes samples until the rule says stop. Seconds. Throws Error where a launch
/// fails, VerificationError where `work.verify` says so.
[[nodiscard]] Samples measure(const Context &context, const Work &work,
                              const MeasureOptions &options = {});

} // namespace clprobe
