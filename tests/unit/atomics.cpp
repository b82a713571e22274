#include "interpreted.hpp"
#include "memory/atomics/atomics.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;
using namespace clprobe::probes::atomics;

namespace {

constexpr double launched_items = 4096;

/// The data that the probe would take of a device without float additions and minima: additions of
/// 1 ns each, further operations of 2, 3 and 4, twice that with their results used; 100 ns latency.
Dataset data_of(std::uint64_t seed) {
    MadeUp made("memory/atomics", {.most_trips = 100, .noise = 0.002}, seed);
    for (const Atomic &atomic : all_atomics()) {
        if (atomic.extended()) {
            made.data.text_attributes[atomic.name() + lacking] = "not there";
            continue;
        }
        const auto space = static_cast<double>(atomic.space);
        const auto operation = static_cast<double>(atomic.operation);
        const double real = atomic.real ? 1 : 0;
        for (const double place : {0.0, 1.0})
            for (const double used : {0.0, 1.0})
                made.take(series::rates, {space, real, operation, place, used, launched_items},
                          4 * launched_items * 1e-9 * (1 + operation) * (1 + used));
        made.take(series::latency, {space, real, operation}, 4 * 100e-9);
    }
    for (int i = 0; i < 128; ++i)
        made.take(series::addresses, {i * 4096.0}, 4 * (i % 2 == 0 ? 100e-9 : 180e-9));
    return made.data;
}

std::vector<Finding> interpretation(const Dataset &data) {
    return builtin("memory/atomics").interpret(data, {});
}

} // namespace

TEST_CASE("unit.atomics.findings of known rates") {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        const auto findings = interpretation(data_of(seed));
        REQUIRE(findings.size() == finding_keys().size());
        const auto check = [&](std::string_view key, double value) {
            INFO(key);
            REQUIRE(finding(findings, key).status == Status::measured);
            CHECK_THAT(finding(findings, key).value.value(),
                       Catch::Matchers::WithinRel(value, 0.01));
            CHECK(finding(findings, key).interval->contains(*finding(findings, key).value));
        };
        check("atomic.global.int.add.contended.rate", 1e9);
        check("atomic.local.int.min.spread.rate", 1e9 / 2);
        check("atomic.global.float.exchange.spread.rate", 1e9 / 3);
        check("atomic.local.int.compare_exchange.latency", 100e-9);
        check("atomic.global.partitions", 2);
        CHECK(finding(findings, "atomic.global.float.add.latency").status == Status::unsupported);
        CHECK(finding(findings, "atomic.local.float.min.spread.rate").note == "not there");
    }
}

TEST_CASE("unit.atomics.the faster of dropped and used results is the finding") {
    Dataset data = data_of(1);
    std::erase_if(data.add(series::rates, {}, {}).points,
                  [](const Point &point) { return point.at[4] == 0; });
    const auto findings = interpretation(data);
    const Finding &found = finding(findings, "atomic.global.int.add.spread.rate");
    CHECK_THAT(found.value.value(), Catch::Matchers::WithinRel(0.5e9, 0.01));
    CHECK(found.method.starts_with("results used"));
    CHECK(found.note.empty());
}

TEST_CASE("unit.atomics.what was not timed is not said") {
    for (const Finding &finding : interpretation({}))
        CHECK(finding.status == Status::inconclusive);
    Dataset data = data_of(1);
    for (Series &series : data.series)
        for (Point &point : series.points)
            for (double &sample : point.samples)
                sample = 1e-4; // nothing grows with the trips
    for (const Finding &finding : interpretation(data))
        CHECK_FALSE(finding.value);
}
