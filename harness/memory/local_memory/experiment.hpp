#pragma once
#include <clprobe/probe.hpp>

#include <vector>

namespace clprobe::probes::local_memory {

/// The names of the series, shared with the interpretation.
namespace series {
inline constexpr const char *latency = "latency";
inline constexpr const char *race = "race";
inline constexpr const char *bandwidth = "bandwidth";
inline constexpr const char *strides = "strides";
inline constexpr const char *eviction = "eviction";
} // namespace series

/// Words of the data that say why an experiment was left out, by its series' name and this.
inline constexpr const char *left_out = ".left_out";

/// Hops of a trip of the latency's chases.
inline constexpr double latency_hops = 64;

[[nodiscard]] std::vector<SeriesShape> series_shapes();

/// Runs all the experiments, in turns spread over the time there is.
void run_experiments(Bench &bench);

} // namespace clprobe::probes::local_memory
