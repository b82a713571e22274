#include "synthetic.hpp"

#include <clprobe/change_point.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

using namespace clprobe;
using Catch::Approx;

namespace {

/// Cost of two accesses against the distance between them: dear within a line.
std::vector<CurvePoint> line_curve(double line) {
    std::vector<CurvePoint> curve;
    for (double distance = 4; distance <= 1024; distance *= 2)
        curve.push_back({distance, std::vector<double>(5, distance < line ? 5e-9 : 1e-9)});
    return curve;
}

std::string reason_against_step(const std::vector<CurvePoint> &curve) {
    const Step step = find_step(curve);
    CHECK_FALSE(step.decided);
    return step.reason;
}

} // namespace

TEST_CASE("unit.change_point.a step is at the first place of the second plateau") {
    for (const double line : {16.0, 32.0, 64.0, 128.0, 256.0, 512.0}) {
        const Step step = find_step(line_curve(line));
        CHECK(step.decided);
        CHECK(step.at == line);
        CHECK(step.range == Interval{line, line});
        CHECK(step.certainty > 0.99);
        CHECK(step.ratio == Approx(0.2));
    }
}

TEST_CASE("unit.change_point.a step is not decided where there is none, or several") {
    CHECK(reason_against_step(line_curve(0)) == "no step");
    auto paired = line_curve(64); // an adjacent line is fetched with each
    for (CurvePoint &point : paired)
        if (point.x >= 64 && point.x < 256)
            point.samples.assign(5, 2e-9);
    CHECK(reason_against_step(paired) == "2 steps");
}

TEST_CASE("unit.change_point.a step is not decided next to a place without samples") {
    auto curve = line_curve(64);
    curve[4].samples.clear(); // 64
    CHECK(reason_against_step(curve) == "no samples at 64, where the step may be");
    curve = line_curve(64);
    curve[6].samples.clear(); // 256
    CHECK(find_step(curve).decided);
}

TEST_CASE("unit.change_point.a step is not decided where it is a ramp") {
    auto curve = line_curve(64);
    curve[3].samples.assign(5, 3e-9);
    CHECK(reason_against_step(curve) == "a ramp from 16 to 64");
}

TEST_CASE("unit.change_point.rates of the place of a step") {
    int curves = 0;
    int clear = 0; // the step exceeds three times the noise, and the points beside it are there
    int right = 0;
    int exact = 0;
    int wrong = 0;
    int certain = 0;
    int certain_wrong = 0;
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        Random random(seed);
        const SyntheticCurve curve = synthetic_curve(random, {1, 1, 5, 0});
        const Step step = find_step(curve.points);
        const double truth = curve.breaks.front().first_behind;
        const auto behind = static_cast<std::size_t>(truth);
        const bool seen =
            !curve.points[behind - 1].samples.empty() && !curve.points[behind - 2].samples.empty();
        const bool holds = step.range.contains(truth);
        ++curves;
        wrong += step.decided && !holds ? 1 : 0;
        certain += step.decided && step.certainty > 0.95 ? 1 : 0;
        certain_wrong += step.decided && step.certainty > 0.95 && step.at != truth ? 1 : 0;
        if (!seen || curve.clarity() <= 3)
            continue;
        ++clear;
        right += step.decided && holds ? 1 : 0;
        exact += step.decided && step.range == Interval{truth, truth} ? 1 : 0;
    }
    INFO("right " << right << ", exact " << exact << " of " << clear << " clear ones, wrong "
                  << wrong << " of " << curves << ", wrong though certain " << certain_wrong
                  << " of " << certain);
    CHECK(clear >= 1000);
    CHECK(right >= 0.98 * clear);
    CHECK(exact >= 0.85 * clear);
    CHECK(wrong <= 0.01 * curves);
    CHECK(certain_wrong <= 0.01 * certain);
}
