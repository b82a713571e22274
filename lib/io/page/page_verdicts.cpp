#include "io/page/page_data.hpp"
#include "io/terminal.hpp"

#include <clprobe/compare.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace clprobe {
namespace {

std::string on_one_line(std::string_view text) {
    return printable(text, {.utf8 = true});
}

/// Whether the last report has a device that another one has too.
bool have_common_device(std::span<const Report> bases, const Report &now) {
    return std::ranges::any_of(now.devices, [&](const DeviceRecord &device) {
        return std::ranges::any_of(bases, [&](const Report &base) {
            return std::ranges::any_of(base.devices, [&](const DeviceRecord &before) {
                return before.device.slug == device.device.slug &&
                       before.device.name == device.device.name;
            });
        });
    });
}

/// What a reader has to know of the verdicts on a device, a sentence each.
Json remarks_on(const DeviceComparison &comparison) {
    Json remarks = Json::array();
    for (const std::string &difference : comparison.differences)
        remarks.push_back(on_one_line(difference));
    if (!comparison.advisory.empty())
        remarks.push_back(on_one_line(comparison.advisory));
    if (const auto &shift = comparison.shift)
        remarks.push_back(fmt::format("{} of {} probes moved together, by {:.1f} % for the {}",
                                      shift->together, shift->probes, 100 * std::abs(shift->change),
                                      shift->change > 0 ? "worse" : "better"));
    for (const StatusChange &change : comparison.changes)
        remarks.push_back(
            on_one_line(fmt::format("{} {}: {}", change.key.empty() ? change.probe : change.key,
                                    name(change.kind), change.reason)));
    return remarks;
}

} // namespace

Json page_verdicts(std::span<const Report> reports) {
    Json verdicts = Json::array();
    if (reports.size() < 2 ||
        !have_common_device(reports.first(reports.size() - 1), reports.back()))
        return verdicts;
    std::size_t before = 0; // devices of the reports before the last
    for (const Report &base : reports.first(reports.size() - 1))
        before += base.devices.size();
    const auto &devices = reports.back().devices;
    const Comparison comparison = compare(reports.first(reports.size() - 1), reports.back());
    for (const DeviceComparison &compared : comparison.devices) {
        const auto device =
            std::ranges::find(devices, compared.device.slug,
                              [](const DeviceRecord &record) { return record.device.slug; });
        Json findings = Json::object();
        for (const FindingComparison &finding : compared.findings)
            findings[on_one_line(finding.key)] = {name(finding.verdict), on_one_line(finding.note)};
        verdicts.push_back({{"device", before + static_cast<std::size_t>(device - devices.begin())},
                            {"bases", compared.bases},
                            {"remarks", remarks_on(compared)},
                            {"findings", std::move(findings)}});
    }
    return verdicts;
}

} // namespace clprobe
