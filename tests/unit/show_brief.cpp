#include "io/brief.hpp"
#include "kept_reports.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <sstream>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr TextStyle hundred{100, true, false};

std::vector<std::string> brief_lines(const std::string &text) {
    std::vector<std::string> all;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        all.push_back(line);
    return all;
}

std::size_t columns(const std::string &line) {
    return static_cast<std::size_t>(std::ranges::count_if(
        line, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }));
}

Finding op_rate(const std::string &key, double value) {
    return measured({key, Unit::op_per_second, Better::higher, ""}, value,
                    {0.99 * value, 1.01 * value});
}

ProbeRecord record_of(std::vector<Finding> findings) {
    ProbeRecord record;
    record.probe = "family/probe";
    record.status = Status::measured;
    record.findings = std::move(findings);
    return record;
}

/// The probes' part of what a run shows.
std::string probes_text(const DeviceRecord &device, const TextStyle &style) {
    BriefText brief(style, device.probes.size());
    std::string text;
    for (const ProbeRecord &record : device.probes)
        text += brief.add(record);
    return text;
}

/// The report with ten probes more than it has, as rich in findings as those are on average.
Report with_ten_more(Report report) {
    for (DeviceRecord &device : report.devices)
        for (std::size_t i = 0; i < 10; ++i) {
            ProbeRecord record = device.probes[i % device.probes.size()];
            for (Finding &finding : record.findings)
                finding.key = "more" + std::to_string(i) + "." + finding.key;
            device.probes.push_back(record);
        }
    return report;
}

} // namespace

TEST_CASE("unit.brief.a_run_takes_120_lines_at_most") {
    for (const Report &report : kept_reports()) {
        CAPTURE(report.devices.at(0).device.slug);
        const auto lines = brief_lines(run_text(report, hundred));
        CHECK(lines.size() <= 120);
        for (const std::string &line : lines)
            CHECK(columns(line) <= 100);
        CHECK(brief_lines(run_text(with_ten_more(report), hundred)).size() <= 120);
    }
}

TEST_CASE("unit.brief.no_line_is_wider_than_a_narrow_terminal") {
    for (const Report &report : kept_reports())
        for (const std::string &line : brief_lines(run_text(report, {60, true, false})))
            CHECK(columns(line) <= 60);
}

TEST_CASE("unit.brief.a_finding_has_one_line_or_shares_one") {
    for (const Report &report : kept_reports())
        for (const DeviceRecord &device : report.devices) {
            const auto lines = brief_lines(probes_text(device, hundred));
            for (const ProbeRecord &record : device.probes)
                for (const Finding &finding : record.findings)
                    CHECK(std::ranges::count_if(lines, [&](const std::string &line) {
                              return line.substr(3).starts_with(finding.key + " ");
                          }) <= 1);
        }
}

TEST_CASE("unit.brief.a_line_has_name_and_value_and_no_method") {
    Finding finding = op_rate("work.rate", 1e9);
    finding.method = "by measuring";
    BriefText brief(hundred, 1);
    CHECK(brief.add(record_of({finding})) ==
          "   work.rate                     1.00 \u00b1 0.01 Gop/s\n");
}

TEST_CASE("unit.brief.families_share_a_line_where_there_are_many") {
    std::vector<Finding> findings;
    for (const char *type : {"int", "float", "half"})
        findings.push_back(op_rate(std::string("work.") + type + ".rate", 2e9));
    BriefText alone(hundred, 1);
    CHECK(brief_lines(alone.add(record_of(findings))).size() == 3);
    BriefText among(hundred, 60);
    CHECK(among.add(record_of(findings)) ==
          "   work.*.rate                   int 2, float 2, half 2 Gop/s\n");
    BriefText unfolded(hundred, 60, false);
    CHECK(brief_lines(unfolded.add(record_of(findings))).size() == 3);
}

TEST_CASE("unit.brief.a_reason_is_told_once") {
    std::vector<Finding> findings;
    for (const char *key : {"work.half.rate", "work.half.latency"})
        findings.push_back(without_value({key, Unit::one, Better::none, ""}, Status::unsupported,
                                         "the device has no half precision"));
    findings.push_back(op_rate("work.int.rate", 1e9));
    BriefText brief(hundred, 2);
    CHECK_THAT(brief.add(record_of(findings)),
               ContainsSubstring("-  work.half.* (2)               unsupported: the device has no "
                                 "half precision\n"));
    CHECK_THAT(brief.add(record_of(findings)), ContainsSubstring("unsupported, as above\n"));
}

TEST_CASE("unit.brief.a_suspect_value_has_its_mark_and_a_few_words") {
    Finding finding = op_rate("work.rate", 1e9);
    make_suspect(finding,
                 "the machine was busy with other work (0.49 processors of it), and that for "
                 "as long as the probe ran");
    Finding other = op_rate("work.other.rate", 1e9);
    make_suspect(other, finding.note);
    BriefText brief(hundred, 1);
    const auto lines = brief_lines(brief.add(record_of({finding, other})));
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].starts_with("!  work.rate "));
    CHECK_THAT(lines[0], ContainsSubstring("suspect: the machine was busy"));
    CHECK(lines[0].ends_with(" ..."));
    CHECK(lines[1] == "!  work.other.rate               1.00 \u00b1 0.01 Gop/s");
}

TEST_CASE("unit.brief.a_probe_that_failed_is_named_with_what_it_says") {
    const std::string log =
        "building family/probe: kernel.cl:12:5: error: no such thing as this type";
    ProbeRecord record =
        record_of({without_value({"work.rate", Unit::one, Better::none, ""}, Status::failed, log),
                   op_rate("work.other.rate", 1)});
    record.status = Status::failed;
    record.reason = log;
    BriefText brief({200, true, false}, 1);
    CHECK_THAT(brief.add(record),
               ContainsSubstring("x  family/probe                  failed: " + log + "\n"));
    record.findings.clear();
    BriefText another({200, true, false}, 1);
    CHECK_THAT(another.add(record), ContainsSubstring("family/probe") && ContainsSubstring(log));
}

TEST_CASE("unit.brief.what_a_later_probe_changes_is_told_without_the_value") {
    ProbeRecord record = record_of({op_rate("work.rate", 1e9), op_rate("work.other.rate", 2e9)});
    BriefText brief(hundred, 2);
    static_cast<void>(brief.add(record));
    record.findings[1].value = 2.001e9;
    CHECK(brief.changed(record).empty());
    make_suspect(record.findings[0], "more than memory reaches");
    CHECK(brief.changed(record) ==
          "!  work.rate                     suspect: more than memory reaches\n");
    CHECK(brief.changed(record).empty());
}

TEST_CASE("unit.brief.a_hostile_report_stays_short_and_commands_no_terminal") {
    DeviceRecord device;
    device.device.name = "\x1b[2J\r" + std::string(5000, 'n');
    for (int p = 0; p < 20; ++p) {
        ProbeRecord &record = device.probes.emplace_back();
        record.probe = "\x1b]0;title\a" + std::to_string(p);
        record.status = Status::suspect;
        for (int f = 0; f < 600; ++f) {
            const std::string key = "k" + std::to_string(f % 7) + "." + std::string(300, 'x') +
                                    "." + std::to_string(f) + "\x1b[31m.\n" + std::to_string(p);
            Finding finding =
                f % 3 == 0 ? without_value({key, Unit::one, Better::none, ""}, Status::inconclusive,
                                           "\x1b[1m" + std::to_string(f) + "abcdefghij"[f % 10])
                           : op_rate(key, 1e300);
            if (f % 3 == 1)
                make_suspect(finding, "\x9b" + std::string(1000, static_cast<char>('a' + f % 26)));
            record.findings.push_back(finding);
        }
    }
    Report report;
    report.devices = {device};
    const TextStyle style = GENERATE(TextStyle{60, false, false}, TextStyle{100, true, false});
    const std::string text = run_text(report, style);
    for (const std::string &line : brief_lines(text))
        CHECK(std::ranges::none_of(line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
    if (style.width == 100)
        CHECK(brief_lines(text).size() <= 120);
}
