#include "io/comparison.hpp"
#include "io/page/page_data.hpp"

#include <clprobe/compare.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace clprobe {
namespace {

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
        remarks.push_back(page_text(difference));
    if (!comparison.advisory.empty())
        remarks.push_back(page_text(comparison.advisory));
    if (const auto &shift = comparison.shift)
        remarks.push_back(moved_together(*shift));
    for (const StatusChange &change : comparison.changes)
        remarks.push_back(
            page_text(fmt::format("{} {}: {}", change.key.empty() ? change.probe : change.key,
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
            findings[page_text(finding.key)] = {name(finding.verdict), page_text(finding.note)};
        verdicts.push_back({{"device", before + static_cast<std::size_t>(device - devices.begin())},
                            {"bases", compared.bases},
                            {"remarks", remarks_on(compared)},
                            {"findings", std::move(findings)}});
    }
    return verdicts;
}

} // namespace clprobe
