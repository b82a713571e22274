#pragma once
#include "memory/cache_sharing/rounds.hpp"

#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <string>

namespace clprobe::probes::cache_sharing {

/// The series of times over (victim, evictor, trips), and the word in the data that says why it
/// tells nothing, where it does not.
inline constexpr const char *times = "rounds";
inline constexpr const char *too_small = "too_small";

[[nodiscard]] const FindingKey &shared_key();

/// Whether reads through either path drive out what came through the other.
[[nodiscard]] Finding shared_finding(const Dataset &data);

} // namespace clprobe::probes::cache_sharing
