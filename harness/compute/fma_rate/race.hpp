#pragma once
#include "compute/fma_rate/launch.hpp"
#include "compute/fma_rate/search_space.hpp"

#include <optional>
#include <string>

namespace clprobe::probes::fma_rate {

/// How a race ended: the winner ready for launches, how many variants did not work, and why the
/// last of these did not.
struct RaceResult {
    std::optional<Launchable> winner;
    unsigned rejected = 0;
    std::string failure;
};

/// Runs the course, each variant's samples going to the series "<type>.race", until it is done or
/// only `reserve` seconds of the probe's budget are left. The three best run again before one is
/// chosen. A variant that does not build, launch or verify is left out.
[[nodiscard]] RaceResult race(KernelCache &kernel_cache, const SearchSpace &search_space,
                              double reserve);

} // namespace clprobe::probes::fma_rate
