#pragma once
#include <clprobe/probe.hpp>

#include <vector>

namespace clprobe::probes::atomics {

/// The names of the series, shared with the interpretation.
namespace series {
inline constexpr const char *rates = "rates";
inline constexpr const char *latency = "latency";
inline constexpr const char *addresses = "addresses";
} // namespace series

/// Words of the data: why an operation ("global.float.add") was not tried.
inline constexpr const char *lacking = ".lacking";
/// And how one is spelled that the language has no function for.
inline constexpr const char *spelling = ".spelling";

[[nodiscard]] std::vector<SeriesShape> series_shapes();

/// Runs all the experiments, in turns spread over the time there is.
void run_experiments(Bench &bench);

} // namespace clprobe::probes::atomics
