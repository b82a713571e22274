#pragma once
#include <clprobe/clock.hpp>
#include <clprobe/sampling.hpp>

#include <cstdint>
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

} // namespace clprobe
