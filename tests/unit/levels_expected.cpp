#include "levels_expected.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <sstream>

std::vector<clprobe::CurvePoint> published(const std::string &text) {
    std::vector<clprobe::CurvePoint> curve;
    std::istringstream stream(text);
    double x = 0;
    char colon = 0;
    double value = 0;
    while (stream >> x >> colon >> value)
        curve.push_back({x, {value}});
    return curve;
}

void check_levels(const clprobe::Levels &found, const std::vector<ExpectedLevel> &expected) {
    CHECK(found.decided);
    CHECK(found.settled == found.levels.size());
    REQUIRE(found.levels.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const clprobe::Level &level = found.levels[i];
        CAPTURE(i, level.value, level.size.value_or(0));
        CHECK(level.value == Catch::Approx(expected[i].value).epsilon(0.03));
        CHECK(level.interval.contains(level.value));
        REQUIRE(level.size.has_value() == (i + 1 < expected.size()));
        if (level.size) {
            CHECK(expected[i].size.contains(*level.size));
            CHECK(level.knee.contains(*level.size));
        }
    }
}
