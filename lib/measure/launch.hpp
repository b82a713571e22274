#pragma once
#include "measure/clock.hpp"

#include <clprobe/sampling.hpp>

#include <cstdint>
#include <functional>
#include <random>

namespace clprobe {

/// Where launches go, and what has been spent there beside their own time, s.
struct LaunchSite {
    const Context &context;
    std::mt19937_64 &random;
    double launching = 0;    ///< on the host's clock, from the enqueue to the end
    double transferring = 0; ///< filling outputs, and reading them back
};

/// Launches once: prepared, timed, checked. Seconds.
double launch_once(LaunchSite &site, Clock &clock, const BoundLaunch &launch, std::uint32_t trips);
/// Launches once, prepared and checked.
ProfiledLaunch launch_profiled(LaunchSite &site, const BoundLaunch &launch, std::uint32_t trips);

/// Grows the trip count from one, by measuring with `time_of`, until a launch takes
/// `bounds.target` seconds, and returns it. Every launch on the way stays under `bounds.limit` if
/// time is no worse than quadratic in trips.
std::uint32_t calibrate(const std::function<double(std::uint32_t trips)> &time_of,
                        const LaunchBounds &bounds);

} // namespace clprobe
