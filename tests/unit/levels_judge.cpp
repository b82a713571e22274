#include "levels_judge.hpp"

#include <algorithm>
#include <cmath>

namespace {

/// Places of the curve around x.
double gap_at(const SyntheticDevice &device, double x) {
    for (std::size_t i = 1; i < device.points.size(); ++i)
        if (device.points[i].x >= x)
            return device.points[i].x / device.points[i - 1].x;
    return 1;
}

/// Within 3 %, or three standard errors of the mean of the plateau's points.
bool same_value(const TrueLevel &truth, double value) {
    const auto points = static_cast<double>(std::max<std::size_t>(truth.points, 1));
    const double tolerance = 1 + std::max(0.03, 3 * truth.noise / std::sqrt(points));
    return value > truth.value.low / tolerance && value < truth.value.high * tolerance;
}

/// Sharp: within 10 %, or the place of a coarser curve before it. A ramp: inside its knee.
/// Where the next level does not stand out, the rise goes on beyond it.
bool same_size(const SyntheticDevice &device, std::size_t level, double size) {
    const TrueLevel &truth = device.levels[level];
    const double gap = gap_at(device, truth.size);
    const double tolerance = truth.sharp ? std::max(1.1, 1.01 * std::sqrt(gap)) : gap;
    const double below = truth.sharp ? std::max(1.1, 1.01 * gap) : gap;
    return size > truth.knee.low / below &&
           (size < truth.knee.high * tolerance || !device.stands_out(level + 1));
}

bool found_among(const std::vector<clprobe::Level> &found, const SyntheticDevice &device,
                 std::size_t level) {
    const bool last = level + 1 == device.levels.size();
    const bool bounded = !last && device.stands_out(level + 1);
    return std::any_of(found.begin(), found.end(), [&](const clprobe::Level &each) {
        return same_value(device.levels[level], each.value) && !(last && each.size) &&
               (!bounded || each.size) && (!each.size || same_size(device, level, *each.size));
    });
}

/// Whether that is the level, or what the curve shows of it: it lies where the level does, and is
/// as fast, within 10 %.
bool belongs(const TrueLevel &truth, const clprobe::Level &found, double size_before) {
    constexpr double tolerance = 1.1;
    const double end = truth.size > 0 ? truth.size : found.plateau.high;
    const clprobe::Interval value = truth.points > 1 ? truth.value : truth.territory;
    return found.plateau.low <= end && found.plateau.high >= size_before &&
           found.value > value.low / tolerance && found.value < value.high * tolerance;
}

} // namespace

void Verdicts::judge(const SyntheticDevice &device, const clprobe::Levels &reading) {
    ++curves;
    decided += reading.decided ? 1 : 0;
    for (std::size_t i = 0; i < device.levels.size(); ++i)
        if (device.stands_out(i)) {
            ++standing_out;
            found += found_among(reading.levels, device, i) ? 1 : 0;
        }
    std::vector<bool> taken(device.levels.size());
    for (const clprobe::Level &level : reading.levels) {
        ++reported;
        std::size_t match = 0;
        while (match < taken.size() &&
               (taken[match] || !belongs(device.levels[match], level,
                                         match == 0 ? 0 : device.levels[match - 1].size)))
            ++match;
        if (match < taken.size())
            taken[match] = true;
        else
            ++reported_false;
    }
}
