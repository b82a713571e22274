// The files of docs/expectations against the reports of docs/results.

#include "inspect/inspection.hpp"

#include <clprobe/error.hpp>
#include <clprobe/expectations.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <set>

using namespace clprobe;

namespace {

const std::filesystem::path docs = CLPROBE_DOCS;

std::vector<CheckedExpectation> checked(const std::string &report, const std::string &file) {
    return check(read_report_or_inspection(docs / "results" / report),
                 read_expectations(docs / "expectations" / file));
}

/// The keys with this verdict.
std::set<std::string> with(ExpectationVerdict verdict,
                           const std::vector<CheckedExpectation> &results) {
    std::set<std::string> keys;
    for (const CheckedExpectation &result : results)
        if (result.verdict == verdict)
            keys.insert(result.expectation.key);
    return keys;
}

struct Counts {
    long confirmed = 0;
    long refuted = 0;
    long untestable = 0;
    bool operator==(const Counts &) const = default;
};

Counts counts_of(const std::vector<CheckedExpectation> &results) {
    const auto count = [&](ExpectationVerdict verdict) {
        return static_cast<long>(
            std::ranges::count(results, verdict, &CheckedExpectation::verdict));
    };
    return {count(ExpectationVerdict::confirmed), count(ExpectationVerdict::refuted),
            count(ExpectationVerdict::untestable)};
}

} // namespace

TEST_CASE(
    "unit.expectations.the write-up's FMA counts are confirmed, and its register step is not") {
    const auto results = checked("inspect/mali-g52.json", "mali-g52.json");
    const auto confirmed = with(ExpectationVerdict::confirmed, results);
    const auto refuted = with(ExpectationVerdict::refuted, results);
    for (const char *count : {"16", "48", "107", "169", "261"})
        CHECK(confirmed.contains(std::string("inspect.compute/dot_product.") + count +
                                 ".dot_images.loop_fma"));
    for (const char *live : {"27", "32", "56"}) {
        const std::string key =
            std::string("inspect.execution/occupancy.") + live + " live values.reside.threads";
        CHECK(refuted.contains(key));   // all threads, as the write-up has it
        CHECK(confirmed.contains(key)); // half of them, as Mesa's rule has it
    }
    CHECK(counts_of(results) == Counts{10, 7, 16});
}

TEST_CASE("unit.expectations.the published figures of the H200 stand beside its reports") {
    const auto results = checked("h200.json.gz", "nvidia-h200.json");
    CHECK(with(ExpectationVerdict::untestable, results) ==
          std::set<std::string>{"buffer.l1.size", "fma.fp32.rate", "register_file.bytes_per_cu",
                                "registers.full_occupancy_limit"});
    CHECK(counts_of(results) == Counts{20, 0, 4});
}

TEST_CASE("unit.expectations.no run of a device refutes what another confirms") {
    // Those with the most that is too wide to tell.
    for (const char *report : {"h200-standard-01", "h200-standard-07", "h200-standard-10"}) {
        const Counts counts =
            counts_of(checked(std::string("repeated/") + report + ".json.gz", "nvidia-h200.json"));
        CAPTURE(report, counts.confirmed);
        CHECK(counts.refuted == 0);
        CHECK(counts.confirmed >= 19);
    }
    for (const char *report : {"pocl-3.1-standard-01", "pocl-3.1-standard-02"}) {
        const Counts counts =
            counts_of(checked(std::string("repeated/") + report + ".json.gz", "team-gate.json"));
        CAPTURE(report, counts.confirmed);
        CHECK(counts.refuted == 0);
        CHECK(counts.confirmed >= 6);
    }
}

TEST_CASE("unit.expectations.a team's gate says why it cannot tell") {
    CHECK(counts_of(checked("pocl-3.1.json.gz", "team-gate.json")) == Counts{9, 0, 2});
}

TEST_CASE("unit.expectations.are about no other devices") {
    CHECK(checked("h200.json.gz", "mali-g52.json").empty());
    CHECK(checked("inspect/mali-g610.json", "mali-g52.json").empty());
}

TEST_CASE("unit.inspection.its numbers are findings of no width") {
    const Report report = read_report_or_inspection(CLPROBE_INSPECTION_SAMPLE);
    REQUIRE(report.devices.size() == 1);
    REQUIRE(report.devices[0].probes.size() == 2);
    const auto &findings = report.devices[0].probes[0].findings;
    const auto value = [&](const std::string &column) -> std::optional<double> {
        const auto found = std::ranges::find(
            findings, "inspect.compute/fma_rate.fma(x, a, b), 4 chains of float.fma_rate." + column,
            &Finding::key);
        if (found == findings.end())
            return std::nullopt;
        CHECK(found->interval == Interval{*found->value, *found->value});
        return found->value;
    };
    CHECK(value("registers") == 32);
    CHECK(value("arith") == 1.5);
    CHECK(value("fma") == 2);
    CHECK(value("loop_fma") == 2);
    CHECK(value("loop_slots") == 6);
    CHECK(value("loop_fma_share") == 2.0 / 6);
    CHECK(value("binary_bytes") == 4096);
    CHECK_FALSE(value("build_seconds")); // one time has no interval
    CHECK_THROWS_AS(read_report_or_inspection(docs / "expectations/mali-g52.json"), InputError);
}
