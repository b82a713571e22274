#pragma once
#include <clprobe/probe.hpp>

#include <array>
#include <cstddef>
#include <vector>

namespace clprobe::probes::cache_line {

/// The names of the series, shared with the interpretation.
namespace series {
inline constexpr const char *stride = "stride"; ///< a bare curve of anybody's
inline constexpr const char *false_sharing = "false_sharing";
inline constexpr const char *slots = "slots";
inline constexpr const char *pairs = "pairs";
inline constexpr const char *memory_pairs = "memory_pairs";
inline constexpr const char *sweep = "sweep";
} // namespace series

/// The word in the data that says why its sizes tell nothing, where they do not.
inline constexpr const char *too_small = "too_small";

/// The stride at which the first level is looked for, B: beyond most lines.
inline constexpr std::size_t coarse_stride = 124;

/// Sizes of the neighbouring blocks that a pair of loads goes to, B.
inline constexpr std::array<std::size_t, 8> pair_distances{4, 8, 16, 32, 64, 128, 256, 512};

/// The form of every series that the probe makes or takes; the first is a bare curve's.
[[nodiscard]] std::vector<SeriesShape> series_shapes();

} // namespace clprobe::probes::cache_line
