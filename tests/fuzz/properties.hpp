#pragma once
#include "io/brief.hpp"
#include "io/csv.hpp"
#include "io/terminal.hpp"

#include <clprobe/error.hpp>
#include <clprobe/exports.hpp>
#include <clprobe/json.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// What holds for any input of the readers. The fuzzers try it on made-up ones, the unit tests on
// the corpus. Each throws std::logic_error where it does not hold; the result is whether the input
// was accepted.
namespace clprobe::fuzz {

inline void require(bool holds, const char *property) {
    if (!holds)
        throw std::logic_error(property);
}

/// What other tools get of a report is made, as JSON where it is JSON, and without a character that
/// a terminal would act on.
inline void check_exports(const Report &report) {
    const GithubActionFiles files = github_action_json(report);
    const std::string json[] = {bencher_json(report), google_benchmark_json(report),
                                files.bigger_is_better, files.smaller_is_better};
    for (const std::string &text : json)
        require(Json::accept(text), "what other tools get as JSON is JSON");
    const std::string lines[] = {openmetrics_text(report), findings_csv(report),
                                 lava_signals(report), junit_xml(report),
                                 side_by_side_markdown(std::vector<NamedReport>{{"a", report}})};
    for (const std::string &text : lines)
        require(std::ranges::none_of(text,
                                     [](char c) {
                                         return static_cast<unsigned char>(c) < ' ' && c != '\n' &&
                                                c != '\r';
                                     }),
                "what other tools get is plain text");
}

/// A document is refused with an InputError, or is a report that is written and read without loss
/// and can be shown and exported.
inline bool check_report(std::string_view text) {
    Report report;
    try {
        report = report_from_json(parse_json(text));
    } catch (const InputError &) {
        return false;
    }
    const auto written = to_text(to_json(report));
    require(report_from_json(parse_json(written)) == report, "a report is read as it was written");
    const TextStyle style{80, false, false};
    std::string shown = footer_text(report, style) + run_text(report, style);
    for (const DeviceRecord &device : report.devices) {
        shown += device_text(device.device, style);
        for (const ProbeRecord &record : device.probes)
            shown += probe_text(record, style);
    }
    require(std::all_of(shown.begin(), shown.end(),
                        [](char byte) { return byte == '\n' || (byte >= ' ' && byte < 127); }),
            "what is shown is plain text");
    check_exports(report);
    return true;
}

inline std::vector<Series> layouts() {
    const Axis form{"form", Unit::one, {"fma", "a*b+c, fused"}};
    const Axis time{"time", Unit::second, {}};
    return {{"chase", {{"footprint", Unit::byte, {}}}, time, {}},
            {"race", {form, {"trips", Unit::one, {}}}, time, {}}};
}

/// A file is refused with an InputError, or is a series that is written and read without loss.
inline bool check_csv(std::string_view text, const CsvOptions &options) {
    CsvSeries csv;
    try {
        csv = series_from_csv(text, "file.csv", layouts(), options);
    } catch (const InputError &) {
        return false;
    }
    for (const Point &point : csv.series.points)
        require(point.at.size() == csv.series.axes.size() &&
                    (point.block.empty() || point.block.size() == point.samples.size()),
                "points are complete");
    if (csv.origin)
        return true; // its columns are its own, and need not be told apart
    ProbeRecord record;
    record.data.series = {csv.series};
    const auto written = to_csv(Report{}, DeviceRecord{}, record);
    const auto again = series_from_csv(written.at(0).text, "again.csv", {});
    require(again.series == csv.series, "a series is read as it was written");
    return true;
}

/// The same by its header, or with its first line as what `--columns` has.
inline bool check_csv(std::string_view text) {
    const bool by_header = check_csv(text, {});
    return check_csv(text, {std::string(text.substr(0, text.find('\n'))), 1}) || by_header;
}

} // namespace clprobe::fuzz
