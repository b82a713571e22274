#pragma once
#include "measure/clock.hpp"

#include <clprobe/sampling.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace clprobe {

/// Where launches go, and where the time is counted that they and their data take.
struct LaunchSite {
    const Context &context;
    std::mt19937_64 &random;
    Elapsed &elapsed;
};

/// Launches once: prepared, timed, checked. Seconds.
double launch_once(const LaunchSite &site, Clock &clock, const BoundLaunch &launch,
                   std::uint32_t trips);
/// Launches once, prepared and checked.
ProfiledLaunch launch_profiled(const LaunchSite &site, const BoundLaunch &launch,
                               std::uint32_t trips);

/// Seconds that a launch of that many trips takes.
using TimeOf = std::function<double(std::uint32_t trips)>;

/// Grows the trip count from one, by measuring with `time_of`, until a launch takes
/// `bounds.target` seconds, and returns it. Every launch on the way stays under `bounds.limit` if
/// time is no worse than quadratic in trips.
std::uint32_t calibrate(const TimeOf &time_of, const LaunchBounds &bounds);

/// The clocks of laptops and phones take that long to ramp up, s.
inline constexpr double longest_warm_up = 0.5;
/// Launches until consecutive times agree, as long as `time_left`.
void warm_up(const TimeOf &time_of, std::uint32_t trips, const std::function<bool()> &time_left);

/// Times at n/4, n/2 and n trips, as far as these are whole, in random order.
[[nodiscard]] std::vector<TripTime> sample_block(const TimeOf &time_of, std::uint32_t trips,
                                                 int block, std::mt19937_64 &random);

/// The half-width of a slope's interval over the slope; nothing where that is not known yet.
[[nodiscard]] std::optional<double> relative_half_width(const std::optional<SlopeFit> &fit);

/// One of several that are sampled in turn.
struct Sampled {
    std::function<void(int block)> take; ///< takes a block of samples
    std::function<std::optional<double>()> relative_half_width;
};

/// Takes blocks of all in turn, so that each is spread over the time, until every one satisfies the
/// rule. `seconds` is the time since the first. Returns why it stopped: the last reason that is not
/// `precise`, if any has one.
StopReason take_blocks(std::span<const Sampled> all, const StoppingRule &rule,
                       const std::function<double()> &seconds);

} // namespace clprobe
