#pragma once
#include <clprobe/levels.hpp>
#include <clprobe/probe.hpp>

namespace clprobe::probes::buffer_bandwidth {

/// Names of the series, and of what else the experiment leaves.
namespace entry {
inline constexpr const char *bare = "read"; ///< somebody's curve
inline constexpr const char *walk = "walk";
inline constexpr const char *l1_race = "l1.race";
inline constexpr const char *l1 = "l1";
inline constexpr const char *stream_race = "stream.race";
inline constexpr const char *stream = "stream";
inline constexpr const char *too_small = "too_small";   ///< word: why a tiny run tells nothing
inline constexpr const char *no_streams = "no_streams"; ///< word: why some were not measured
} // namespace entry

[[nodiscard]] std::vector<SeriesShape> series_shapes();
/// The series as a curve of bandwidths over the footprint.
[[nodiscard]] std::vector<CurvePoint> bandwidth_curve(const Dataset &data);

void run_experiment(Bench &bench);

} // namespace clprobe::probes::buffer_bandwidth
