#include "io/csv/columns.hpp"
#include "io/csv/rows.hpp"

#include <clprobe/csv.hpp>
#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace clprobe {
namespace {

bool is_plain(char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
           std::string_view("._-").find(letter) != std::string_view::npos;
}

std::string file_name(const std::string &probe, const std::string &series) {
    std::string name = probe + "." + series + ".csv";
    std::replace_if(
        name.begin(), name.end(), [](char letter) { return !is_plain(letter); }, '_');
    return name;
}

/// The report that the samples are from, without them and what was made of them.
Report origin_of(const Report &report, const DeviceRecord &device, const ProbeRecord &record,
                 const Series &series) {
    ProbeRecord bare = record;
    bare.builds.clear();
    bare.findings.clear();
    bare.data.series = {{series.name, series.axes, series.measure, {}}};
    Report origin = report;
    origin.devices = {{device.device, {std::move(bare)}}};
    return origin;
}

bool has_blocks(const Series &series) {
    return std::any_of(series.points.begin(), series.points.end(),
                       [](const Point &point) { return !point.block.empty(); });
}

std::string number(const Series &series, double value) {
    if (!std::isfinite(value))
        throw Error(fmt::format("series '{}': a number that is not finite", series.name));
    return fmt::format("{}", value);
}

std::string header(const Series &series) {
    std::vector<std::string> columns;
    for (const Axis &axis : series.axes)
        columns.push_back(csv_column(axis));
    if (has_blocks(series))
        columns.emplace_back(block_column);
    columns.push_back(csv_column(series.measure));
    for (const auto &column : columns)
        if (std::count(columns.begin(), columns.end(), column) > 1)
            throw Error(fmt::format("series '{}' has two columns '{}'", series.name, column));
    for (auto &column : columns)
        column = csv_cell(column);
    return fmt::format("{}\n", fmt::join(columns, ","));
}

std::string coordinates(const Series &series, const Point &point) {
    std::string cells;
    for (std::size_t i = 0; i < point.at.size(); ++i) {
        const auto &labels = series.axes.at(i).labels;
        cells += labels.empty() ? number(series, point.at[i])
                                : csv_cell(labels.at(static_cast<std::size_t>(point.at[i])));
        cells += ',';
    }
    return cells;
}

std::string rows(const Series &series, const Point &point, bool blocks) {
    const std::string start = coordinates(series, point);
    if (point.samples.empty())
        return start + (blocks ? ",\n" : "\n");
    std::string text;
    for (std::size_t i = 0; i < point.samples.size(); ++i) {
        text += start;
        if (blocks && !point.block.empty())
            text += std::to_string(point.block.at(i));
        if (blocks)
            text += ',';
        text += number(series, point.samples[i]) + "\n";
    }
    return text;
}

std::string text_of(const Report &origin, const Series &series) {
    std::string text = std::string(origin_mark) + to_line(to_json(origin)) + "\n" + header(series);
    for (const Point &point : series.points)
        text += rows(series, point, has_blocks(series));
    return text;
}

} // namespace

std::vector<CsvFile> to_csv(const Report &report, const DeviceRecord &device,
                            const ProbeRecord &record) {
    std::vector<CsvFile> files;
    for (const Series &series : record.data.series)
        files.push_back({file_name(record.probe, series.name),
                         text_of(origin_of(report, device, record, series), series)});
    return files;
}

} // namespace clprobe
