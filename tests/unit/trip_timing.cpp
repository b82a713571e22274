#include "analysis/trip_timing.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace clprobe;
using Catch::Approx;

namespace {

/// Launches take 10 us and 100 ns a trip, the longest by `bend` more.
double time_of(double trips, double bend) {
    return 1e-5 + 1e-7 * trips * (trips == 400 ? 1 + bend : 1);
}

std::vector<TripTime> launches(double bend) {
    std::vector<TripTime> times;
    for (int block = 0; block < 8; ++block)
        for (const double trips : {100.0, 200.0, 400.0})
            times.push_back({trips, time_of(trips, bend), block});
    return times;
}

} // namespace

TEST_CASE("unit.trip_timing.takes the slope where launches of all lengths agree on it") {
    const auto timing = time_per_trip(launches(0));
    REQUIRE(timing);
    CHECK(timing->seconds == Approx(1e-7));
    CHECK(timing->method.find("slope") != std::string::npos);
}

TEST_CASE("unit.trip_timing.takes launches whole where they bend, and allows for the slope") {
    for (const double bend : {-0.02, 0.02}) {
        const auto timing = time_per_trip(launches(bend));
        REQUIRE(timing);
        CHECK(timing->seconds == Approx(time_of(400, bend) / 400));
        CHECK(timing->method.find("launches") != std::string::npos);
        const double slope = (time_of(400, bend) - time_of(100, bend)) / 300;
        CHECK(timing->interval.low <= Approx(slope));
        CHECK(timing->interval.high >= Approx(slope));
    }
}

TEST_CASE("unit.trip_timing.says by how much launches bend, either way") {
    for (const double bend : {-0.02, 0.02}) {
        Finding finding;
        check_timing(finding, *time_per_trip(launches(bend)));
        CAPTURE(finding.note);
        CHECK(finding.note.find("differs by at least -") == std::string::npos);
        CHECK(finding.note.find("differs by at least") != std::string::npos);
        CHECK(finding.note.find("taken whole") != std::string::npos);
    }
}
