#pragma once
#include <cstddef>
#include <map>

namespace clprobe::probes {

/// The time of a launch over its number of groups (or another count that only makes it longer), and
/// the first step in it.
struct WaveStep {
    std::map<std::size_t, double> time; ///< by number of groups, never falling
    std::size_t flat = 0;  ///< most groups that take no longer than the fewest; 0: none
    std::size_t above = 0; ///< fewest groups that take longer; 0: none seen
};

/// Finds the first step in the least times that were seen. More groups do not take less time: a
/// place that was slower than one with more groups was disturbed, and takes that one's time. A step
/// is a rise beyond `step` times the lowest; as it stands half-way, in ratio, to twice the time.
[[nodiscard]] WaveStep find_wave_step(std::map<std::size_t, double> least_times,
                                      double step = 1.41);

/// The number of groups to time next: twice as many until the step shows, then the middle of where
/// it can be. 0 once it lies between two neighbours.
[[nodiscard]] std::size_t next_count(const WaveStep &stairs);

} // namespace clprobe::probes
