#include "io/datasheet_text.hpp"
#include "io/report_markdown.hpp"
#include "kept_reports.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <regex>
#include <sstream>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;

namespace {

std::vector<std::string> sheet_lines(const std::string &text) {
    std::vector<std::string> all;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        all.push_back(line);
    return all;
}

std::string h200_sheet(std::size_t width) {
    const Report report = kept_report("h200.json.gz");
    return datasheet_text(report, report.devices.at(0), {width, true, false});
}

/// The line that begins so, without its beginning.
std::string line_of(const std::string &text, const std::string &label) {
    for (const std::string &line : sheet_lines(text))
        if (line.starts_with(label + " "))
            return line.substr(line.find_first_not_of(' ', label.size()));
    return {};
}

} // namespace

TEST_CASE("unit.datasheet_text.it_takes_40_lines_at_most") {
    for (const Report &report : kept_reports())
        for (const DeviceRecord &device : report.devices) {
            CAPTURE(device.device.slug);
            CHECK(sheet_lines(datasheet_text(report, device, {100, true, false})).size() <= 40);
        }
}

TEST_CASE("unit.datasheet_text.the_h200_from_the_inside_out") {
    const std::string text = h200_sheet(100);
    CHECK_THAT(line_of(text, "compute units"), ContainsSubstring("132"));
    CHECK_THAT(line_of(text, "registers"), ContainsSubstring("size a unit 256"));
    CHECK_THAT(line_of(text, "L1"), ContainsSubstring("224 [215, 280] KiB") &&
                                        ContainsSubstring("21.16 \u00b1 0.09 ns") &&
                                        ContainsSubstring("32.97 \u00b1 0.08 TB/s"));
    CHECK_THAT(line_of(text, "L2"), ContainsSubstring("31 [28, 34] MiB"));
    CHECK_THAT(line_of(text, "L3"), ContainsSubstring("61 [58, 64] MiB"));
    CHECK_THAT(line_of(text, "fma"), ContainsSubstring("fp32 66.1 [65.8, 66.2] Tflop/s"));
    CHECK_THAT(line_of(text, "dot product"), ContainsSubstring("49 % of fma fp32"));
    CHECK_THAT(line_of(text, "limits"), ContainsSubstring("14 fp32 flop/B (memory)"));
    CHECK_THAT(text, ContainsSubstring("fma.fp16.* (2): unsupported, the device has no half"));
}

TEST_CASE("unit.datasheet_text.parts_are_in_order") {
    const std::string text = h200_sheet(100);
    std::size_t last = 0;
    for (const char *part : {"\ncompute units", "\nregisters", "\nlocal memory", "\nL1", "\nL2",
                             "\nmemory", "\ntransfers", "\nRates", "\nTo know", "\nNot measured"}) {
        CAPTURE(part);
        const std::size_t at = text.find(part, last);
        REQUIRE(at != std::string::npos);
        last = at;
    }
}

TEST_CASE("unit.datasheet_text.a_value_is_shown_once") {
    const std::vector<std::pair<const char *, Unit>> keys = {
        {"fma.fp32.rate", Unit::flop_per_second},
        {"fma.fp32.latency", Unit::second},
        {"work.rate", Unit::flop_per_second},
        {"buffer.l1.read_bandwidth", Unit::byte_per_second},
        {"buffer.l1.latency", Unit::second},
        {"buffer.memory.read_bandwidth", Unit::byte_per_second},
        {"buffer.memory.copy_bandwidth", Unit::byte_per_second},
        {"image.l1.latency", Unit::second},
        {"local.latency", Unit::second},
        {"atomic.local.int.add.spread.rate", Unit::op_per_second},
        {"atomic.local.int.add.contended.rate", Unit::op_per_second},
        {"transfer.read.pinned", Unit::byte_per_second},
        {"transfer.read.pageable", Unit::byte_per_second},
    };
    Report report;
    DeviceRecord &device = report.devices.emplace_back();
    ProbeRecord &record = device.probes.emplace_back();
    double value = 111;
    for (const auto &[key, unit] : keys) {
        record.findings.push_back(
            measured({key, unit, unit == Unit::second ? Better::lower : Better::higher, ""}, value,
                     {value, value}));
        value += 7;
    }
    const std::string text = datasheet_text(report, device, {100, true, false});
    for (const Finding &finding : record.findings) {
        const std::string shown = std::to_string(static_cast<int>(*finding.value));
        CAPTURE(finding.key, shown, text);
        const std::size_t at = text.find(shown);
        if (at != std::string::npos)
            CHECK(text.find(shown, at + 1) == std::string::npos);
    }
    CHECK_THAT(text, ContainsSubstring("111 flop/s") && ContainsSubstring("146 B/s"));
}

TEST_CASE("unit.datasheet_text.launches_have_one_line") {
    Report report;
    DeviceRecord &device = report.devices.emplace_back();
    ProbeRecord &record = device.probes.emplace_back();
    double seconds = 1e-6;
    for (const char *key :
         {"dispatch.p50", "dispatch.p90", "dispatch.p99", "round_trip.p50", "round_trip.p90",
          "round_trip.p99", "device.p50", "device.p90", "device.p99", "back_to_back", "enqueue",
          "set_argument", "event", "finish", "first"}) {
        seconds += 1e-6;
        record.findings.push_back(
            measured({std::string("launch.") + key, Unit::second, Better::lower, ""}, seconds,
                     {0.97 * seconds, 1.03 * seconds}));
    }
    const std::string text = datasheet_text(report, device, {100, true, false});
    CHECK(line_of(text, "launches") ==
          "round trip p50 5.0 \u00b1 0.2 us, device p50 8.0 \u00b1 0.3 us, "
          "back to back 11.0 \u00b1 0.4 us");
}

TEST_CASE("unit.datasheet_text.suspect_values_are_marked") {
    Report report;
    DeviceRecord &device = report.devices.emplace_back();
    Finding finding = measured({"compute_units", Unit::one, Better::higher, ""}, 132, {132, 132});
    make_suspect(finding, "the machine was busy");
    device.probes.emplace_back().findings = {finding};
    const std::string text = datasheet_text(report, device, {100, true, false});
    CHECK_THAT(text, ContainsSubstring("132!") &&
                         ContainsSubstring("!  compute_units: suspect, the machine was busy"));
}

TEST_CASE("unit.datasheet_text.ends_with_the_claims_that_do_not_hold") {
    const Report report = kept_report("h200.json.gz");
    const DeviceRecord &device = report.devices.at(0);
    Expectations claims{"The vendor's", "H200", {}};
    const auto claim = [&](const std::string &key, const std::string &words, double at_least) {
        claims.expectations.push_back({key, words, "the vendor", Unit::one, {}, 0, at_least, {}});
    };
    claim("compute_units", "a hundred units", 100);
    const auto lines = [&] {
        return sheet_lines(
            datasheet_text(report, device, {100, true, false}, check(report, claims)));
    };
    CHECK(lines().back() == "1 expectation: 1 confirmed");
    claim("not.there", "what nobody measured", 1);
    claim("compute_units", "a <b>thousand</b> units", 1000);
    const auto two = lines();
    CHECK(two.size() <= 40);
    CHECK(two.at(two.size() - 2) == "3 expectations: 1 confirmed, 1 refuted, 1 untestable");
    CHECK(two.back() == "x  a <b>thousand</b> units: asked at least 1000, found 132");
    const std::string markdown = datasheet_markdown(report, device, check(report, claims));
    CHECK_THAT(markdown, ContainsSubstring("### 3 expectations: 1 confirmed, 1 refuted, ") &&
                             ContainsSubstring("a \\<b\\>thousand"));
    claim("compute_units", "a thousand units, " + std::string(500, 'a'), 1000);
    claim("compute_u*", "a thousand of all", 1000);
    for (int i = 0; i < 50; ++i)
        claim("compute_units", "of many", 1000);
    const auto many = lines();
    CHECK(many.size() <= 40);
    CHECK_THAT(many.back(), ContainsSubstring(" more"));
    const auto has = [&](const char *line) { return std::ranges::count(many, line) == 1; };
    CHECK(has("x  a thousand units, ...: asked at least 1000, found 132"));
    CHECK(has("x  compute_units: asked at least 1000, found 132"));
    // Of another device's claims nothing is said.
    std::vector<CheckedExpectation> others = check(report, claims);
    for (CheckedExpectation &other : others)
        other.device = "gpu1-nvidia-h200";
    CHECK(datasheet_text(report, device, {100, true, false}, others) == h200_sheet(100));
}

TEST_CASE("unit.datasheet_text.a_report_without_findings_has_its_heading") {
    Report report;
    report.profile = "quick";
    report.devices.emplace_back().device.name = "Nothing";
    const std::string text = datasheet_text(report, report.devices[0], {100, true, false});
    CHECK_THAT(text, ContainsSubstring("Nothing") && ContainsSubstring("0 findings"));
    CHECK(sheet_lines(text).size() == 2);
    CHECK_THAT(datasheet_markdown(report, report.devices[0]), ContainsSubstring("## Nothing\n"));
}

TEST_CASE("unit.datasheet_text.markdown_has_a_table_a_section") {
    const Report report = kept_report("h200.json.gz");
    const std::string text = datasheet_markdown(report, report.devices.at(0));
    CHECK_THAT(text, ContainsSubstring("## NVIDIA H200\n\nNVIDIA CUDA, driver 580.159.04.\n"));
    CHECK_THAT(text, ContainsSubstring(
                         "|  | size | latency | read bandwidth |\n|---|---|---|---|\n| L1 |"));
    CHECK_THAT(text, ContainsSubstring("### To know\n"));
    // A table has as many cells in each of its rows.
    std::ptrdiff_t cells = 0;
    for (const std::string &line : sheet_lines(text)) {
        const std::string plain = std::regex_replace(line, std::regex(R"(\\.)"), "");
        const auto bars = std::ranges::count(plain, '|');
        if (cells != 0 && bars != 0)
            CHECK(bars == cells);
        cells = bars;
    }
}

TEST_CASE("unit.datasheet_text.markdown_shows_foreign_names_as_they_are") {
    const std::string hostile = "<script>|`*_[x](y)\n# \x1b[31m";
    Report report;
    DeviceRecord &device = report.devices.emplace_back();
    device.device.name = device.device.platform = device.device.driver_version = hostile;
    ProbeRecord &record = device.probes.emplace_back();
    record.probe = record.reason = hostile;
    record.findings = {measured({hostile, Unit::one, Better::none, ""}, 1, {1, 1}),
                       without_value({"b", Unit::one, Better::none, ""}, Status::failed, hostile)};
    record.findings[0].method = hostile;
    for (const std::string &text : {datasheet_markdown(report, device),
                                    device_markdown(device.device), probe_markdown(record)}) {
        const std::string plain = std::regex_replace(text, std::regex(R"(\\.)"), "");
        CHECK_THAT(plain, !ContainsSubstring("<") && !ContainsSubstring("`") &&
                              !ContainsSubstring("\x1b") && !ContainsSubstring("["));
        for (const std::string &line : sheet_lines(plain))
            CHECK((line.empty() || line[0] != '#' || line.starts_with("## ") ||
                   line.starts_with("### ")));
    }
    CHECK_THAT(probe_markdown(record), ContainsSubstring("| finding | measured | how |"));
}
