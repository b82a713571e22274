#include "analysis/intervals.hpp"
#include "analysis/level_joining.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

namespace clprobe {
namespace {

double step(const Level &a, const Level &b) {
    return std::abs(std::log(b.value / a.value));
}

/// Of a sample on the level's plateau, in log value: by how much samples of one point differ there,
/// as the plateau itself may drift. The few that were disturbed do not count.
double noise(const Level &level, std::span<const CurvePoint> curve) {
    constexpr std::ptrdiff_t most_apart = 200; // of more samples, these pairs tell as much
    std::vector<double> differences;
    for (const CurvePoint &point : curve)
        if (level.plateau.contains(point.x))
            for (auto a = point.samples.begin(); a != point.samples.end(); ++a)
                for (auto b = std::next(a); b != point.samples.end() && b - a <= most_apart; ++b)
                    if (*a > 0 && *b > 0)
                        differences.push_back(std::abs(std::log(*b / *a)));
    constexpr double of_normal = 1.4826 / std::numbers::sqrt2; // deviations
    return differences.empty() ? 0 : of_normal * median(differences);
}

bool within_noise(const Level &a, const Level &b, std::span<const CurvePoint> curve) {
    constexpr double deviations = 3.5;
    constexpr double most = 3; // times: a step that shows in spite of any noise
    return step(a, b) < std::log(most) &&
           step(a, b) <= deviations * std::hypot(noise(a, curve), noise(b, curve));
}

/// The first of the two neighbours within the noise that differ least.
std::optional<std::size_t> most_alike(const std::vector<Level> &levels,
                                      std::span<const CurvePoint> curve) {
    std::optional<std::size_t> alike;
    const auto step_behind = [&](std::size_t i) { return step(levels[i], levels[i + 1]); };
    for (std::size_t i = 0; i + 1 < levels.size(); ++i)
        if (within_noise(levels[i], levels[i + 1], curve) &&
            (!alike || step_behind(i) < step_behind(*alike)))
            alike = i;
    return alike;
}

} // namespace

void note_once(Level &level, const std::string &note) {
    if (level.note.find(note) == std::string::npos)
        level.note += (level.note.empty() ? "" : "; ") + note;
}

void remove_level(Levels &found, std::size_t index) {
    const Level out = found.levels[index];
    if (index > 0) {
        Level &before = found.levels[index - 1];
        if (index + 1 == found.levels.size()) {
            before.size.reset();
            before.knee = {};
        } else {
            if (step(before, out) < step(out, found.levels[index + 1]))
                before.size = out.size;
            before.knee.high = out.knee.high;
        }
    }
    found.levels.erase(std::next(found.levels.begin(), static_cast<std::ptrdiff_t>(index)));
    if (index < found.settled)
        --found.settled;
}

void join_levels_within_noise(Levels &found, std::span<const CurvePoint> curve) {
    while (const auto alike = most_alike(found.levels, curve)) {
        const std::size_t fast = *alike;
        const std::size_t slow = fast + 1;
        const bool fast_stays = noise(found.levels[fast], curve) < noise(found.levels[slow], curve);
        const double other = found.levels[fast_stays ? slow : fast].value;
        Level &stays = found.levels[fast_stays ? fast : slow];
        stays.interval = hull(stays.interval, other);
        note_once(stays, "a further level next to it is within the noise of its samples");
        remove_level(found, fast_stays ? slow : fast);
    }
}

} // namespace clprobe
