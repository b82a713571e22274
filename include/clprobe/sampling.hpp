#pragma once
#include <clprobe/clock.hpp>
#include <clprobe/launch.hpp>
#include <clprobe/statistics.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
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

/// How long one launch may and should take, in seconds. Kernel drivers of embedded GPUs kill jobs
/// after half a second; a tenth of that is the limit by default.
struct LaunchBounds {
    double target = 2e-3;
    double limit = 50e-3;
    std::uint32_t most_trips = 1u << 30;
};

/// A launch with its stamps (where the driver gives any), and the host's steady clock in seconds
/// before the enqueue and after the end.
struct ProfiledLaunch {
    double host_begin = 0;
    double host_end = 0;
    std::optional<ProfilingTimestamps> stamps;
};

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

/// The times of one kernel, what times them, and whether they may be relied on. The results are
/// only to be had where they may: `slope` and `launch` throw where the verdict is not `plain`.
class Samples {
public:
    enum class Verdict {
        plain,      ///< the times may be relied on
        removed,    ///< time does not grow with the trips: the compiler removed the loop
        not_linear, ///< a trip takes longer or less time the more there are of them
        noisy,      ///< the interval reaches further than a quarter to either side
        too_short,  ///< too few launches, or launches too short for a trip's time to show
    };

    /// Judges times of launches of a kernel, which has a trip count or not.
    Samples(std::vector<TripTime> times, bool counts_trips, ClockChoice clock, StopReason stop);

    [[nodiscard]] Verdict verdict() const { return verdict_; }
    /// Why the verdict is not `plain`, in a sentence with the figures; empty where it is.
    [[nodiscard]] const std::string &reason() const { return reason_; }
    /// Of time over trips. Throws Error with the reason where the verdict is not `plain`, or the
    /// kernel has no trip count.
    [[nodiscard]] const SlopeFit &slope() const;
    /// The launches at the largest trip count. Throws Error with the reason where the verdict is
    /// not `plain`.
    [[nodiscard]] const Summary &launch() const;
    /// Every launch, whatever the verdict.
    [[nodiscard]] const std::vector<TripTime> &times() const { return times_; }
    [[nodiscard]] const ClockChoice &clock() const { return clock_; }
    [[nodiscard]] StopReason stop() const { return stop_; }

private:
    void judge(bool counts_trips);
    void expect_plain() const;

    std::vector<TripTime> times_;
    ClockChoice clock_;
    StopReason stop_;
    std::optional<SlopeFit> slope_;
    Summary launch_;
    Verdict verdict_ = Verdict::plain;
    std::string reason_;
};
/// In words, for people.
[[nodiscard]] std::string_view name(Samples::Verdict verdict);

/// When `measure` stops, how long its launches take, and what times them.
struct MeasureOptions {
    StoppingRule stopping;
    LaunchBounds bounds;
    /// The clock to use; audited and chosen anew where absent.
    std::optional<ClockChoice> clock;
    /// Asked before each launch: where a stop is requested, `measure` throws Cancelled.
    std::stop_token stop;
    std::uint64_t seed = 0; ///< of the order of trip counts and of what checks look at
};

/// Times a kernel of the host program's own on its own context: grows the trips, audits the clock,
/// warms up until times agree, and takes samples until the rule says stop. Throws Error where a
/// launch fails, VerificationError where `launch.check` says so.
[[nodiscard]] Samples measure(const Context &context, const BoundLaunch &launch,
                              const MeasureOptions &options = {});

} // namespace clprobe
