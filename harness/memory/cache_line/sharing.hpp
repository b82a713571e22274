#pragma once
#include <clprobe/probe.hpp>

#include <cstdint>

namespace clprobe::probes::cache_line {

/// Trips for launches of about `seconds`: the most of three calibrations, as whatever disturbs one
/// ends it early.
[[nodiscard]] std::uint32_t steady_trips(Bench &bench, const BoundLaunch &launch, double seconds);

/// Two groups that increment words near each other, until the line shows or the time is used up to
/// that share of the budget.
void measure_false_sharing(Bench &bench, const Program &program, double share);

} // namespace clprobe::probes::cache_line
