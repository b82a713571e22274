#include "io/comparison.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace clprobe {
namespace {

/// Whether a row is among those that changed: worse, better.
bool changed(const FindingComparison &finding) {
    return finding.verdict == Verdict::worse || finding.verdict == Verdict::better;
}

/// "66.6 -> 33.3 Tflop/s".
std::string values_of(const FindingComparison &finding) {
    const DisplayScale scale =
        display_scale({std::max(finding.base, finding.value), finding.unit}, 4);
    return fmt::format("{:.4g} -> {:.4g}{}{}", finding.base / scale.divisor,
                       finding.value / scale.divisor, scale.unit.empty() ? "" : " ", scale.unit);
}

/// A ratio from which on per cent tell less than times do.
constexpr double told_in_times = 3;

/// The ratio as a change in per cent: "-50.0", or as times: "x 4.1".
std::string change_text(double ratio) {
    if (!std::isfinite(ratio))
        return "unbounded";
    return ratio >= told_in_times ? fmt::format("x {:.3g}", ratio)
                                  : fmt::format("{:+.1f}", 100 * (ratio - 1));
}

/// "-50.0 % [-50.4, -49.6]".
std::string change_of(const FindingComparison &finding) {
    const std::string unit = finding.ratio >= told_in_times ? "" : " %";
    return fmt::format("{}{} [{}, {}]", change_text(finding.ratio), unit,
                       change_text(finding.interval.low), change_text(finding.interval.high));
}

std::size_t count_of(const DeviceComparison &device, Verdict verdict) {
    return static_cast<std::size_t>(
        std::ranges::count(device.findings, verdict, &FindingComparison::verdict));
}

/// "2 worse, 1 better, 90 same, 23 undecided; 1 fails, 3 lost; against 3 bases".
std::string summary_of(const DeviceComparison &device) {
    if (device.findings.empty() && device.changes.empty())
        return "no finding with a direction is measured on both sides";
    std::string text =
        fmt::format("{} worse, {} better, {} same, {} undecided", count_of(device, Verdict::worse),
                    count_of(device, Verdict::better), count_of(device, Verdict::same),
                    count_of(device, Verdict::undecided));
    std::vector<std::string> changes;
    for (const auto kind :
         {StatusChange::Kind::fails, StatusChange::Kind::lost, StatusChange::Kind::gained})
        if (const auto count = std::ranges::count(device.changes, kind, &StatusChange::kind))
            changes.push_back(fmt::format("{} {}", count, name(kind)));
    if (!changes.empty())
        text += fmt::format("; {}", fmt::join(changes, ", "));
    return text + fmt::format("; {} {}", device.paired ? "of" : "against",
                              counted(device.bases, device.paired ? "pair" : "base"));
}

std::string suspect_text(const DeviceComparison &device) {
    return fmt::format("{} not compared, as suspect: {}", counted(device.suspect, "finding"),
                       device.suspect_reason);
}

std::string shift_text(const CommonShift &shift) {
    return fmt::format("{}: {}", moved_together(shift),
                       shift.confirmed ? "a second run shows it again"
                                       : "the machine, its clock or all of the driver; --confirm "
                                         "decides");
}

/// What the undecided findings wait for, and how many for each.
std::map<std::string, std::size_t> undecided_by_note(const DeviceComparison &device) {
    std::map<std::string, std::size_t> notes;
    for (const FindingComparison &finding : device.findings)
        if (finding.verdict == Verdict::undecided)
            ++notes[finding.note];
    return notes;
}

std::string status_text(const StatusChange &change) {
    return fmt::format("{}{}", change.probe, change.key.empty() ? "" : " " + change.key);
}

Colour colour_of(Verdict verdict) {
    switch (verdict) {
    case Verdict::worse:
        return Colour::red;
    case Verdict::undecided:
        return Colour::yellow;
    case Verdict::same:
        return Colour::dim;
    case Verdict::better:
        break;
    }
    return Colour::none;
}

std::string device_part(const DeviceComparison &device, const TextStyle &style, bool all) {
    std::string text = device_text(device.device, style);
    std::vector<TableRow> head = {{{summary_of(device)}}};
    if (!device.advisory.empty())
        head.push_back({{device.advisory}, Colour::yellow});
    if (device.suspect > 0)
        head.push_back({{suspect_text(device)}, Colour::yellow});
    for (const std::string &difference : device.differences)
        head.push_back({{difference}, Colour::yellow});
    text += render_table(head, style);
    std::vector<TableRow> rows;
    if (device.shift)
        rows.push_back({{device.shift->confirmed ? "worse" : "undecided", "common shift",
                         shift_text(*device.shift)},
                        Colour::yellow});
    for (const StatusChange &change : device.changes)
        if (change.kind == StatusChange::Kind::fails)
            rows.push_back({{"fails", status_text(change), change.reason}, Colour::red});
    for (const FindingComparison &finding : device.findings)
        if (all || changed(finding))
            rows.push_back({{std::string(name(finding.verdict)), finding.key, change_of(finding),
                             fmt::format("{}{}{}", values_of(finding),
                                         finding.note.empty() ? "" : "; ", finding.note)},
                            colour_of(finding.verdict)});
    for (const StatusChange &change : device.changes)
        if (change.kind != StatusChange::Kind::fails)
            rows.push_back({{std::string(name(change.kind)), status_text(change), change.reason},
                            Colour::dim});
    if (!rows.empty())
        text += "\n" + render_table(rows, style);
    if (const auto notes = undecided_by_note(device); !all && !notes.empty()) {
        text += "\n";
        std::vector<TableRow> undecided;
        for (const auto &[note, count] : notes)
            undecided.push_back({{fmt::format("{} undecided", count), note}, Colour::dim});
        text += render_table(undecided, style);
    }
    return text;
}

// Markdown.

std::string verdict_cell(std::string_view word, bool strong) {
    return strong ? fmt::format("**{}**", word) : std::string(word);
}

std::string finding_rows(const DeviceComparison &device, bool those_changed) {
    std::vector<std::vector<std::string>> rows = {{"verdict", "finding", "change", "", ""}};
    for (const FindingComparison &finding : device.findings)
        if (changed(finding) == those_changed)
            rows.push_back({verdict_cell(name(finding.verdict), finding.verdict == Verdict::worse),
                            markdown_text(finding.key), markdown_text(change_of(finding)),
                            markdown_text(values_of(finding)), markdown_text(finding.note)});
    return rows.size() > 1 ? markdown_table(rows) : "";
}

std::string status_rows(const DeviceComparison &device, bool failing) {
    std::vector<std::vector<std::string>> rows = {{"status", "probe", "finding", "reason"}};
    for (const StatusChange &change : device.changes)
        if ((change.kind == StatusChange::Kind::fails) == failing)
            rows.push_back({verdict_cell(name(change.kind), failing), markdown_text(change.probe),
                            markdown_text(change.key), markdown_text(change.reason)});
    return rows.size() > 1 ? markdown_table(rows) : "";
}

std::string folded(const std::string &title, const std::string &body) {
    return body.empty() ? ""
                        : fmt::format("\n<details><summary>{}</summary>\n\n{}\n</details>\n",
                                      xml_text(title), body);
}

std::string paragraph(const std::string &body) {
    return body.empty() ? "" : "\n" + body;
}

std::string markdown_of(const DeviceComparison &device) {
    std::string text = fmt::format("**{}**: {}\n", markdown_text(device.device.name),
                                   markdown_text(summary_of(device)));
    for (const std::string &difference : device.differences)
        text += fmt::format("\n- {}", markdown_text(difference));
    if (!device.differences.empty())
        text += "\n";
    if (!device.advisory.empty())
        text += fmt::format("\n*{}*\n", markdown_text(device.advisory));
    if (device.suspect > 0)
        text += fmt::format("\n{}\n", markdown_text(suspect_text(device)));
    if (device.shift)
        text += fmt::format("\n{}\n", markdown_text(shift_text(*device.shift)));
    text += paragraph(status_rows(device, true)) + paragraph(finding_rows(device, true));
    text += folded(fmt::format("{} same, {} undecided", count_of(device, Verdict::same),
                               count_of(device, Verdict::undecided)),
                   finding_rows(device, false));
    return text + folded("status changes", status_rows(device, false));
}

// JSON.

Json json_of_interval(const Interval &interval) {
    Json json = Json::object(); // an end that is not known is left out
    if (interval.low > 0)
        json["low"] = interval.low;
    if (std::isfinite(interval.high))
        json["high"] = interval.high;
    return json;
}

Json json_of_finding(const FindingComparison &finding) {
    Json json = {{"probe", finding.probe},
                 {"key", finding.key},
                 {"verdict", name(finding.verdict)},
                 {"unit", symbol(finding.unit)},
                 {"better", name(finding.better)},
                 {"bases", finding.bases},
                 {"base", finding.base},
                 {"value", finding.value},
                 {"ratio", finding.ratio},
                 {"interval", json_of_interval(finding.interval)},
                 {"p_worse", finding.p_worse},
                 {"p_better", finding.p_better},
                 {"min_effect", finding.min_effect}};
    if (finding.bases_differ)
        json["bases_differ"] = true;
    if (!finding.note.empty())
        json["note"] = finding.note;
    return json;
}

Json json_of_change(const StatusChange &change) {
    Json json = {{"status", name(change.kind)}, {"probe", change.probe}};
    if (!change.key.empty())
        json["key"] = change.key;
    if (!change.reason.empty())
        json["reason"] = change.reason;
    return json;
}

Json json_of_device(const DeviceComparison &device) {
    Json json = {{"device", device.device.slug},
                 {"name", device.device.name},
                 {"driver", device.device.driver_version},
                 {"bases", device.bases},
                 {"paired", device.paired},
                 {"differences", device.differences}};
    if (!device.advisory.empty())
        json["advisory"] = device.advisory;
    if (device.shift)
        json["common_shift"] = {{"change", device.shift->change},
                                {"probes", device.shift->probes},
                                {"together", device.shift->together},
                                {"confirmed", device.shift->confirmed}};
    if (device.suspect > 0)
        json["suspect"] = {{"findings", device.suspect}, {"reason", device.suspect_reason}};
    json["findings"] = Json::array();
    for (const FindingComparison &finding : device.findings)
        json["findings"].push_back(json_of_finding(finding));
    json["status_changes"] = Json::array();
    for (const StatusChange &change : device.changes)
        json["status_changes"].push_back(json_of_change(change));
    return json;
}

Json json_of_rate(const CalibratedRate &rate) {
    return {{"happened", rate.happened}, {"of", rate.of}, {"error", rate.error}};
}

/// "0.8 +- 0.8 %".
std::string rate_text(const CalibratedRate &rate, const TextStyle &style) {
    return rate.of == 0 ? "-"
                        : fmt::format("{:.1f} {} {:.1f} %", 100 * rate.value(),
                                      style.utf8 ? "\u00b1" : "+-", 100 * rate.error);
}

} // namespace

std::string moved_together(const CommonShift &shift) {
    return fmt::format("{} of {} probes moved together, by {:.1f} % for the {}", shift.together,
                       shift.probes, 100 * std::abs(shift.change),
                       shift.change > 0 ? "worse" : "better");
}

std::string comparison_text(const Comparison &comparison, const TextStyle &style, bool all) {
    std::string text;
    for (const DeviceComparison &device : comparison.devices)
        text += (text.empty() ? "" : "\n") + device_part(device, style, all);
    for (const std::string &unmatched : comparison.unmatched)
        text += render_table({{{unmatched}, Colour::yellow}}, style);
    return text;
}

std::string comparison_markdown(const Comparison &comparison) {
    std::string text;
    for (const DeviceComparison &device : comparison.devices)
        text += (text.empty() ? "" : "\n") + markdown_of(device);
    for (const std::string &unmatched : comparison.unmatched)
        text += fmt::format("\n{}\n", markdown_text(unmatched));
    return text;
}

std::vector<JunitCase> junit_cases(const Comparison &comparison, bool strict) {
    using Outcome = JunitCase::Outcome;
    const Outcome open = strict ? Outcome::failed : Outcome::skipped;
    std::vector<JunitCase> cases;
    for (const DeviceComparison &device : comparison.devices) {
        const std::string before = device.device.slug + ".";
        for (const FindingComparison &finding : device.findings) {
            JunitCase &test = cases.emplace_back();
            test.group = before + finding.probe;
            test.name = finding.key;
            test.message =
                fmt::format("{}: {}, {}{}{}", name(finding.verdict), change_of(finding),
                            values_of(finding), finding.note.empty() ? "" : "; ", finding.note);
            if (finding.verdict == Verdict::worse)
                test.outcome = device.advisory.empty() ? Outcome::failed : open;
            else if (finding.verdict == Verdict::undecided)
                test.outcome = open;
        }
        for (const StatusChange &change : device.changes)
            if (change.kind != StatusChange::Kind::gained)
                cases.push_back({before + change.probe, change.key.empty() ? "status" : change.key,
                                 change.kind == StatusChange::Kind::fails ? Outcome::failed : open,
                                 fmt::format("{}: {}", name(change.kind), change.reason), 0});
        if (device.shift)
            cases.push_back(
                {before + "all", "common shift",
                 device.shift->confirmed && device.shift->change > 0 ? Outcome::failed : open,
                 shift_text(*device.shift), 0});
    }
    return cases;
}

Json to_json(const Comparison &comparison) {
    Json json = {{"tool_version", version()}, {"devices", Json::array()}};
    for (const DeviceComparison &device : comparison.devices)
        json["devices"].push_back(json_of_device(device));
    if (!comparison.unmatched.empty())
        json["unmatched"] = comparison.unmatched;
    return json;
}

std::string calibration_text(const Calibration &calibration, const TextStyle &style) {
    std::string text = device_text(calibration.device, style);
    text += render_table(
        {{{fmt::format("{} replayed against each other; {} to compare in each, {} of them with a "
                       "half-width above 5 %",
                       counted(calibration.reports, "report"),
                       counted(calibration.findings, "finding"), calibration.wide)}}},
        style);
    if (calibration.uuids > 1)
        text += render_table(
            {{{fmt::format("they are of {} devices of the same name, by their UUIDs, whose "
                           "differences count as false alarms",
                           calibration.uuids)},
              Colour::yellow}},
            style);
    std::vector<TableRow> rows = {{{"bases", "comparisons", "false worse", "common shift",
                                    "5 % slower found", "10 % slower found", "3 half-widths found"},
                                   Colour::dim}};
    for (const CalibrationRow &row : calibration.rows)
        rows.push_back(
            {{fmt::to_string(row.bases), fmt::to_string(row.false_worse.of),
              rate_text(row.false_worse, style), rate_text(row.common_shifts, style),
              rate_text(row.slowed_by_5_percent, style), rate_text(row.slowed_by_10_percent, style),
              rate_text(row.slowed_by_3_half_widths, style)}});
    text += "\n" + render_table(rows, style);
    std::vector<TableRow> findings;
    for (const CalibrationRow &row : calibration.rows)
        for (const auto &[key, count] : row.false_findings)
            findings.push_back({{fmt::format("{} of {}", count, row.false_worse.of),
                                 counted(row.bases, "base"), key}});
    if (!findings.empty())
        text += "\ncalled worse:\n" + render_table(findings, style);
    return text;
}

Json to_json(const Calibration &calibration) {
    Json json = {{"tool_version", version()},       {"device", calibration.device.slug},
                 {"name", calibration.device.name}, {"reports", calibration.reports},
                 {"uuids", calibration.uuids},      {"findings", calibration.findings},
                 {"wide", calibration.wide},        {"rows", Json::array()}};
    for (const CalibrationRow &row : calibration.rows) {
        Json called = Json::object();
        for (const auto &[key, count] : row.false_findings)
            called[key] = count;
        json["rows"].push_back(
            {{"bases", row.bases},
             {"false_worse", json_of_rate(row.false_worse)},
             {"common_shifts", json_of_rate(row.common_shifts)},
             {"slowed_by_5_percent", json_of_rate(row.slowed_by_5_percent)},
             {"slowed_by_10_percent", json_of_rate(row.slowed_by_10_percent)},
             {"slowed_by_3_half_widths", json_of_rate(row.slowed_by_3_half_widths)},
             {"called_worse", std::move(called)}});
    }
    return json;
}

} // namespace clprobe
