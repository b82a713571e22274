#include <clprobe/change_point.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace clprobe;
using Catch::Approx;

namespace {

/// Three equal samples a point, over x = 1, 2, ...
std::vector<CurvePoint> curve_of(const std::vector<double> &values) {
    std::vector<CurvePoint> curve;
    for (const double value : values)
        curve.push_back({static_cast<double>(curve.size() + 1), {value, value, value}});
    return curve;
}

} // namespace

TEST_CASE("unit.change_point.a flat curve is one plateau") {
    const auto found = find_breaks(curve_of(std::vector<double>(12, 3e-9)));
    CHECK(found.decided);
    CHECK(found.breaks.empty());
    REQUIRE(found.plateaus.size() == 1);
    CHECK(found.plateaus[0].first == 0);
    CHECK(found.plateaus[0].last == 11);
    CHECK(found.plateaus[0].level == Approx(3e-9));
    CHECK(found.noise == 0);
}

TEST_CASE("unit.change_point.a clean step lies between its two neighbours") {
    const auto found = find_breaks(curve_of({1, 1, 1, 1, 2, 2, 2, 2, 2}));
    CHECK(found.decided);
    REQUIRE(found.breaks.size() == 1);
    CHECK(found.breaks[0].x == Interval{4, 5});
    CHECK(found.breaks[0].ratio == Approx(2));
    CHECK_FALSE(found.breaks[0].ramp);
    REQUIRE(found.plateaus.size() == 2);
    CHECK(found.plateaus[0].level == Approx(1));
    CHECK(found.plateaus[1].level == Approx(2));
    CHECK(found.plateaus[1].first == 4);
    CHECK(found.plateaus[1].interval.contains(2));
}

TEST_CASE("unit.change_point.two points suffice for a plateau") {
    const auto found = find_breaks(curve_of({1, 1, 2, 2}));
    CHECK(found.breaks.size() == 1);
}

TEST_CASE("unit.change_point.a staircase going down has all its plateaus") {
    // Resident threads against live registers, as a counting probe sees them.
    std::vector<double> threads;
    for (const double level : {2048.0, 1792.0, 1536.0, 1280.0, 1024.0, 768.0})
        threads.insert(threads.end(), 4, level);
    const auto found = find_breaks(curve_of(threads));
    CHECK(found.decided);
    REQUIRE(found.breaks.size() == 5);
    CHECK(found.breaks[0].x == Interval{4, 5});
    CHECK(found.breaks[4].x == Interval{20, 21});
    CHECK(found.plateaus[3].level == Approx(1280));
}

TEST_CASE("unit.change_point.a monotone run between plateaus is one ramp") {
    const auto found = find_breaks(curve_of({1, 1, 1, 1, 1.3, 1.7, 2.2, 2.9, 3.5, 4, 4, 4, 4}));
    CHECK(found.decided);
    REQUIRE(found.breaks.size() == 1);
    CHECK(found.breaks[0].ramp);
    CHECK(found.breaks[0].x == Interval{4, 10});
    CHECK(found.breaks[0].ratio == Approx(4));
}

TEST_CASE("unit.change_point.one point half-way makes a ramp too") {
    const auto found = find_breaks(curve_of({1, 1, 1, 1, 1.5, 2, 2, 2, 2}));
    REQUIRE(found.breaks.size() == 1);
    CHECK(found.breaks[0].ramp);
    CHECK(found.breaks[0].x == Interval{4, 6});
}

TEST_CASE("unit.change_point.steps smaller than the least are left alone") {
    const auto values = curve_of({1, 1, 1, 1, 1.02, 1.02, 1.02, 1.02});
    CHECK(find_breaks(values).breaks.empty());
    SegmentOptions fine;
    fine.least_step = 0.01;
    CHECK(find_breaks(values, fine).breaks.size() == 1);
}

TEST_CASE("unit.change_point.an outlier is neither a plateau nor a break") {
    const auto found = find_breaks(curve_of({1, 1, 1, 1, 5, 1, 1, 1, 1, 1, 1, 1}));
    CHECK(found.breaks.empty());
    CHECK(found.plateaus.at(0).level == Approx(1));
}

TEST_CASE("unit.change_point.points without samples are passed over") {
    auto curve = curve_of({1, 1, 1, 1, 2, 2, 2, 2, 2});
    curve[3].samples.clear();
    curve[7].samples = {-1, 0, std::numeric_limits<double>::quiet_NaN()};
    const auto found = find_breaks(curve);
    REQUIRE(found.breaks.size() == 1);
    CHECK(found.breaks[0].x == Interval{3, 5});
    CHECK(found.plateaus[1].first == 4);
    CHECK(found.plateaus[1].last == 8);
}

TEST_CASE("unit.change_point.points come in any order") {
    auto curve = curve_of({1, 1, 1, 1, 2, 2, 2, 2, 2});
    std::swap(curve[0], curve[6]);
    std::swap(curve[2], curve[8]);
    const auto found = find_breaks(curve);
    REQUIRE(found.breaks.size() == 1);
    CHECK(found.breaks[0].x == Interval{4, 5});
    CHECK(found.plateaus[0].first == 6);
}

TEST_CASE("unit.change_point.what the data does not settle is not decided, with a reason") {
    const auto undecided = [](const std::vector<double> &values) {
        const auto found = find_breaks(curve_of(values));
        CHECK_FALSE(found.decided);
        return found.reason;
    };
    CHECK(undecided({}).find("too few") != std::string::npos);
    CHECK(undecided({1, 1, 2}).find("too few") != std::string::npos);
    std::vector<double> growth;
    for (int i = 10; i < 40; ++i)
        growth.push_back(i);
    CHECK(undecided(growth).find("does not begin with a plateau") != std::string::npos);
    std::vector<double> late(8, 10.0);
    late.insert(late.end(), growth.begin(), growth.end());
    CHECK(undecided(late).find("does not end with a plateau") != std::string::npos);
    CHECK(undecided({1, 1.3, 0.8, 1.2, 0.7, 1.1, 0.9, 1.4, 0.75, 1}).find("noise") !=
          std::string::npos);
}

TEST_CASE("unit.change_point.more plateaus than allowed are not decided") {
    std::vector<double> stairs;
    for (int i = 0; i < 6; ++i)
        stairs.insert(stairs.end(), 6, std::pow(2.0, i));
    SegmentOptions options;
    options.most_plateaus = 5;
    const auto found = find_breaks(curve_of(stairs), options);
    CHECK_FALSE(found.decided);
    CHECK(found.reason == "more than 5 plateaus");
    CHECK(find_breaks(curve_of(stairs)).decided);
}

TEST_CASE("unit.change_point.a curve rougher than its samples say is judged by its roughness") {
    // Samples that agree to the last bit, while each point is off by an amount of its own.
    const std::vector<double> wobble{0.9, 1.1, 1.05, 0.88, 1.12, 0.93, 1.07, 0.9, 1.1, 0.95};
    std::vector<CurvePoint> curve;
    for (std::size_t i = 0; i < 30; ++i)
        curve.push_back({static_cast<double>(i), std::vector<double>(5, wobble[i * 7 % 10])});
    CHECK(find_breaks(curve).breaks.empty());
    for (std::size_t i = 15; i < 30; ++i)
        for (double &sample : curve[i].samples)
            sample *= 3;
    const auto found = find_breaks(curve);
    CHECK(found.decided);
    REQUIRE(found.breaks.size() == 1);
    CHECK(found.breaks[0].x.contains(14.5));
}
