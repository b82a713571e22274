#pragma once
#include <cstddef>
#include <map>

namespace clprobe {

/// The time of a launch over its number of work-groups (or another count that only makes it
/// longer), and the first step in it.
struct WaveStep {
    std::map<std::size_t, double> time; ///< by number of work-groups, never falling
    std::size_t flat = 0;  ///< most work-groups that take no longer than the fewest; 0: none
    std::size_t above = 0; ///< fewest work-groups that take longer; 0: none found
};

/// Finds the first step in the least times that were measured. More work-groups do not take less
/// time: a point that was slower than one with more groups was disturbed, and takes that one's
/// time. A step is a rise beyond `step` times the lowest; as it stands midway, in ratio, to twice
/// the time.
[[nodiscard]] WaveStep find_wave_step(std::map<std::size_t, double> least_times,
                                      double step = 1.41);

/// The number of work-groups to time next: twice as many until the step shows, then the middle of
/// where it can be. 0 once it lies between two neighbours.
[[nodiscard]] std::size_t next_count(const WaveStep &found);

} // namespace clprobe
