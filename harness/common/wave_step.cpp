#include "common/wave_step.hpp"

#include <algorithm>
#include <iterator>

namespace clprobe::probes {

WaveStep find_wave_step(std::map<std::size_t, double> least_times, double step) {
    WaveStep stairs{std::move(least_times), 0, 0};
    if (stairs.time.empty())
        return stairs;
    for (auto place = std::next(stairs.time.rbegin()); place != stairs.time.rend(); ++place)
        place->second = std::min(place->second, std::prev(place)->second);
    const double lowest = stairs.time.begin()->second;
    for (const auto &[groups, seconds] : stairs.time) {
        if (seconds > step * lowest) {
            stairs.above = groups;
            break;
        }
        stairs.flat = groups;
    }
    return stairs;
}

std::size_t next_count(const WaveStep &stairs) {
    if (stairs.above == 0)
        return std::max<std::size_t>(1, 2 * stairs.flat);
    const std::size_t middle = (stairs.flat + stairs.above) / 2;
    return middle == stairs.flat ? 0 : middle;
}

} // namespace clprobe::probes
