#include "interpreted.hpp"

#include <clprobe/session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>

using namespace clprobe;
using Catch::Matchers::WithinRel;

namespace {

/// Of a device whose barrier takes 20 ns, and 1 ns more for each 32 work-items; with a fence of
/// global memory four times as long, among a sub-group 5 ns, and 4 ns for the exchange alone.
Dataset data_of(std::uint64_t seed, double largest = 1024) {
    MadeUp made("execution/barrier", {.most_trips = 20000, .noise = 0.002}, seed);
    for (double items = 2; items <= largest; items *= 2) {
        const double local = 20e-9 + 1e-9 * items / 32;
        made.take("times", {0, items}, 2 * local);
        made.take("times", {1, items}, 2 * 4 * local);
        if (items >= 32)
            made.take("times", {2, items}, 2 * 5e-9);
    }
    made.take("times", {3, std::min(largest, 256.0)}, 2 * 4e-9);
    return made.data;
}

std::vector<Finding> interpretation(const Dataset &data) {
    const auto findings = builtin("execution/barrier").interpret(data, {});
    REQUIRE(findings.size() == 3);
    return findings;
}

} // namespace

TEST_CASE("unit.barrier.latencies are those of groups of 256") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto findings = interpretation(data_of(seed));
        const auto check = [&](std::string_view key, double value) {
            const Finding &found = finding(findings, key);
            INFO(key << ": " << found.note);
            CHECK(found.status == Status::measured);
            CHECK_THAT(found.value.value(), WithinRel(value, 0.03));
            CHECK(found.interval->contains(*found.value));
            CHECK(found.method.starts_with("a group of 256"));
        };
        check("barrier.latency", 28e-9);
        check("barrier.global.latency", 4 * 28e-9);
        check("barrier.subgroup.latency", 5e-9);
        CHECK(finding(findings, "barrier.latency").note.ends_with("without a barrier"));
        CHECK(finding(findings, "barrier.global.latency").note.empty());
    }
}

TEST_CASE("unit.barrier.of a device with smaller groups the largest count") {
    const auto findings = interpretation(data_of(1, 64));
    const Finding &found = finding(findings, "barrier.latency");
    CHECK_THAT(found.value.value(), WithinRel(22e-9, 0.03));
    CHECK(found.method.starts_with("a group of 64"));
}

TEST_CASE("unit.barrier.what takes longer without a barrier is not said to be part of it") {
    MadeUp made("execution/barrier", {}, 1);
    made.take("times", {0, 256}, 2 * 300e-9);
    made.take("times", {3, 256}, 2 * 900e-9); // work-items one after the other
    CHECK(finding(interpretation(made.data), "barrier.latency").note.empty());
}

TEST_CASE("unit.barrier.what was not timed is not said") {
    for (const Finding &found : interpretation({}))
        CHECK(found.status == Status::inconclusive);
    Dataset data = data_of(1);
    std::erase_if(data.series.front().points, [](const Point &point) { return point.at[0] == 2; });
    CHECK(finding(interpretation(data), "barrier.subgroup.latency").status == Status::inconclusive);
    data.text_attributes["sub_group.left_out"] = "the driver has no cl_khr_subgroups";
    CHECK(finding(interpretation(data), "barrier.subgroup.latency").status == Status::unsupported);
    CHECK(finding(interpretation(data), "barrier.latency").status == Status::measured);
    for (Point &point : data.series.front().points)
        std::ranges::fill(point.samples, 1e-4); // nothing grows with the trips
    for (const Finding &found : interpretation(data))
        CHECK_FALSE(found.value);
}

TEST_CASE("unit.barrier.barriers that a compiler took out of the loop are suspect") {
    Dataset data = data_of(1);
    for (Point &point : data.series.front().points)
        for (double &sample : point.samples)
            sample += 1e-2; // most of a launch is something else
    CHECK(finding(interpretation(data), "barrier.latency").status != Status::measured);
}

TEST_CASE("unit.barrier.a series of another tool will do") {
    ProbeRecord record;
    Series &series =
        record.data.add("times",
                        {{"barrier", Unit::one, {"local", "global", "sub_group", "none"}},
                         {"work_items", Unit::one, {}},
                         {"trips", Unit::one, {}}},
                        {"time", Unit::second, {}});
    for (const double trips : {1000.0, 2000.0, 4000.0})
        series.point({0, 128, trips}).samples = {1e-6 + trips * 50e-9};
    const auto findings = interpret(builtin("execution/barrier"), record, nullptr);
    CHECK_THAT(finding(findings, "barrier.latency").value.value(), WithinRel(25e-9, 0.01));
    CHECK(finding(findings, "barrier.global.latency").status == Status::inconclusive);
}
