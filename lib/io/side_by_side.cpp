// The findings of several reports, side by side.
#include "io/exports.hpp"
#include "io/markup.hpp"
#include "io/terminal.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

namespace clprobe {
namespace {

using MarkdownTable = std::vector<std::vector<std::string>>;

/// A device's column.
struct DeviceColumn {
    std::string head;
    const Report *report = nullptr;
    const DeviceRecord *device = nullptr;
    std::map<std::pair<std::string, std::string>, const Finding *> findings; ///< by probe and key
};

std::vector<DeviceColumn> columns_of(std::span<const NamedReport> reports) {
    std::vector<DeviceColumn> columns;
    for (const auto &[name, report] : reports)
        for (const DeviceRecord &device : report.devices) {
            const bool several = report.devices.size() > 1;
            DeviceColumn &column = columns.emplace_back();
            column.head = markdown_text(several ? name + " " + device.device.slug : name);
            column.report = &report;
            column.device = &device;
            for (const ProbeRecord &record : device.probes)
                for (const Finding &finding : record.findings)
                    column.findings[{record.probe, finding.key}] = &finding;
        }
    return columns;
}

std::string cell_of(const Finding &finding) {
    switch (finding.status) {
    case Status::measured:
        return value_text(finding, {.utf8 = true});
    case Status::suspect:
        return value_text(finding, {.utf8 = true}) + " !";
    case Status::inconclusive:
        return "?";
    case Status::unsupported:
        return "-";
    case Status::failed:
        return "x";
    }
    return {};
}

std::string devices_table(std::span<const DeviceColumn> columns) {
    MarkdownTable table = {{"report", "device", "driver", "measured"}};
    for (const DeviceColumn &column : columns) {
        const DeviceInfo &device = column.device->device;
        table.push_back({column.head, markdown_text(device.name),
                         markdown_text(driver_text(device)),
                         markdown_text(fmt::format("{}, {}", column.report->started.substr(0, 10),
                                                   column.report->profile))});
    }
    return markdown_table(table);
}

std::string probe_table(const std::string &probe, const std::set<std::string> &keys,
                        std::span<const DeviceColumn> columns) {
    MarkdownTable table = {{"finding"}};
    for (const DeviceColumn &column : columns)
        table.front().push_back(column.head);
    for (const std::string &key : keys) {
        std::vector<std::string> &row = table.emplace_back();
        row.push_back(fmt::format("`{}`", tool_name(key)));
        for (const DeviceColumn &column : columns) {
            const auto found = column.findings.find({probe, key});
            row.push_back(found == column.findings.end() ? "" : cell_of(*found->second));
        }
    }
    return markdown_table(table);
}

} // namespace

std::string side_by_side_markdown(std::span<const NamedReport> reports) {
    const std::vector<DeviceColumn> columns = columns_of(reports);
    std::map<std::string, std::set<std::string>> keys;
    for (const DeviceColumn &column : columns)
        for (const auto &[place, finding] : column.findings)
            keys[place.first].insert(place.second);
    std::string text =
        devices_table(columns) +
        "\nA value stands with its interval. `!` marks a suspect value, `?` what the "
        "device left open, `-` what it has not, `x` what failed; an empty cell was "
        "not asked for.\n";
    for (const auto &[probe, of_probe] : keys)
        text +=
            fmt::format("\n## {}\n\n{}", tool_name(probe), probe_table(probe, of_probe, columns));
    return text;
}

} // namespace clprobe
