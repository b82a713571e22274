#include "io/csv_text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace clprobe {
namespace {

std::string file_name(const std::string &probe, const std::string &series) {
    std::string name = probe + "." + series + ".csv";
    for (char &letter : name)
        if (std::isalnum(static_cast<unsigned char>(letter)) == 0 &&
            std::string_view("._-").find(letter) == std::string_view::npos)
            letter = '_';
    return name;
}

/// The text as a cell, in quotes where it needs them.
std::string quoted_cell(std::string text) {
    constexpr std::string_view around = " \t\r";
    if (text.find_first_of(",\"\n#") == text.npos && text.find_first_not_of(around) == 0 &&
        text.find_last_not_of(around) == text.size() - 1)
        return text;
    for (auto at = text.find('"'); at != text.npos; at = text.find('"', at + 2))
        text.insert(at, 1, '"');
    return '"' + text + '"';
}

/// The report that the samples are from, without them and what was made of them.
Report origin_of(const Report &report, const DeviceRecord &device, const ProbeRecord &record,
                 const Series &series) {
    ProbeRecord without_samples = record;
    without_samples.builds.clear();
    without_samples.findings.clear();
    without_samples.data.series = {{series.name, series.axes, series.measure, {}}};
    Report origin = report;
    origin.devices = {{device.device, {std::move(without_samples)}}};
    return origin;
}

std::string number(const Series &series, double value) {
    if (!std::isfinite(value))
        throw Error(fmt::format("series '{}': a number that is not finite", series.name));
    return fmt::format("{}", value);
}

std::string header(const Series &series, bool blocks) {
    std::vector<std::string> columns;
    for (const Axis &axis : series.axes)
        columns.push_back(csv_column(axis));
    if (blocks)
        columns.emplace_back(block_column);
    columns.push_back(csv_column(series.measure));
    for (const auto &column : columns)
        if (std::ranges::count(columns, column) > 1)
            throw Error(fmt::format("series '{}' has two columns '{}'", series.name, column));
    std::ranges::transform(columns, columns.begin(), quoted_cell);
    return fmt::format("{}\n", fmt::join(columns, ","));
}

std::string rows(const Series &series, const Point &point, bool blocks) {
    std::string start;
    for (std::size_t i = 0; i < point.at.size(); ++i) {
        const auto &labels = series.axes.at(i).labels;
        start += labels.empty() ? number(series, point.at[i])
                                : quoted_cell(labels.at(static_cast<std::size_t>(point.at[i])));
        start += ',';
    }
    if (point.samples.empty())
        return start + (blocks ? ",\n" : "\n");
    std::string text;
    for (std::size_t i = 0; i < point.samples.size(); ++i) {
        const std::string block = point.block.empty() ? "" : std::to_string(point.block.at(i));
        text += start + block + (blocks ? "," : "") + number(series, point.samples[i]) + "\n";
    }
    return text;
}

} // namespace

std::vector<CsvFile> to_csv(const Report &report, const DeviceRecord &device,
                            const ProbeRecord &record) {
    std::vector<CsvFile> files;
    for (const Series &series : record.data.series) {
        const bool blocks = std::ranges::any_of(
            series.points, [](const Point &point) { return !point.block.empty(); });
        std::string text = std::string(origin_mark) +
                           to_line(to_json(origin_of(report, device, record, series))) + "\n" +
                           header(series, blocks);
        for (const Point &point : series.points)
            text += rows(series, point, blocks);
        files.push_back({file_name(record.probe, series.name), std::move(text)});
    }
    return files;
}

} // namespace clprobe
