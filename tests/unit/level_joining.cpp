// Levels of our own curves that differ by no more than their samples do.
#include "analysis/level_joining.hpp"
#include "common/level_findings.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>

using namespace clprobe;
using namespace clprobe::probes;

namespace {

constexpr double MiB = 1 << 20;

Level level(double value, Interval plateau, std::optional<double> size, Interval knee) {
    return {value, {0.95 * value, 1.05 * value}, plateau, size, knee, {}};
}

/// A cache, what may be a further one, and memory.
Levels three_levels(double middle) {
    Levels found;
    found.levels = {level(14, {2 * MiB, 8 * MiB}, 11 * MiB, {8 * MiB, 14 * MiB}),
                    level(middle, {16 * MiB, 24 * MiB}, 28 * MiB, {24 * MiB, 32 * MiB}),
                    level(150, {32 * MiB, 256 * MiB}, std::nullopt, {})};
    found.decided = true;
    found.settled = 3;
    return found;
}

/// Samples around those levels, scattered by so much on the one in the middle.
std::vector<CurvePoint> samples_of(const Levels &levels, double middle_noise) {
    Random random(1);
    std::vector<CurvePoint> curve;
    for (double x = MiB; x <= 256 * MiB; x *= std::exp2(0.25))
        for (const Level &each : levels.levels)
            if (each.plateau.contains(x)) {
                const double noise = each.value == levels.levels[1].value ? middle_noise : 0.05;
                CurvePoint point{x, {}};
                for (int sample = 0; sample < 8; ++sample)
                    point.samples.push_back(each.value * std::exp(noise * random.normal()));
                curve.push_back(std::move(point));
            }
    return curve;
}

/// Two caches, a third that others use a part of, more or less from one time to another, and
/// memory: what is over that part misses.
LatencyCurve shared_cache(unsigned seed) {
    Random random(seed);
    constexpr int visits = 2; // to each place
    double part[visits];
    for (double &each : part)
        each = random.uniform(4, 24) * MiB;
    LatencyCurve curve{"times", {}, Unit::second, true};
    for (double octave = 10; octave <= 28; octave += octave < 20 || octave > 25 ? 0.5 : 0.25) {
        CurvePoint point{std::exp2(octave), {}};
        for (const double left : part) {
            const double kept = left * std::exp2(0.3 * random.normal());
            const double latency = point.x <= 48 << 10 ? 1
                                   : point.x <= MiB    ? 3.6
                                   : point.x <= kept   ? 14
                                                       : 14 + 140 * (1 - kept / point.x);
            point.samples.push_back(latency * std::exp(0.03 * random.normal()));
        }
        curve.points.push_back(std::move(point));
    }
    return curve;
}

} // namespace

TEST_CASE("unit.level_joining.a_step_within_the_noise_is_no_level") {
    Levels found = three_levels(100);
    join_levels_within_noise(found, samples_of(found, 0.3));
    REQUIRE(found.levels.size() == 2);
    CHECK(found.settled == 2);
    const Level &cache = found.levels[0];
    CHECK(cache.size == 11 * MiB); // most of the rise is there
    CHECK(cache.knee == Interval{8 * MiB, 32 * MiB});
    const Level &memory = found.levels[1];
    CHECK(memory.value == 150);
    CHECK(memory.interval.contains(100));
    CHECK_THAT(memory.note, Catch::Matchers::ContainsSubstring("within the noise"));
}

TEST_CASE("unit.level_joining.a_step_beyond_the_noise_is_a_level") {
    for (const auto &[middle, noise] :
         {std::pair(100.0, 0.05), std::pair(40.0, 0.05), std::pair(46.0, 0.6)}) {
        Levels found = three_levels(middle);
        join_levels_within_noise(found, samples_of(found, noise));
        CHECK(found.levels.size() == 3);
    }
}

TEST_CASE("unit.level_joining.a_plateau_that_drifts_is_not_noisy") {
    Levels found = three_levels(90);
    std::vector<CurvePoint> curve = samples_of(found, 0.05);
    for (CurvePoint &point : curve) // by half from end to end, more than the step behind it
        if (found.levels[1].plateau.contains(point.x))
            for (double &sample : point.samples)
                sample *= std::pow(point.x / found.levels[1].plateau.low, 1.2);
    join_levels_within_noise(found, curve);
    CHECK(found.levels.size() == 3);
}

TEST_CASE("unit.level_joining.the_knee_lies_where_most_of_the_rise_is") {
    Levels found = three_levels(20);
    remove_level(found, 1);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].size == 28 * MiB);
    CHECK(found.levels[0].knee == Interval{8 * MiB, 32 * MiB});
    remove_level(found, 1);
    CHECK_FALSE(found.levels[0].size);
    remove_level(found, 0);
    CHECK(found.levels.empty());
    CHECK(found.settled == 0);
}

TEST_CASE("unit.level_joining.a_shared_cache_shows_the_same_levels_again") {
    constexpr int runs = 200;
    int alone = 0;
    int joined = 0;
    for (unsigned seed = 1; seed <= runs; ++seed) {
        LatencyCurve curve = shared_cache(seed);
        joined += levels_of(curve, "").levels.size() == 4 ? 1 : 0;
        curve.own = false; // nothing is known of when external samples were taken
        alone += levels_of(curve, "").levels.size() == 4 ? 1 : 0;
    }
    CAPTURE(alone, joined);
    CHECK(joined >= 0.85 * runs);
    CHECK(joined > alone + runs / 40);
}
