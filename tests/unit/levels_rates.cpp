#include "levels_judge.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdint>

namespace {

Verdicts verdicts(clprobe::CurveKind kind, std::uint64_t seeds) {
    Verdicts all;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        const SyntheticDevice device = synthetic_device(random, kind);
        all.judge(device, clprobe::find_levels(device.points, kind));
    }
    return all;
}

void check_rates(const Verdicts &all) {
    INFO(all.clear_found << " of " << all.clear << " clear levels found, " << all.reported_false
                         << " of " << all.reported << " reported ones false, " << all.decided
                         << " of " << all.curves << " curves decided");
    CHECK(all.clear >= 2 * all.curves);
    CHECK(all.clear_found >= 0.97 * all.clear);
    CHECK(all.reported_false <= 0.02 * all.reported);
    CHECK(all.decided >= 0.9 * all.curves);
}

} // namespace

TEST_CASE("unit.levels.rates on latencies") {
    check_rates(verdicts(clprobe::CurveKind::latency, 2000));
}

TEST_CASE("unit.levels.rates on bandwidths") {
    check_rates(verdicts(clprobe::CurveKind::bandwidth, 2000));
}
