// Verdicts: what an interval says of a bound.

#include "expectations_sample.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <limits>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

constexpr auto confirmed = ExpectationVerdict::confirmed;
constexpr auto refuted = ExpectationVerdict::refuted;
constexpr auto untestable = ExpectationVerdict::untestable;

Expectation at_least(double bound) {
    Expectation asked = expectation("size");
    asked.at_least = bound;
    return asked;
}

Expectation at_most(double bound) {
    Expectation asked = expectation("size");
    asked.at_most = bound;
    return asked;
}

Expectation equal(double value, double tolerance = 0) {
    Expectation asked = expectation("size");
    asked.value = value;
    asked.tolerance = tolerance;
    return asked;
}

/// What a finding with this interval says of it.
ExpectationVerdict verdict(const Expectation &asked, Interval interval) {
    const auto results = check(report_with({plain("size", interval)}), about_all({asked}));
    REQUIRE(results.size() == 1);
    CHECK(results[0].reason.empty() == (results[0].verdict != untestable));
    return results[0].verdict;
}

} // namespace

TEST_CASE(
    "unit.expectations.an interval confirms a bound by all of itself, and refutes it by none") {
    CHECK(verdict(at_least(10), {11, 12}) == confirmed);
    CHECK(verdict(at_least(10), {8, 9}) == refuted);
    CHECK(verdict(at_least(10), {9, 11}) == untestable);
    CHECK(verdict(at_most(10), {8, 9}) == confirmed);
    CHECK(verdict(at_most(10), {11, 12}) == refuted);
    CHECK(verdict(at_most(10), {9, 11}) == untestable);
}

TEST_CASE("unit.expectations.an interval that touches the bound keeps it") {
    CHECK(verdict(at_least(10), {10, 12}) == confirmed);
    CHECK(verdict(at_most(10), {8, 10}) == confirmed);
    CHECK(verdict(at_least(10), {8, 10}) == untestable);
    CHECK(verdict(at_most(10), {10, 12}) == untestable);
    CHECK(verdict(equal(10, 0.1), {9, 11}) == confirmed);
    CHECK(verdict(equal(10, 0.1), {11, 12}) == untestable);
    CHECK(verdict(equal(10, 0.1), {11.000001, 12}) == refuted);
}

TEST_CASE("unit.expectations.an interval of no width is one value") {
    CHECK(verdict(equal(64), {64, 64}) == confirmed);
    CHECK(verdict(equal(64), {65, 65}) == refuted);
    CHECK(verdict(at_least(64), {64, 64}) == confirmed);
    CHECK(verdict(at_most(64), {64, 64}) == confirmed);
    CHECK(verdict(at_most(64), {65, 65}) == refuted);
    CHECK(verdict(equal(32), {32, 39}) == untestable);
    CHECK(verdict(equal(0), {0, 0}) == confirmed);
    CHECK(verdict(equal(0, 0.5), {0.001, 0.001}) == refuted);
}

TEST_CASE("unit.expectations.below zero the tolerance widens to both sides too") {
    CHECK(verdict(equal(-10, 0.1), {-11, -9}) == confirmed);
    CHECK(verdict(equal(-10, 0.1), {-13, -12}) == refuted);
    CHECK(verdict(at_least(-10), {-10, -9}) == confirmed);
    CHECK(verdict(at_most(-10), {-10, -9}) == untestable);
    CHECK(verdict(at_least(-10), {-12, -11}) == refuted);
}

TEST_CASE("unit.expectations.both bounds make a range") {
    Expectation range = at_least(133);
    range.at_most = 150;
    CHECK(verdict(range, {142, 148}) == confirmed);
    CHECK(verdict(range, {100, 132}) == refuted);
    CHECK(verdict(range, {151, 160}) == refuted);
    CHECK(verdict(range, {100, 200}) == untestable);
}

TEST_CASE("unit.expectations.numbers that are none settle nothing") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(verdict(at_least(10), {nan, nan}) == untestable);
    CHECK(verdict(at_least(10), {-infinity, infinity}) == untestable);
    CHECK(verdict(equal(nan), {1, 2}) == untestable);
}

TEST_CASE("unit.expectations.what is not plainly measured is untestable, with its reason") {
    const auto result = [](const Finding &finding) {
        const auto results = check(report_with({finding}), about_all({at_least(10)}));
        REQUIRE(results.size() == 1);
        CHECK(results[0].verdict == untestable);
        CHECK(results[0].finding == finding);
        return results[0].reason;
    };
    Finding suspect = plain("size", {8, 9});
    make_suspect(suspect, "the machine was busy");
    CHECK(result(suspect) == "suspect: the machine was busy");
    CHECK(result(without_value({"size", Unit::one, Better::none, {}}, Status::unsupported,
                               "no images")) == "unsupported: no images");
    Finding bare = plain("size", {8, 9});
    bare.interval.reset();
    CHECK(result(bare) == "it has no interval");
}

TEST_CASE("unit.expectations.a finding that is not there is not measured") {
    const auto results = check(report_with({plain("other", {1, 1})}), about_all({at_least(10)}));
    REQUIRE(results.size() == 1);
    CHECK(results[0].verdict == untestable);
    CHECK_FALSE(results[0].finding);
    CHECK(results[0].device == "gpu0-test");
    CHECK_THAT(results[0].reason, ContainsSubstring("not measured"));
}

TEST_CASE("unit.expectations.a pattern asks each finding that it fits") {
    const Report report = report_with({plain("atomic.local.int.add.latency", {4, 5}),
                                       plain("atomic.local.int.min.latency", {11, 12}),
                                       plain("atomic.local.int.min.rate", {1, 1})});
    Expectation asked = at_most(10);
    asked.key = "atomic.*.latency";
    const auto results = check(report, about_all({asked}));
    REQUIRE(results.size() == 2);
    CHECK(results[0].verdict == confirmed);
    CHECK(results[1].verdict == refuted);
    CHECK(results[1].finding->key == "atomic.local.int.min.latency");
    // A key with a star in it is a key first.
    Expectation starred = at_most(10);
    starred.key = "inspect.x = x*a+b.fma";
    const Report inspection = report_with(
        {plain("inspect.x = x*a+b.fma", {1, 1}), plain("inspect.x = x*x, a+b.fma", {1, 1})});
    CHECK(check(inspection, about_all({starred})).size() == 1);
}

TEST_CASE("unit.expectations.of two findings with one key the later counts") {
    Report report = report_with({plain("size", {1, 1})});
    report.devices[0].probes.push_back(report.devices[0].probes[0]);
    report.devices[0].probes[1].findings = {plain("size", {64, 64})};
    const auto results = check(report, about_all({equal(64)}));
    REQUIRE(results.size() == 1);
    CHECK(results[0].verdict == confirmed);
}

TEST_CASE("unit.expectations.another unit is a mistake, and is named") {
    Expectation asked = at_least(10);
    asked.unit = Unit::byte_per_second;
    CHECK_THROWS_MATCHES(
        static_cast<void>(check(report_with({plain("size", {1, 1})}), about_all({asked}))),
        InputError, MessageMatches(ContainsSubstring("'size' is asked for in B/s")));
}

TEST_CASE("unit.expectations.are about the devices that their pattern names") {
    DeviceInfo mali;
    mali.name = "Mali-G52 (Panfrost)";
    for (const char *pattern : {"mali-g52", "Mali", "G52*frost", "*"})
        CHECK(applies_to({"", pattern, {}}, mali));
    for (const char *pattern : {"Mali-G5 ", "H200", "Mali G52", "frost*G52"})
        CHECK_FALSE(applies_to({"", pattern, {}}, mali));
    Report report = report_with({plain("size", {1, 1})});
    report.devices.push_back(report.devices[0]);
    report.devices[1].device.name = "another";
    report.devices[1].device.slug = "gpu1-another";
    CHECK(check(report, {"", "another", {at_least(1)}}).size() == 1);
    CHECK(check(report, {"", "*", {at_least(1)}}).size() == 2);
    CHECK(check(report, {"", "H200", {at_least(1)}}).empty());
}

TEST_CASE("unit.expectations.say what is asked in the unit of its size") {
    Expectation asked = at_least(4.6e12);
    asked.unit = Unit::byte_per_second;
    CHECK(asked_text(asked) == "at least 4.6 TB/s");
    asked.at_most = 4.8e12;
    CHECK(asked_text(asked) == "4.6 TB/s to 4.8 TB/s");
    CHECK(asked_text(at_most(3)) == "at most 3");
    CHECK(asked_text(equal(255)) == "255");
    asked = equal(66.9e12, 0.015);
    asked.unit = Unit::flop_per_second;
    CHECK(asked_text(asked) == "66.9 Tflop/s within 1.5 %");
}
