// The exports that are lines of text.
#include "io/exports.hpp"
#include "io/markup.hpp"
#include "io/terminal.hpp"
#include "model/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <span>
#include <utility>

namespace clprobe {
namespace {

/// In one line of UTF-8.
std::string line_of(std::string_view text) {
    return printable(text, {.utf8 = true});
}

// OpenMetrics.

/// A unit's name there, which ends the name of a metric.
std::string_view metric_unit(Unit unit) {
    static constexpr Names<Unit, 10> names = {{{Unit::second, "seconds"},
                                               {Unit::cycle, "cycles"},
                                               {Unit::byte, "bytes"},
                                               {Unit::byte_per_second, "bytes_per_second"},
                                               {Unit::flop_per_second, "flops_per_second"},
                                               {Unit::op_per_second, "operations_per_second"},
                                               {Unit::texel_per_second, "texels_per_second"},
                                               {Unit::flop_per_byte, "flops_per_byte"},
                                               {Unit::hertz, "hertz"},
                                               {Unit::joule, "joules"}}};
    return word_of(names, unit);
}

using Labels = std::vector<std::pair<std::string_view, std::string>>;

std::string sample_line(std::string_view metric, const Labels &labels, double value) {
    std::string text;
    for (const auto &[label, content] : labels) {
        std::string escaped = line_of(content);
        replace_all(escaped, "\\", "\\\\");
        replace_all(escaped, "\"", "\\\"");
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", label, escaped);
    }
    return fmt::format("{}{{{}}} {}\n", metric, text, value);
}

/// A metric with its samples; nothing where there are none.
std::string metric_text(const std::string &metric, std::string_view unit, std::string_view help,
                        const std::string &samples) {
    if (samples.empty())
        return {};
    return fmt::format("# TYPE {0} gauge\n{1}# HELP {0} {2}\n{3}", metric,
                       unit.empty() ? "" : fmt::format("# UNIT {} {}\n", metric, unit), help,
                       samples);
}

Labels finding_labels(const ExportedFinding &row) {
    return {{"device", row.device->device.slug},
            {"probe", row.probe->probe},
            {"key", row.finding.key},
            {"better", std::string(name(row.finding.better))},
            {"status", std::string(name(row.finding.status))}};
}

/// The metrics of one unit: values and the ends of their intervals.
std::string metrics_of(Unit unit, std::span<const ExportedFinding> rows) {
    const std::string_view suffix = metric_unit(unit);
    const auto metric = [&](const char *what) {
        return fmt::format("clprobe_finding{}{}{}", what, suffix.empty() ? "" : "_", suffix);
    };
    std::string values;
    std::string lows;
    std::string highs;
    for (const ExportedFinding &row : rows) {
        const Finding &finding = row.finding;
        if (finding.unit != unit || !finding.value)
            continue;
        const Labels labels = finding_labels(row);
        values += sample_line(metric(""), labels, *finding.value);
        if (finding.interval) {
            lows += sample_line(metric("_low"), labels, finding.interval->low);
            highs += sample_line(metric("_high"), labels, finding.interval->high);
        }
    }
    return metric_text(metric(""), suffix, "What a probe found.", values) +
           metric_text(metric("_low"), suffix, "Low end of the interval.", lows) +
           metric_text(metric("_high"), suffix, "High end of the interval.", highs);
}

/// Seconds since 1970 of "2026-11-22T07:30:00Z"; nothing where the text is no such time.
std::optional<std::int64_t> seconds_of(std::string_view time) {
    using namespace std::chrono;
    if (time.size() != 20 || time[4] != '-' || time[7] != '-' || time[10] != 'T' ||
        time[13] != ':' || time[16] != ':' || time[19] != 'Z')
        return std::nullopt;
    std::array<int, 6> parts{};
    constexpr std::array<std::size_t, 6> starts = {0, 5, 8, 11, 14, 17};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto part = number_in<unsigned>(time.substr(starts[i], i == 0 ? 4 : 2));
        if (!part)
            return std::nullopt;
        parts[i] = static_cast<int>(*part);
    }
    const year_month_day date{year(parts[0]), month(static_cast<unsigned>(parts[1])),
                              day(static_cast<unsigned>(parts[2]))};
    if (!date.ok())
        return std::nullopt;
    return duration_cast<seconds>(sys_days(date).time_since_epoch() + hours(parts[3]) +
                                  minutes(parts[4]) + seconds(parts[5]))
        .count();
}

// CSV.

/// A cell that is text. A spreadsheet runs what begins with one of these characters (CWE-1236).
std::string csv_text(std::string_view text) {
    std::string cell = line_of(text);
    if (!cell.empty() && std::string_view("=+-@").find(cell.front()) != std::string_view::npos)
        cell.insert(0, 1, '\'');
    if (cell.find_first_of(",\"") == std::string::npos)
        return cell;
    replace_all(cell, "\"", "\"\"");
    return '"' + cell + '"';
}

std::string csv_number(const std::optional<double> &number) {
    return number ? fmt::format("{}", *number) : "";
}

// LAVA.

/// A name as LAVA shows the results of: it leads to them by a path.
std::string lava_name(std::string_view text) {
    std::string name = tool_name(text);
    std::ranges::replace(name, '/', '_');
    return name;
}

std::string_view lava_result(Status status) {
    switch (status) {
    case Status::measured:
        return "pass";
    case Status::suspect:
    case Status::inconclusive:
        break;
    case Status::unsupported:
        return "skip";
    case Status::failed:
        return "fail";
    }
    return "unknown";
}

std::string lava_measurement(const Finding &finding) {
    constexpr double too_large = 1e20; // for the 30 digits of LAVA's numbers, 10 of them decimals
    const auto [factor, unit] = tool_scale(finding.unit);
    if (!finding.value || std::abs(*finding.value * factor) >= too_large)
        return {};
    return fmt::format("{}{} MEASUREMENT={}", unit.empty() ? "" : " UNITS=", unit,
                       *finding.value * factor);
}

JunitCase junit_case_of(const ExportedFinding &row) {
    const Finding &finding = row.finding;
    JunitCase test;
    test.group = fmt::format("{}.{}", row.device->device.slug, row.probe->probe);
    test.name = finding.key;
    const std::string value = value_text(finding, {.utf8 = true});
    if (finding.status == Status::measured) {
        test.message = value;
        return test;
    }
    test.outcome =
        finding.status == Status::failed ? JunitCase::Outcome::failed : JunitCase::Outcome::skipped;
    test.message = fmt::format("{}{}{}: {}", name(finding.status), value.empty() ? "" : ", ", value,
                               finding.note);
    return test;
}

} // namespace

std::string openmetrics_text(const Report &report) {
    const std::vector<ExportedFinding> rows = exported_findings(report);
    std::string text;
    for (const Unit unit : {Unit::one, Unit::second, Unit::cycle, Unit::byte, Unit::byte_per_second,
                            Unit::flop_per_second, Unit::op_per_second, Unit::texel_per_second,
                            Unit::flop_per_byte, Unit::hertz, Unit::joule})
        text += metrics_of(unit, rows);
    std::string without;
    for (const ExportedFinding &row : rows)
        if (!row.finding.value)
            without += sample_line("clprobe_finding_without_value", finding_labels(row), 1);
    text +=
        metric_text("clprobe_finding_without_value", "", "Findings that have no value.", without);
    std::string devices;
    for (const DeviceRecord &record : report.devices) {
        const DeviceInfo &device = record.device;
        devices += sample_line("clprobe_device_info",
                               {{"device", device.slug},
                                {"name", device.name},
                                {"vendor", device.vendor},
                                {"driver", driver_text(device)}},
                               1);
    }
    text += metric_text("clprobe_device_info", "", "What was measured.", devices);
    text += metric_text("clprobe_report_info", "", "How it was measured.",
                        sample_line("clprobe_report_info",
                                    {{"version", report.tool_version},
                                     {"profile", report.profile},
                                     {"started", report.started}},
                                    1));
    if (const auto started = seconds_of(report.started)) {
        const std::string metric = "clprobe_report_started_timestamp_seconds";
        text += metric_text(metric, "seconds", "When the run started.",
                            fmt::format("{} {}\n", metric, *started));
    }
    return text + "# EOF\n";
}

std::string findings_csv(const Report &report) {
    std::string text = "device,name,driver,date,profile,probe,key,value,unit,low,high,status,"
                       "better,note\r\n";
    for (const ExportedFinding &row : exported_findings(report)) {
        const DeviceInfo &device = row.device->device;
        const Finding &finding = row.finding;
        const auto &interval = finding.interval;
        const std::vector<std::string> cells = {
            csv_text(device.slug),
            csv_text(device.name),
            csv_text(driver_text(device)),
            csv_text(report.started),
            csv_text(row.probe->profile),
            csv_text(row.probe->probe),
            csv_text(finding.key),
            csv_number(finding.value),
            csv_text(symbol(finding.unit)),
            csv_number(interval ? std::optional(interval->low) : std::nullopt),
            csv_number(interval ? std::optional(interval->high) : std::nullopt),
            csv_text(name(finding.status)),
            csv_text(name(finding.better)),
            csv_text(finding.note)};
        text += fmt::format("{}\r\n", fmt::join(cells, ","));
    }
    return text;
}

std::string lava_signals(const Report &report) {
    const std::vector<ExportedFinding> rows = exported_findings(report);
    std::string text;
    for (const DeviceRecord &device : report.devices) {
        text += fmt::format("<LAVA_SIGNAL_TESTSET START {}>\n", lava_name(device.device.slug));
        for (const ExportedFinding &row : rows)
            if (row.device == &device)
                text += fmt::format("<LAVA_SIGNAL_TESTCASE TEST_CASE_ID={} RESULT={}{}>\n",
                                    lava_name(row.finding.key), lava_result(row.finding.status),
                                    lava_measurement(row.finding));
        text += "<LAVA_SIGNAL_TESTSET STOP>\n";
    }
    return text;
}

std::string junit_xml(const Report &report) {
    std::vector<JunitCase> cases;
    for (const ExportedFinding &row : exported_findings(report))
        cases.push_back(junit_case_of(row));
    return to_junit("clprobe", cases);
}

} // namespace clprobe
