#include <clprobe/predicted_call.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace clprobe;
using Catch::Approx;

namespace {

/// Launches that cost the host 5 us each, and 2 us on the device between two.
constexpr LaunchCosts costs{5e-6, 2e-6, {}};

} // namespace

TEST_CASE("unit.predicted_call.the_slower_of_host_and_device_decides") {
    CHECK(seconds_in_a_row({1e-6, 1}, costs) == Approx(5e-6)); // the host is behind
    CHECK(seconds_in_a_row({3e-6, 1}, costs) == Approx(5e-6)); // as fast as the device
    CHECK(seconds_in_a_row({20e-6, 1}, costs) == Approx(22e-6));
    // Of several launches a long one gives the host time for short ones.
    CHECK(seconds_in_a_row({1e-6, 3}, costs) == Approx(15e-6));
    CHECK(seconds_in_a_row({20e-6, 3}, costs) == Approx(26e-6));
    CHECK(seconds_in_a_row({0, 0}, costs) == 0);
}

TEST_CASE("unit.predicted_call.without_a_gap_each_launch_counts_whole") {
    CHECK(seconds_in_a_row({20e-6, 3}, {5e-6, {}, {}}) == Approx(35e-6));
    CHECK(seconds_in_a_row({20e-6, 3}, {{}, {}, {}}) == Approx(20e-6));
    CHECK(seconds_in_a_row({20e-6, 3}, {{}, 2e-6, {}}) == Approx(26e-6));
    // One that does not differ from nothing is no missing one.
    CHECK(seconds_in_a_row({20e-6, 3}, {5e-6, 0, {}}) == Approx(20e-6));
}

TEST_CASE("unit.predicted_call.a_launch_that_is_timed_by_itself_holds_one_of_nothing") {
    CHECK(seconds_alone({20e-6, 3}, {5e-6, 2e-6, 6e-6}) == Approx(38e-6));
    CHECK(seconds_alone({20e-6, 3}, costs) == Approx(35e-6));
    CHECK(seconds_alone({20e-6, 3}, {}) == Approx(20e-6));
}

TEST_CASE("unit.predicted_call.costs_are_measured_findings") {
    Facts facts;
    CHECK_FALSE(launch_costs(facts).in_a_row);
    CHECK_FALSE(launch_costs(facts).gap);
    const auto add = [&](const char *key, double value) {
        facts.findings.push_back(
            measured({key, Unit::second, Better::lower, ""}, value, {value, value}));
    };
    add("launch.back_to_back", 5e-6);
    add("launch.gap", 2e-6);
    CHECK(seconds_in_a_row(PredictedCall{20e-6, 1}, facts) == Approx(22e-6));
    CHECK_FALSE(seconds_in_a_row(std::nullopt, facts));
    make_suspect(facts.findings.back(), "the machine was busy");
    CHECK(seconds_in_a_row(PredictedCall{20e-6, 1}, facts) == Approx(25e-6));
    add("launch.round_trip.p50", 9e-6);
    CHECK(launch_costs(facts).alone == 9e-6);
    add("launch.device.p50", 6e-6);
    CHECK(launch_costs(facts).alone == 6e-6);
}
