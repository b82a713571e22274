#pragma once
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <utility>

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
[[nodiscard]] inline WaveStep find_wave_step(std::map<std::size_t, double> least_times,
                                             double step = 1.41) {
    WaveStep found{std::move(least_times), 0, 0};
    if (found.time.empty())
        return found;
    for (auto point = std::next(found.time.rbegin()); point != found.time.rend(); ++point)
        point->second = std::min(point->second, std::prev(point)->second);
    const double lowest = found.time.begin()->second;
    for (const auto &[groups, seconds] : found.time) {
        if (seconds > step * lowest) {
            found.above = groups;
            break;
        }
        found.flat = groups;
    }
    return found;
}

/// The number of work-groups to time next: twice as many until the step shows, then the middle of
/// where it can be. 0 once it lies between two neighbours.
[[nodiscard]] inline std::size_t next_count(const WaveStep &found) {
    if (found.above == 0)
        return std::max<std::size_t>(1, 2 * found.flat);
    const std::size_t middle = (found.flat + found.above) / 2;
    return middle == found.flat ? 0 : middle;
}

} // namespace clprobe
