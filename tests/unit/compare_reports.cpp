#include "analysis/compared_findings.hpp"

#include <clprobe/compare.hpp>
#include <clprobe/error.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

using namespace clprobe;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

/// A rate with that relative half-width.
Finding rate_of(const std::string &key, double value, double half_width = 0.01) {
    Finding finding = measured({key, Unit::op_per_second, Better::higher, ""}, value,
                               {value * (1 - half_width), value * (1 + half_width)});
    finding.evidence = {"samples"};
    return finding;
}

/// A record that holds twenty blocks of samples.
ProbeRecord record_with(const std::string &probe, std::vector<Finding> findings) {
    ProbeRecord record;
    record.probe = probe;
    record.status = Status::measured;
    record.profile = "standard";
    record.clock.source = "events";
    record.builds = {{probe, "aa", "", 0.1, ""}};
    record.findings = std::move(findings);
    Point &point = record.data.add("samples", {}, {"time", Unit::second, {}}).points.emplace_back();
    for (int block = 0; block < 20; ++block) {
        point.samples.push_back(1);
        point.block.push_back(block);
    }
    return record;
}

Report report_with(std::vector<ProbeRecord> records) {
    Report report;
    report.tool_version = "1";
    report.profile = "standard";
    report.complete = true;
    DeviceRecord &device = report.devices.emplace_back();
    device.device.slug = "gpu0-a";
    device.device.name = "A";
    device.device.driver_version = "1";
    device.probes = std::move(records);
    return report;
}

Report report_of_rate(double value, double half_width = 0.01) {
    return report_with({record_with("compute/rate", {rate_of("a.rate", value, half_width)})});
}

DeviceComparison compared_with(const Report &base, const Report &now,
                               const CompareOptions &options = {}) {
    return compare(std::vector{base}, now, options).devices.at(0);
}

Verdict verdict_on(double base, double now, double half_width = 0.01) {
    return compared_with(report_of_rate(base, half_width), report_of_rate(now, half_width))
        .findings.at(0)
        .verdict;
}

ProbeRecord levels_record(std::vector<std::pair<double, double>> size_and_latency) {
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < size_and_latency.size(); ++i) {
        const auto &[size, latency] = size_and_latency[i];
        const std::string level = "buffer.l" + std::to_string(i + 1);
        findings.push_back(measured({level + ".size", Unit::byte, Better::none, ""}, size,
                                    {0.95 * size, 1.05 * size}));
        findings.push_back(measured({level + ".latency", Unit::second, Better::lower, ""}, latency,
                                    {0.99 * latency, 1.01 * latency}));
    }
    return record_with("memory/buffer_latency", std::move(findings));
}

bool has_change(const DeviceComparison &device, StatusChange::Kind kind, const std::string &probe,
                const std::string &key) {
    return std::ranges::any_of(device.changes, [&](const StatusChange &change) {
        return change.kind == kind && change.probe == probe && change.key == key;
    });
}

} // namespace

TEST_CASE("unit.compare.verdicts_follow_from_the_intervals") {
    CHECK(verdict_on(100, 90) == Verdict::worse);
    CHECK(verdict_on(100, 110) == Verdict::better);
    CHECK(verdict_on(100, 101) == Verdict::same);
    CHECK(verdict_on(100, 95.5) == Verdict::undecided); // near the minimum effect
    CHECK(verdict_on(100, 90, 0.3) == Verdict::undecided);
    CHECK(verdict_on(100, 100, 0.3) == Verdict::undecided);
    CHECK(verdict_on(100, 40, 0.1) == Verdict::worse);
}

TEST_CASE("unit.compare.of_findings_with_one_key_the_last_counts") {
    const Report twice = report_with({record_with("compute/rate", {rate_of("a.rate", 50)}),
                                      record_with("compute/rate", {rate_of("a.rate", 100)})});
    CHECK(compared_with(report_of_rate(100), twice).findings.at(0).value == 100);
    CHECK(compared_with(twice, report_of_rate(100)).findings.at(0).verdict == Verdict::same);
}

TEST_CASE("unit.compare.a_finding_tells_ratio_interval_and_what_would_decide") {
    const DeviceComparison device = compared_with(report_of_rate(100), report_of_rate(50));
    const FindingComparison &finding = device.findings.at(0);
    CHECK(finding.probe == "compute/rate");
    CHECK(finding.base == Approx(100));
    CHECK(finding.value == Approx(50));
    CHECK(finding.ratio == Approx(0.5));
    CHECK((finding.interval.low < 0.5 && finding.interval.high > 0.5));
    CHECK(finding.interval.high < 0.52);
    CHECK(finding.p_worse < 1e-6);
    CHECK(finding.note.empty());
    const auto what_decides = [](double now, double half_width, const CompareOptions &options) {
        return compared_with(report_of_rate(100, half_width), report_of_rate(now, half_width),
                             options)
            .findings.at(0)
            .note;
    };
    CHECK(what_decides(100, 0.06, {}) == "a longer profile"); // with three bases 3 % counts
    CHECK(what_decides(100, 0.06, {0.06, {}}) == "more bases");
    CHECK(what_decides(95.5, 0.02, {}) == "more bases");
}

TEST_CASE("unit.compare.the_minimum_effect_can_be_set_for_all_and_by_key") {
    const Report base = report_of_rate(100);
    const Report now = report_of_rate(90);
    CHECK(compared_with(base, now, {0.2, {}}).findings[0].verdict != Verdict::worse);
    CHECK(compared_with(base, now, {0.2, {{"a.rate", 0.05}}}).findings[0].verdict ==
          Verdict::worse);
    CHECK(compared_with(base, now).findings[0].min_effect == Approx(0.05));
    CHECK(compare(std::vector{base, base, base}, now).devices[0].findings[0].min_effect ==
          Approx(0.03));
}

TEST_CASE("unit.compare.suspect_findings_are_left_out_and_counted") {
    Report now = report_of_rate(50);
    make_suspect(now.devices[0].probes[0].findings[0], "the machine was busy");
    const DeviceComparison device = compared_with(report_of_rate(100), now);
    CHECK(device.findings.empty());
    CHECK(device.suspect == 1);
    CHECK(device.suspect_reason == "the machine was busy");
    CHECK(has_change(device, StatusChange::Kind::lost, "compute/rate", "a.rate"));
}

TEST_CASE("unit.compare.failing_lost_and_gained_are_told_apart") {
    Report base = report_with({record_with("a/b", {rate_of("x.rate", 1), rate_of("y.rate", 1)}),
                               record_with("a/c", {rate_of("z.rate", 1)}),
                               record_with("a/gone", {rate_of("gone.rate", 1)})});
    Report now = report_with({record_with("a/b", {rate_of("y.rate", 1), rate_of("w.rate", 1)}),
                              record_with("a/c", {rate_of("z.rate", 1)})});
    ProbeRecord &failed = now.devices[0].probes[1];
    failed.status = Status::failed;
    failed.reason = "crashed";
    failed.findings[0] =
        without_value({"z.rate", Unit::one, Better::higher, ""}, Status::failed, "");
    const Comparison comparison = compare(std::vector{base}, now);
    const DeviceComparison &device = comparison.devices[0];
    CHECK(has_change(device, StatusChange::Kind::fails, "a/c", ""));
    CHECK(has_change(device, StatusChange::Kind::lost, "a/b", "x.rate"));
    CHECK(has_change(device, StatusChange::Kind::gained, "a/b", "w.rate"));
    CHECK(has_change(device, StatusChange::Kind::lost, "a/gone", ""));
    CHECK(device.changes.size() == 4);
    CHECK(comparison.fails());
    // What failed before is no news.
    CHECK(!compare(std::vector{base, now}, now).fails());
    // A finding lost is a matter of --strict.
    now.devices[0].probes[1] = base.devices[0].probes[1];
    const Comparison lost = compare(std::vector{base}, now);
    CHECK(!lost.fails());
    CHECK(lost.fails(true));
}

TEST_CASE("unit.compare.levels_with_the_same_number_may_be_others") {
    const Report all = report_with({levels_record({{32e3, 1e-9}, {1e6, 4e-9}, {16e6, 15e-9}})});
    const Report without_second = report_with({levels_record({{32e3, 1e-9}, {16e6, 15e-9}})});
    const DeviceComparison device = compared_with(all, without_second);
    CHECK(device.findings.size() == 1);
    CHECK(device.findings[0].key == "buffer.l1.latency");
    CHECK(
        has_change(device, StatusChange::Kind::lost, "memory/buffer_latency", "buffer.l2.latency"));
    CHECK(compared_with(all, all).findings.size() == 3);
}

TEST_CASE("unit.compare.names_what_else_changed") {
    const Report base = report_of_rate(100);
    Report now = base;
    now.devices[0].device.driver_version = "2";
    now.tool_version = "2";
    now.host.environment["POCL_AFFINITY"] = "0";
    now.devices[0].probes[0].profile = "quick";
    now.devices[0].probes[0].clock.source = "host";
    now.devices[0].probes[0].builds[0].sha256 = "bb";
    const DeviceComparison device = compare(std::vector{base, base}, now).devices[0];
    CHECK(device.differences ==
          std::vector<std::string>{"driver: 1 before, 2 now", "clprobe: 1 before, 2 now",
                                   "POCL_AFFINITY: none before, 0 now",
                                   "another kernel text (all probes)",
                                   "clock: events before, host now (all probes)",
                                   "profile: standard before, quick now (all probes)"});
    CHECK(compare(std::vector{now, base}, now).devices[0].differences.front() ==
          "driver: 1 before, 2 now (in 1 of 2 bases)");
    CHECK(compared_with(base, base).differences.empty());
}

TEST_CASE("unit.compare.names_another_device_of_the_same_name") {
    const Report unknown = report_of_rate(100);
    Report one = unknown;
    one.devices[0].device.uuid = "8ebb71a3";
    Report other = unknown;
    other.devices[0].device.uuid = "00c0ffee";
    CHECK(compare(std::vector{one, other, unknown}, other).devices[0].differences ==
          std::vector<std::string>{"another device of the same name: UUID 8ebb71a3 before, "
                                   "00c0ffee now (in 1 of 3 bases)"});
    CHECK(compared_with(one, unknown).differences.empty());
    CHECK(compared_with(unknown, one).differences.empty());
}

TEST_CASE("unit.compare.devices_are_matched_by_slug_and_name") {
    Report two = report_of_rate(100);
    two.devices.push_back(two.devices[0]);
    two.devices[1].device.slug = "cpu0-b";
    two.devices[1].device.name = "B";
    const Comparison comparison = compare(std::vector{report_of_rate(100)}, two);
    CHECK(comparison.devices.size() == 1);
    CHECK(comparison.unmatched == std::vector<std::string>{"no base has B (cpu0-b)"});
    Report other = report_of_rate(100);
    other.devices[0].device.name = "C";
    CHECK_THROWS_MATCHES(compare(std::vector{report_of_rate(100)}, other), InputError,
                         MessageMatches(ContainsSubstring("A (gpu0-a)") &&
                                        ContainsSubstring("C (gpu0-a)") &&
                                        ContainsSubstring("clprobe html")));
    CHECK_THROWS_AS(compare({}, other), InputError);
}

TEST_CASE("unit.compare.quick_runs_of_a_cpu_give_hints_until_there_are_five_bases") {
    const auto on_cpu = [](double value) {
        Report report = report_of_rate(value);
        report.profile = "quick";
        report.devices[0].device.type = DeviceType::cpu;
        return report;
    };
    const Report base = on_cpu(100);
    const Comparison few = compare(std::vector(4, base), on_cpu(50));
    CHECK(few.devices[0].findings[0].verdict == Verdict::worse);
    CHECK_THAT(few.devices[0].advisory, ContainsSubstring("5 bases"));
    CHECK(!few.fails());
    CHECK(few.fails(true));
    const Comparison enough = compare(std::vector(5, base), on_cpu(50));
    CHECK(enough.devices[0].advisory.empty());
    CHECK(enough.fails());
}

TEST_CASE("unit.compare.a_summary_is_compared_with_caution") {
    const Report base = report_of_rate(100, 0.04);
    const Report now = report_of_rate(88, 0.04);
    CHECK(compared_with(base, now).findings[0].p_worse <
          compared_with(summary_of(base), summary_of(now)).findings[0].p_worse);
}

TEST_CASE("unit.compare.a_second_run_confirms_or_not") {
    const std::vector bases{report_of_rate(100)};
    const Comparison first = compare(bases, report_of_rate(80));
    CHECK(probes_to_confirm(first.devices[0]) == std::vector<std::string>{"compute/rate"});
    const Comparison again = confirm(first, bases, report_of_rate(81));
    CHECK(again.fails());
    CHECK_THAT(again.devices[0].findings[0].note, ContainsSubstring("again in a second run"));
    const Comparison gone = confirm(first, bases, report_of_rate(100));
    CHECK(!gone.fails());
    CHECK(gone.devices[0].findings[0].verdict == Verdict::same);
    CHECK_THAT(gone.devices[0].findings[0].note, ContainsSubstring("not again"));
}

TEST_CASE("unit.compare.a_second_run_decides_a_common_shift") {
    const auto all_at = [](double value) {
        std::vector<ProbeRecord> records;
        for (const char *probe : {"a/a", "a/b", "a/c", "a/d", "a/e"})
            records.push_back(record_with(probe, {rate_of(std::string(probe) + ".rate", value)}));
        return report_with(std::move(records));
    };
    const std::vector bases{all_at(100)};
    const Comparison first = compare(bases, all_at(80));
    REQUIRE(first.devices[0].shift);
    CHECK(first.devices[0].shift->change == Approx(0.25));
    CHECK(first.count(Verdict::worse) == 0);
    CHECK(!first.fails());
    CHECK(first.fails(true));
    CHECK(probes_to_confirm(first.devices[0]).size() == 5);
    CHECK(confirm(first, bases, all_at(80)).fails());
    const Comparison passed = confirm(first, bases, all_at(100));
    CHECK(!passed.devices[0].shift);
    CHECK(!passed.fails());
}

TEST_CASE("unit.compare.pairs_need_as_many_bases_and_two_at_least") {
    const std::vector one{report_of_rate(100)};
    const std::vector two(2, report_of_rate(100));
    CHECK_THROWS_AS(compare_pairs(one, one), InputError);
    CHECK_THROWS_AS(compare_pairs(two, one), InputError);
    std::vector<Report> slower{report_of_rate(49), report_of_rate(51), report_of_rate(50)};
    std::vector<Report> base{report_of_rate(99), report_of_rate(101), report_of_rate(99.5)};
    const DeviceComparison device = compare_pairs(base, slower).devices[0];
    CHECK(device.paired);
    CHECK(device.findings.at(0).verdict == Verdict::worse);
    CHECK(device.findings[0].ratio == Approx(0.5).epsilon(0.02));
    CHECK(compare_pairs(base, base).devices[0].findings[0].verdict == Verdict::same);
}

TEST_CASE("unit.compare.foreign_reports_do_no_harm") {
    Report strange = report_of_rate(100);
    Finding &finding = strange.devices[0].probes[0].findings[0];
    finding.interval.reset();
    CHECK(compared_with(report_of_rate(100), strange).findings[0].verdict == Verdict::undecided);
    finding.value = -1;
    CHECK(compared_with(report_of_rate(100), strange).findings.empty());
    finding.value = 100;
    finding.interval = {150, 200}; // not around the value
    CHECK(compared_with(report_of_rate(100), strange).findings.size() == 1);
    finding.unit = Unit::second;
    CHECK(compared_with(report_of_rate(100), strange).findings.empty());
    strange.devices[0].probes.clear();
    CHECK(compared_with(report_of_rate(100), strange).changes.size() == 1);
}
