#include "levels_judge.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>

namespace {

enum class Samples { some, one };

Verdicts verdicts(clprobe::CurveKind kind, Samples samples, Steps steps) {
    constexpr std::uint64_t seeds = 1000;
    Verdicts all;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        SyntheticDevice device = synthetic_device(random, kind, steps);
        if (samples == Samples::one)
            keep_one_sample(device);
        all.judge(device, clprobe::find_levels(device.points, kind));
    }
    return all;
}

void check_rates(const Verdicts &all, double least_found) {
    INFO(all.found << " of " << all.standing_out << " levels found, " << all.reported_false
                   << " of " << all.reported << " reported ones false, " << all.decided << " of "
                   << all.curves << " curves decided");
    CHECK(all.standing_out >= 2 * all.curves);
    CHECK(all.found >= least_found * all.standing_out);
    CHECK(all.reported_false <= 0.02 * all.reported);
    CHECK(all.decided >= 0.95 * all.curves);
}

} // namespace

TEST_CASE("unit.levels.rates on latencies") {
    check_rates(verdicts(clprobe::CurveKind::latency, Samples::some, Steps::all), 0.97);
}

TEST_CASE("unit.levels.rates on bandwidths") {
    check_rates(verdicts(clprobe::CurveKind::bandwidth, Samples::some, Steps::all), 0.97);
}

// With one sample a point the noise is only seen along the curve.
TEST_CASE("unit.levels.rates on latencies of one sample a point") {
    check_rates(verdicts(clprobe::CurveKind::latency, Samples::one, Steps::all), 0.97);
}

TEST_CASE("unit.levels.rates on bandwidths of one sample a point") {
    check_rates(verdicts(clprobe::CurveKind::bandwidth, Samples::one, Steps::all), 0.97);
}

// Some steps so small cannot be told from a TLB, or from noise: docs/adr/0013.
TEST_CASE("unit.levels.rates on latencies with many small steps") {
    check_rates(verdicts(clprobe::CurveKind::latency, Samples::some, Steps::many_small), 0.94);
}

TEST_CASE("unit.levels.rates on bandwidths with many small steps") {
    check_rates(verdicts(clprobe::CurveKind::bandwidth, Samples::some, Steps::many_small), 0.94);
}

TEST_CASE("unit.levels.levels that the noise leaves open are said to be") {
    int open = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        Random random(seed);
        const SyntheticDevice device =
            synthetic_device(random, clprobe::CurveKind::latency, Steps::many_small);
        const auto found = clprobe::find_levels(device.points, clprobe::CurveKind::latency);
        for (const clprobe::Level &level : found.levels)
            open += level.note.find("the noise leaves open") != std::string::npos ? 1 : 0;
    }
    CHECK(open > 0);
    CHECK(open < 50);
}
