#pragma once
#include "common/launch_chain.hpp"

#include <clprobe/launch.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/series.hpp>
#include <clprobe/statistics.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes {

/// Seconds of the launches of one call, each timed alone and checked.
[[nodiscard]] double seconds_alone(Bench &bench, const std::vector<BoundLaunch> &launches);

/// Seconds of a call for a race, after one that is checked: where calls are short, of one among
/// several in a row, since what is waited for costs more, and launches do not follow one another.
/// `plain` is a context with a queue without profiling.
[[nodiscard]] double raced_seconds(Bench &bench, const Context &plain,
                                   const std::vector<BoundLaunch> &launches);

/// Calls of some launches each, whose last one has a check. Short calls are timed in a row, on a
/// queue without profiling, by what each adds; long ones alone.
class TimedCalls {
public:
    /// Makes the call three times, checked, so that the driver compiles and the clock ramps up.
    /// `plain` is a context with a queue without profiling.
    TimedCalls(Bench &bench, const Context &plain, std::vector<BoundLaunch> launches);

    /// Times calls in a row, half as many and all, after one that is checked, or a single one that
    /// is checked, after one that is not: what was checked before took the caches. `add` is called
    /// with how many there were and the seconds of all.
    void time(const std::function<void(std::uint32_t calls, double seconds)> &add) const;

    /// Of one of the calls in the beginning.
    [[nodiscard]] double seconds() const { return seconds_; }

private:
    Bench *bench_;
    std::vector<BoundLaunch> launches_;
    double seconds_ = 0;
    std::optional<LaunchChain> chain_;
    std::uint32_t most_ = 1;
};

/// The seconds of a call from times of several in a row, or the median of those timed alone.
/// Nothing where there are fewer than two.
struct CallTime {
    double seconds = 0;
    Interval interval;
    std::string statistic; ///< how it was made, for people
};
[[nodiscard]] std::optional<CallTime> call_time(const std::vector<TripTime> &times);

} // namespace clprobe::probes
