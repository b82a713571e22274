#include <clprobe/statistics.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <vector>

using namespace clprobe;
using Catch::Approx;

namespace {

template <class Time>
std::vector<TripTime> timed(int blocks, Time &&time) {
    std::vector<TripTime> samples;
    for (int block = 0; block < blocks; ++block)
        for (const double trips : {1000.0, 2000.0, 4000.0})
            samples.push_back({trips, time(trips), block});
    return samples;
}

} // namespace

TEST_CASE("unit.statistics.slope of an exact line is exact") {
    for (const int blocks : {1, 2, 5, 6, 20}) {
        const auto fit = fit_slope(timed(blocks, [](double n) { return 5e-6 + 1e-9 * n; }));
        REQUIRE(fit.has_value());
        CHECK(fit->seconds_per_trip == Approx(1e-9));
        CHECK(fit->overhead == Approx(5e-6));
        CHECK(fit->interval.low == Approx(1e-9));
        CHECK(fit->interval.high == Approx(1e-9));
        CHECK(std::abs(fit->nonlinearity.value()) < 1e-9);
        CHECK(fit->blocks == static_cast<std::size_t>(blocks));
    }
}

TEST_CASE("unit.statistics.slope needs two trip counts") {
    CHECK_FALSE(fit_slope({}).has_value());
    CHECK_FALSE(fit_slope(std::vector<TripTime>{{10, 1, 0}, {10, 2, 1}}).has_value());
}

TEST_CASE("unit.statistics.slope of two samples is wholly unsure") {
    const auto fit = fit_slope(std::vector<TripTime>{{10, 1, 0}, {20, 2, 0}});
    REQUIRE(fit.has_value());
    CHECK(fit->seconds_per_trip == Approx(0.1));
    CHECK(fit->interval == Interval{0, 0.2});
    CHECK_FALSE(fit->nonlinearity.has_value());
}

TEST_CASE("unit.statistics.slope uses all samples where no block has two trip counts") {
    const auto fit = fit_slope(std::vector<TripTime>{{10, 1, 0}, {20, 2, 1}, {40, 4, 2}});
    REQUIRE(fit.has_value());
    CHECK(fit->seconds_per_trip == Approx(0.1));
    CHECK(fit->blocks == 1);
}

TEST_CASE("unit.statistics.slope shows time that does not grow linearly") {
    const auto folded = fit_slope(timed(8, [](double n) { return 1e-6 * std::log2(n); }));
    CHECK(std::abs(folded->nonlinearity.value()) > 0.3);
    const auto removed = fit_slope(timed(8, [](double) { return 1e-6; }));
    CHECK(removed->seconds_per_trip == 0);
    const auto slower = fit_slope(timed(8, [](double n) { return 1e-9 * n * (1 + 1e-5 * n); }));
    CHECK(slower->nonlinearity.value() > 0.005);
}
