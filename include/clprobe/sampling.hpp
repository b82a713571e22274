#pragma once
#include <clprobe/launch.hpp>
#include <clprobe/report.hpp>
#include <clprobe/statistics.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
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

/// How long one launch may and should take, in seconds. Kernel drivers of embedded GPUs kill jobs
/// after half a second; a tenth of that is the limit by default.
struct LaunchBounds {
    double target = 2e-3;
    double limit = 50e-3;
    std::uint32_t most_trips = 1u << 30;
};

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
