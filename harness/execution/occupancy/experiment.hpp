#pragma once
#include <clprobe/probe.hpp>

namespace clprobe::probes {

/// Fills `bench.data()`: counts, chases, turns and the compiler's words, over live values and group
/// sizes as far as the profile and the time go.
void explore_occupancy(Bench &bench);

} // namespace clprobe::probes
