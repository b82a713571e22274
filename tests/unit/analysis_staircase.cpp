#include "synthetic.hpp"

#include <clprobe/change_point.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

using namespace clprobe;
using Catch::Approx;

namespace {

using Law = std::function<double(double)>;

std::vector<CurvePoint> curve_of(const std::vector<double> &groups, const Law &time) {
    std::vector<CurvePoint> curve;
    for (const double each : groups)
        curve.push_back({each, std::vector<double>(3, time(each))});
    return curve;
}

std::vector<double> up_to(int last) {
    std::vector<double> groups;
    for (int i = 1; i <= last; ++i)
        groups.push_back(i);
    return groups;
}

Law stairs(double units, double overhead) {
    return [=](double groups) { return 1e-3 * (overhead + std::ceil(groups / units)); };
}

std::string reason_against(const Law &time) {
    const Staircase found = find_staircase(curve_of(up_to(40), time));
    CHECK_FALSE(found.decided);
    return found.reason;
}

/// What a bisection of the first step leaves: powers of two, and all about one and two rounds.
std::vector<double> bisected(int units) {
    std::set<double> groups;
    for (int i = 1; i <= 4 * units; i *= 2)
        groups.insert(i);
    for (int i = -2; i <= 3; ++i)
        groups.insert({std::max(1.0, units + i + 0.0), std::max(1.0, 2 * units + i + 0.0)});
    return {groups.begin(), groups.end()};
}

} // namespace

TEST_CASE("unit.change_point.a staircase tells the units") {
    for (const int units : {2, 3, 8, 13}) {
        const Staircase found = find_staircase(curve_of(up_to(40), stairs(units, 0.1)));
        CHECK(found.decided);
        CHECK(found.reason.empty());
        CHECK(found.period == units);
        CHECK(found.range == Interval{found.period, found.period});
        CHECK(found.ratio == Approx(2.1 / 1.1).epsilon(0.01));
    }
}

TEST_CASE("unit.change_point.a staircase needs no point but those next to a step") {
    const std::vector<double> groups{1, 64, 128, 132, 133, 192, 256};
    CHECK(find_staircase(curve_of(groups, stairs(132, 0))).period == 132);
    CHECK(find_staircase(curve_of(groups, stairs(132, 0))).decided);
}

TEST_CASE("unit.change_point.a staircase says which periods its points leave open") {
    const std::vector<double> groups{1, 64, 96, 128, 160, 192, 256};
    const Staircase found = find_staircase(curve_of(groups, stairs(132, 0)));
    CHECK_FALSE(found.decided);
    CHECK(found.range == Interval{128, 159});
    CHECK(found.reason == "the points leave open which of 128 to 159");
}

TEST_CASE("unit.change_point.what is no staircase is not decided") {
    CHECK(reason_against([](double) { return 1e-3; }) == "no step up to 40");
    CHECK(reason_against([](double g) { return 1e-3 * g; }) ==
          "time grows steadily from 1 on, not in steps");
    CHECK(reason_against([](double g) { return 1e-3 * (1 + 0.1 * g); }) ==
          "time grows steadily from 1 on, not in steps");
    CHECK(reason_against([](double g) { return 1e-3 * std::max(1.0, g / 8); }) ==
          "time grows steadily from 8 on, not in steps");
    const auto irregular = [](double g) { return g > 12 ? 3e-3 : g > 10 ? 2e-3 : 1e-3; };
    CHECK(reason_against(irregular) == "the curve is no staircase");
    CHECK(reason_against(stairs(8, 4)) == "the first step is only 1.20 to 1");
    CHECK(find_staircase({}).reason.find("too few") != std::string::npos);
    CHECK_FALSE(find_staircase(curve_of({1, 2, 3}, stairs(2, 0))).decided);
}

TEST_CASE("unit.change_point.rates of staircases") {
    constexpr int seeds = 1000;
    int right = 0;
    int wrong = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        const int units = random.integer(2, 150);
        const auto curve =
            noisy_curve(random, bisected(units), stairs(units, random.uniform(0, 0.3)));
        const Staircase found = find_staircase(curve);
        const bool same = found.period == units;
        right += found.decided && same ? 1 : 0;
        wrong += found.decided && !same ? 1 : 0;
    }
    INFO("right " << right << ", wrong " << wrong << " of " << seeds);
    CHECK(right >= 0.98 * seeds);
    CHECK(wrong <= 0.01 * seeds);
}

TEST_CASE("unit.change_point.rates of curves that are no staircase") {
    constexpr int seeds = 1000;
    int wrong = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        const double knee = random.uniform(2, 100);
        const double slope = random.uniform(0.01, 1);
        const std::vector<Law> laws{[](double) { return 1.0; },
                                    [&](double g) { return 1 + slope * g; },
                                    [&](double g) { return std::max(1.0, g / knee); },
                                    [&](double g) { return 1 + std::sqrt(slope * g); }};
        const auto &law = laws[seed % laws.size()];
        const auto curve = noisy_curve(random, bisected(random.integer(2, 150)), law);
        wrong += find_staircase(curve).decided ? 1 : 0;
    }
    INFO("wrong " << wrong << " of " << seeds);
    CHECK(wrong <= 0.01 * seeds);
}
