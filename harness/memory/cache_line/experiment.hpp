#pragma once
#include <clprobe/probe.hpp>

namespace clprobe::probes::cache_line {

/// Runs all the experiments, each for its share of the time there is.
void run_experiments(Bench &bench);

} // namespace clprobe::probes::cache_line
