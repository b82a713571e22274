#include "levels_expected.hpp"

#include <clprobe/levels.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
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

TEST_CASE("unit.levels.a clean step has a level on either side, and a round size between its "
          "places") {
    const Levels found = find_levels(curve_of({1, 1, 1, 1, 4, 4, 4, 4}), CurveKind::latency);
    CHECK(found.decided);
    CHECK(found.complete);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].value == Approx(1));
    CHECK(found.levels[0].size.value() == Approx(3072));
    CHECK(found.levels[0].knee.low == Approx(1024 * std::exp2(1.5)));
    CHECK(found.levels[0].knee.high == Approx(4096));
    CHECK(found.levels[1].value == Approx(4));
    CHECK_FALSE(found.levels[1].size.has_value());
}

TEST_CASE("unit.levels.of a step between places far apart the size is a round place, or half-way") {
    const auto size = [](double first, double factor) {
        std::vector<CurvePoint> curve;
        for (int i = 0; i < 12; ++i)
            curve.push_back({first * std::pow(factor, i), {i < 6 ? 1.0 : 4.0}});
        return find_levels(curve, CurveKind::latency).levels.at(0).size.value();
    };
    CHECK(size(1024, 2) == Approx(32768));
    CHECK(size(1536, 2) == Approx(49152));
    CHECK(size(1000, std::exp2(1.0 / 3)) == Approx(1000 * std::exp2(5.5 / 3)));
    CHECK(size(1000, 1.5) == Approx(8192));
}

TEST_CASE("unit.levels.a step between places that lie close has its size half-way") {
    std::vector<CurvePoint> curve;
    for (int i = 0; i < 16; ++i)
        curve.push_back({1024 * std::pow(1.1, i), {i < 8 ? 1.0 : 4.0}});
    const Levels found = find_levels(curve, CurveKind::latency);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].size.value() == Approx(1024 * std::pow(1.1, 7.5)));
}

TEST_CASE("unit.levels.a bandwidth falls from level to level") {
    const Levels found = find_levels(curve_of({4, 4, 4, 4, 1, 1, 1, 1}), CurveKind::bandwidth);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].value == Approx(4));
    CHECK(found.levels[0].interval.contains(4));
    CHECK(found.levels[1].value == Approx(1));
}

TEST_CASE("unit.levels.a curve of one height is one level") {
    const Levels found = find_levels(curve_of(std::vector<double>(12, 3e-9)), CurveKind::latency);
    CHECK(found.decided);
    CHECK(found.settled == 1);
    REQUIRE(found.levels.size() == 1);
    CHECK(found.levels[0].value == Approx(3e-9));
    CHECK_FALSE(found.levels[0].size.has_value());
}

TEST_CASE("unit.levels.points come in any order, some without a sample that counts") {
    auto curve = curve_of({1, 1, 1, 1, 1, 4, 4, 4, 4, 4});
    std::swap(curve[0], curve[6]);
    std::swap(curve[2], curve[8]);
    curve.push_back({0, {5}});
    curve.push_back({std::numeric_limits<double>::quiet_NaN(), {5}});
    curve.push_back({2000, {0, -1, std::numeric_limits<double>::infinity()}});
    curve.push_back({3000, {}});
    const Levels found = find_levels(curve, CurveKind::latency);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].size.value() == Approx(4096));
}

TEST_CASE("unit.levels.what is no curve of levels is not decided, with a reason") {
    const auto reason = [](const std::vector<double> &values) {
        const Levels found = find_levels(curve_of(values), CurveKind::latency);
        CHECK_FALSE(found.decided);
        CHECK(found.settled == 0);
        CHECK(found.levels.empty());
        return found.reason;
    };
    CHECK(reason({}).find("too few") != std::string::npos);
    CHECK(reason({1, 1, 2}).find("too few") != std::string::npos);
    CHECK(reason({1, 2, 4, 8, 16, 32, 64}) == "the curve has no plateau");
}

TEST_CASE("unit.levels.a step that the noise may have made is no level") {
    const Levels found = find_levels(
        curve_of({1,    1.05, .96,  1.03,  1,     .97,   9,     9.36,  8.73,  9.18, 8.64,
                  9.27, 8.82, 9.36, 10.98, 10.54, 11.31, 10.76, 11.42, 10.65, 11.2, 10.54}),
        CurveKind::latency);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[1].interval.contains(9));
    CHECK(found.levels[1].interval.contains(11));
}

TEST_CASE("unit.levels.a curve that ends in a steep rise shows levels, but not all of them") {
    const Levels found =
        find_levels(curve_of({1, 1, 1, 1, 4, 4, 4, 4, 5, 8, 13}), CurveKind::latency);
    CHECK(found.decided);
    CHECK_FALSE(found.complete);
    CHECK(found.reason.find("does not end with a plateau") != std::string::npos);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[1].value == Approx(4));
    CHECK_FALSE(found.levels[1].size.has_value());
}

TEST_CASE("unit.levels.a curve that begins in a rise says so at its first level") {
    const Levels found =
        find_levels(curve_of({1, 2, 3.5, 4, 4, 4, 4, 9, 9, 9, 9}), CurveKind::latency);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].value == Approx(4));
    CHECK(found.levels[0].note.find("begins in a rise") != std::string::npos);
}

TEST_CASE("unit.levels.a slope over a plateau is no step, and in its interval") {
    std::vector<double> values(6, 1);
    for (int i = 0; i < 16; ++i)
        values.push_back(4 * std::pow(1.02, i));
    const Levels found = find_levels(curve_of(values), CurveKind::latency);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[1].interval.contains(4.1));
    CHECK(found.levels[1].interval.contains(5.3));
}

TEST_CASE("unit.levels.a hump and outliers make no level") {
    const Levels found = find_levels(
        curve_of({1, 1, 1, 1.4, 1.4, 1, 1, 1, 1, 4, 4, .3, 4, 4, 40, 4}), CurveKind::latency);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].value == Approx(1).epsilon(0.02)); // all are told to a tenth
    CHECK(found.levels[1].value == Approx(4).epsilon(1e-3));
}

TEST_CASE("unit.levels.a dip next to a step takes no level away") {
    const Levels found = find_levels(curve_of({1.1, 1.09, 1.09, 1.1, 1.1, 1.12, 0.45, 3.79, 3.79,
                                               3.77, 3.84, 3.9, 9, 9.1, 9, 9}),
                                     CurveKind::latency);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 3);
    CHECK(found.levels[0].value == Approx(1.1).epsilon(0.02));
    CHECK(found.levels[0].size.value() >= 1024 * std::exp2(2.5));
}

TEST_CASE("unit.levels.a smaller dip does not either where many before it are level") {
    const Levels found =
        find_levels(curve_of({1.09, 1.09, 1.1,  1.09, 1.1,  1.09, 1.11, 1.1, 0.65, 2.41,
                              3.61, 3.79, 3.77, 3.8,  3.82, 3.8,  9,    9.1, 9,    9}),
                    CurveKind::latency);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 3);
    CHECK(found.levels[0].value == Approx(1.1).epsilon(0.02));
}

TEST_CASE("unit.levels.where places are dense at one end, they do not stand for the whole level") {
    std::vector<CurvePoint> curve;
    const auto add = [&](double octave, double value) {
        curve.push_back({std::exp2(octave), {value, value}});
    };
    for (double octave = 10; octave < 15; octave += 0.5)
        add(octave, 10);
    const auto drifting = [](double octave) { return 100 * std::exp(0.04 * (octave - 15.5)); };
    for (double octave = 15.5; octave < 16.5; octave += 0.05) // where the rise was looked at
        add(octave, drifting(octave));
    for (double octave = 16.5; octave < 21; octave += 0.5)
        add(octave, drifting(octave));
    const Levels found = find_levels(curve, CurveKind::latency);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[1].value > 106);
    CHECK(found.levels[1].value < 116);
    CHECK(found.levels[1].interval.contains(101));
}

TEST_CASE("unit.levels.an outlier next to the curve's end makes no noise of its last plateau") {
    const Levels found = find_levels(curve_of({1.3, 1.3, 1.31, 1.3, 1.3, 1.42, 1.42, 3.9, 1.42}),
                                     CurveKind::latency);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].value == Approx(1.3).epsilon(0.01));
    CHECK(found.levels[1].value == Approx(1.42).epsilon(0.01));
}

TEST_CASE("unit.levels.what gets several times as slow up to the curve's end is no drift") {
    const Levels found =
        find_levels(curve_of({12, 12.1, 12, 12.1, 12, 12.1, 15, 18, 19.4, 21, 25, 30, 33, 36}),
                    CurveKind::latency);
    CHECK_FALSE(found.complete);
    REQUIRE(!found.levels.empty());
    CHECK(found.levels[0].value == Approx(12).epsilon(0.02));
    CHECK(found.levels[0].interval.high < 15);
}

TEST_CASE("unit.levels.a step of one unit of rounded values is no level") {
    const auto levels = [](double second) {
        std::vector<double> values(10, 15);
        values.insert(values.end(), 6, second);
        values.insert(values.end(), 8, 117);
        return find_levels(curve_of(values), CurveKind::latency).levels.size();
    };
    CHECK(levels(16) == 2);
    CHECK(levels(16.1) == 3);
    CHECK(levels(18) == 3);
}

TEST_CASE("unit.levels.few points that scatter are a plateau beside a high step") {
    const Levels found = find_levels(
        published("512:19.5 1024:16.5 2048:18.6 4096:19.4 8192:19.3 16384:1084 32768:1041 "
                  "65536:1127"),
        CurveKind::latency);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].size.value() == 8192);
    CHECK(found.levels[1].value == Approx(1080).epsilon(0.05));
}

TEST_CASE("unit.levels.places hundreds of octaves apart are read all the same") {
    auto curve = curve_of({1, 1, 1, 1, 1, 4, 4, 4, 4, 4});
    curve.push_back({1e-300, {1}});
    CHECK(find_levels(curve, CurveKind::latency).levels.size() <= 2);
    curve.push_back({1e300, {1e300}});
    curve.push_back({1e-200, {1e-300}});
    CHECK_NOTHROW(find_levels(curve, CurveKind::bandwidth));
}

TEST_CASE("unit.levels.a curve of very many places is read in little time, and as well") {
    std::vector<CurvePoint> curve;
    for (int i = 1; i <= 40000; ++i)
        curve.push_back({16.0 * i, {i <= 8192 ? 7397.0 + i % 3 : 12000.0 + i % 5}});
    const Levels found = find_levels(curve, CurveKind::latency);
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 2);
    CHECK(found.levels[0].size.value() == Approx(131072).epsilon(0.01));
    CHECK(found.levels[0].knee.contains(131072));
}
