#include "io_sample.hpp"

#include <clprobe/exports.hpp>
#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <limits>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A report with these findings of one probe.
Report report_with(std::vector<Finding> findings) {
    Report report;
    report.started = "2026-11-22T07:30:00Z";
    DeviceRecord &device = report.devices.emplace_back();
    device.device.slug = "gpu0-x";
    ProbeRecord &record = device.probes.emplace_back();
    record.probe = "memory/atomics";
    record.status = Status::measured;
    record.findings = std::move(findings);
    return report;
}

Finding latency(const char *key, double seconds) {
    return measured({key, Unit::second, Better::lower, ""}, seconds, {seconds / 2, seconds * 2});
}

/// Times of a loop in three blocks: 1 ms, 1.1 ms and 1.2 ms a trip, and a launch.
Series timed_loop() {
    Series series{"times",
                  {{"footprint", Unit::byte, {}}, {"trips", Unit::one, {}}},
                  {"time", Unit::second, {}},
                  {}};
    series.point({4096, 10}) = {{4096, 10}, {0.015, 0.016, 0.017}, {0, 1, 2}};
    series.point({4096, 20}) = {{4096, 20}, {0.025, 0.027, 0.029}, {0, 1, 2}};
    series.point({8192, 10}) = {{8192, 10}, {0.5}, {0}};
    series.point({8192, 20}) = {{8192, 20}, {0.6}, {0}};
    return series;
}

} // namespace

TEST_CASE("unit.exports.bencher_has_a_measure_a_unit_and_direction") {
    Finding bandwidth =
        measured({"a.bandwidth", Unit::byte_per_second, Better::higher, ""}, 2e12, {1e12, 3e12});
    Finding size = measured({"a.size", Unit::byte, Better::none, ""}, 64, {64, 64});
    size.interval.reset();
    const Json json =
        parse_json(bencher_json(report_with({latency("a.latency", 4e-9), bandwidth, size})));
    CHECK(json["gpu0-x/a.latency"] ==
          Json({{"latency", {{"value", 4.0}, {"lower_value", 2.0}, {"upper_value", 8.0}}}}));
    CHECK(json["gpu0-x/a.bandwidth"]["bytes-per-second-higher"]["value"] == 2e12);
    CHECK(json["gpu0-x/a.size"] == Json({{"bytes", {{"value", 64.0}}}}));
}

TEST_CASE("unit.exports.what_is_not_plainly_measured_is_compared_by_no_tool") {
    Finding suspect = latency("a.latency", 4e-9);
    make_suspect(suspect, "not linear");
    const Report report =
        report_with({suspect, without_value({"b.latency", Unit::second, Better::lower, ""},
                                            Status::inconclusive, "noise")});
    CHECK(parse_json(bencher_json(report)).empty());
    CHECK(parse_json(github_action_json(report).smaller_is_better).empty());
    CHECK(parse_json(google_benchmark_json(report))["benchmarks"].empty());
    CHECK_THAT(openmetrics_text(report), ContainsSubstring(R"(status="suspect"} 4e-09)"));
    CHECK_THAT(lava_signals(report),
               ContainsSubstring("TEST_CASE_ID=a.latency RESULT=unknown UNITS=ns MEASUREMENT=4>"));
    CHECK_THAT(findings_csv(report), ContainsSubstring("a.latency,4e-09,s,2e-09,8e-09,suspect,"));
    CHECK_THAT(junit_xml(report), ContainsSubstring("<skipped message=\"suspect, 4 [2, 8] ns: not "
                                                    "linear\"/>"));
}

TEST_CASE("unit.exports.a_number_that_no_measurement_has_is_left_out") {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    Finding half = latency("half", 1);
    half.interval->high = std::numeric_limits<double>::infinity();
    const Report report = report_with({latency("none", nan), latency("huge", 1e300), half});
    CHECK(parse_json(bencher_json(report)) ==
          Json({{"gpu0-x/half", {{"latency", {{"value", 1e9}}}}}}));
    CHECK(parse_json(google_benchmark_json(report))["benchmarks"].size() == 1);
    for (const std::string &text : {openmetrics_text(report), findings_csv(report),
                                    lava_signals(report), junit_xml(report)}) {
        for (const char *number : {"nan", " inf", "=inf", ",inf", "e+300", "e+299"})
            CHECK(text.find(number) == text.npos);
    }
}

TEST_CASE("unit.exports.github_action_has_a_file_for_each_direction") {
    Report report =
        report_with({latency("a.latency", 4e-9),
                     measured({"a.rate", Unit::op_per_second, Better::higher, ""}, 2e9, {1e9, 3e9}),
                     measured({"a.size", Unit::byte, Better::none, ""}, 64, {64, 64})});
    report.devices[0].device.name = "X";
    report.devices[0].device.platform = "rusticl";
    report.devices[0].device.driver_version = "25.0.7";
    report.devices[0].probes[0].profile = "quick";
    const GithubActionFiles files = github_action_json(report);
    CHECK(parse_json(files.smaller_is_better) ==
          Json::array({{{"name", "gpu0-x/a.latency"},
                        {"unit", "ns"},
                        {"value", 4.0},
                        {"range", "± 3"},
                        {"extra", "X, rusticl 25.0.7, profile quick"}}}));
    CHECK(parse_json(files.bigger_is_better)[0]["value"] == 2.0);
    CHECK(parse_json(files.bigger_is_better).size() == 1);
}

TEST_CASE("unit.exports.google_benchmark_has_an_entry_a_block") {
    Report report = report_with(
        {measured({"a.bandwidth", Unit::byte_per_second, Better::higher, ""}, 2e9, {1e9, 3e9})});
    report.devices[0].probes[0].data.series = {timed_loop()};
    const Json entries = parse_json(google_benchmark_json(report))["benchmarks"];
    REQUIRE(entries.size() == 4);
    CHECK(entries[0]["name"] == "gpu0-x/a.bandwidth");
    CHECK(entries[0]["real_time"] == 5e8); // of a GB
    CHECK(entries[0]["bytes_per_second"] == 2e9);
    for (std::size_t i = 1; i < 4; ++i) {
        CHECK(entries[i]["name"] == "gpu0-x/memory/atomics/times/footprint:4096");
        CHECK(entries[i]["repetitions"] == 3);
        CHECK(entries[i]["repetition_index"] == i - 1);
        CHECK(entries[i]["iterations"] == 20);
        const double expected = 1e6 + 1e5 * static_cast<double>(i - 1);
        CHECK(std::abs(entries[i]["real_time"].get<double>() - expected) < 1);
    }
    CHECK(parse_json(google_benchmark_json(summary_of(report)))["benchmarks"].size() == 1);
}

TEST_CASE("unit.exports.openmetrics_has_a_metric_a_unit") {
    CHECK(openmetrics_text(report_with({latency("a.latency", 4e-9)})) ==
          R"(# TYPE clprobe_finding_seconds gauge
# UNIT clprobe_finding_seconds seconds
# HELP clprobe_finding_seconds What a probe found.
clprobe_finding_seconds{device="gpu0-x",probe="memory/atomics",key="a.latency",better="lower",status="measured"} 4e-09
# TYPE clprobe_finding_low_seconds gauge
# UNIT clprobe_finding_low_seconds seconds
# HELP clprobe_finding_low_seconds Low end of the interval.
clprobe_finding_low_seconds{device="gpu0-x",probe="memory/atomics",key="a.latency",better="lower",status="measured"} 2e-09
# TYPE clprobe_finding_high_seconds gauge
# UNIT clprobe_finding_high_seconds seconds
# HELP clprobe_finding_high_seconds High end of the interval.
clprobe_finding_high_seconds{device="gpu0-x",probe="memory/atomics",key="a.latency",better="lower",status="measured"} 8e-09
# TYPE clprobe_device_info gauge
# HELP clprobe_device_info What was measured.
clprobe_device_info{device="gpu0-x",name="",vendor="",driver=" "} 1
# TYPE clprobe_report_info gauge
# HELP clprobe_report_info How it was measured.
clprobe_report_info{version="",profile="",started="2026-11-22T07:30:00Z"} 1
# TYPE clprobe_report_started_timestamp_seconds gauge
# UNIT clprobe_report_started_timestamp_seconds seconds
# HELP clprobe_report_started_timestamp_seconds When the run started.
clprobe_report_started_timestamp_seconds 1795332600
# EOF
)");
}

TEST_CASE("unit.exports.a_time_that_is_none_is_left_out") {
    for (const char *time : {"", "yesterday", "2026-13-22T07:30:00Z", "2026-11-22T07:-1:00Z",
                             "2026-11-22T07:30:00+01:00"}) {
        Report report = report_with({});
        report.started = time;
        CHECK_THAT(openmetrics_text(report), !ContainsSubstring("timestamp"));
    }
}

TEST_CASE("unit.exports.foreign_text_stays_text") {
    Report report = report_with({latency("a\"b\\c\n{d}", 1)});
    report.devices[0].device.name = "=cmd|'/c calc'!A1";
    report.devices[0].probes[0].findings[0].note = "two, \"three\"\r\n\x1b[2J";
    CHECK_THAT(openmetrics_text(report), ContainsSubstring(R"(key="a\"b\\c {d}")"));
    CHECK_THAT(findings_csv(report), ContainsSubstring("gpu0-x,'=cmd|'/c calc'!A1,"));
    CHECK_THAT(findings_csv(report), ContainsSubstring("lower,\"two, \"\"three\"\"? ?[2J\"\r\n"));
    CHECK_THAT(lava_signals(report), ContainsSubstring("TEST_CASE_ID=a_b_c__d_ RESULT=pass"));
    CHECK_THAT(bencher_json(report), ContainsSubstring("\"gpu0-x/a_b_c__d_\""));
    CHECK_THAT(junit_xml(report), ContainsSubstring("name=\"a&quot;b\\c {d}\""));
}

TEST_CASE("unit.exports.lava_has_a_test_set_a_device") {
    CHECK(lava_signals(sample_report()) ==
          "<LAVA_SIGNAL_TESTSET START gpu0-sample>\n"
          "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=fma.fp32.rate RESULT=pass UNITS=Gflop/s "
          "MEASUREMENT=66410>\n"
          "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=fma.fp64.rate RESULT=unknown UNITS=Gflop/s "
          "MEASUREMENT=66410>\n"
          "<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=warp.width RESULT=fail>\n"
          "<LAVA_SIGNAL_TESTSET STOP>\n"
          "<LAVA_SIGNAL_TESTSET START cpu0-bare>\n"
          "<LAVA_SIGNAL_TESTSET STOP>\n");
}

TEST_CASE("unit.exports.of_a_finding_that_is_there_twice_the_last_counts") {
    const Report report = report_with({latency("a", 1), latency("b", 2), latency("a", 3)});
    const Json json = parse_json(bencher_json(report));
    CHECK(json.size() == 2);
    CHECK(json["gpu0-x/a"]["latency"]["value"] == 3e9);
}

TEST_CASE("unit.exports.a_probe_without_findings_is_not_lost") {
    Report report = report_with({});
    report.devices[0].probes[0].status = Status::failed;
    report.devices[0].probes[0].reason = "the driver crashed";
    CHECK_THAT(junit_xml(report), ContainsSubstring("name=\"memory/atomics\""));
    CHECK_THAT(junit_xml(report),
               ContainsSubstring("<failure message=\"failed: the driver crashed"));
    CHECK_THAT(lava_signals(report), ContainsSubstring("TEST_CASE_ID=memory_atomics RESULT=fail>"));
}

TEST_CASE("unit.exports.reports_stand_side_by_side") {
    Finding suspect = latency("a|b", 1);
    suspect.interval = Interval{0.9, 1.1};
    NamedReport first{"h200", report_with({suspect})};
    first.report.profile = "quick";
    first.report.devices[0].device.name = "<b>X|Y";
    NamedReport second = {"two", first.report};
    make_suspect(second.report.devices[0].probes[0].findings[0], "noise");
    second.report.devices.push_back(second.report.devices[0]);
    second.report.devices[1].device.slug = "gpu1-x";
    second.report.devices[1].probes[0].findings = {
        without_value({"c", Unit::one, Better::none, ""}, Status::inconclusive, "noise"),
        without_value({"d", Unit::one, Better::none, ""}, Status::unsupported, "none"),
        without_value({"e", Unit::one, Better::none, ""}, Status::failed, "crash")};
    const std::string text = side_by_side_markdown(std::vector{first, second});
    CHECK_THAT(text,
               ContainsSubstring("| report | device | driver | measured |\n|---|---|---|---|\n"
                                 "| h200 | \\<b\\>X\\|Y |   | 2026-11-22, quick |\n"
                                 "| two gpu0-x | "));
    CHECK_THAT(text, ContainsSubstring("\n## memory/atomics\n\n"
                                       "| finding | h200 | two gpu0-x | two gpu1-x |\n"
                                       "|---|---|---|---|\n"
                                       "| `a_b` | 1.0 ± 0.1 s | 1.0 ± 0.1 s ! |  |\n"
                                       "| `c` |  |  | ? |\n"
                                       "| `d` |  |  | - |\n"
                                       "| `e` |  |  | x |\n"));
    CHECK_THAT(side_by_side_markdown({}), ContainsSubstring("| report |"));
}
