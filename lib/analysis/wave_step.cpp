#include "analysis/wave_step.hpp"

#include <algorithm>
#include <iterator>

namespace clprobe {

WaveStep find_wave_step(std::map<std::size_t, double> least_times, double step) {
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

std::size_t next_count(const WaveStep &found) {
    if (found.above == 0)
        return std::max<std::size_t>(1, 2 * found.flat);
    const std::size_t middle = (found.flat + found.above) / 2;
    return middle == found.flat ? 0 : middle;
}

} // namespace clprobe
