#include <clprobe/levels.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

using namespace clprobe;
using Catch::Approx;

namespace {

/// One sample a point, over 1, sqrt(2), 2, ... KiB
std::vector<CurvePoint> curve_of(const std::vector<double> &values) {
    std::vector<CurvePoint> curve;
    double x = 1024;
    for (const double value : values) {
        curve.push_back({x, {value}});
        x *= 1.4142135623730951;
    }
    return curve;
}

} // namespace

TEST_CASE("unit.levels.a clean step has a level on either side and a size half-way") {
    const Levels found = find_levels(curve_of({1, 1, 1, 1, 4, 4, 4, 4}), CurveKind::latency);
    CHECK(found.decided);
    CHECK(found.complete);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].value == Approx(1));
    CHECK(found.levels[0].size.value() == Approx(1024 * std::exp2(1.75)));
    CHECK(found.levels[0].knee.low == Approx(1024 * std::exp2(1.5)));
    CHECK(found.levels[0].knee.high == Approx(4096));
    CHECK(found.levels[1].value == Approx(4));
    CHECK_FALSE(found.levels[1].size.has_value());
}

TEST_CASE("unit.levels.a bandwidth falls from level to level") {
    const Levels found = find_levels(curve_of({4, 4, 4, 4, 1, 1, 1, 1}), CurveKind::bandwidth);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].value == Approx(4));
    CHECK(found.levels[0].interval.contains(4));
    CHECK(found.levels[1].value == Approx(1));
}
