#include "io/exports.hpp"
#include "model/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace clprobe {
namespace {

Finding with_usual_numbers(Finding finding) {
    const auto usual = [](double number) { return problem_of(number).empty(); };
    if (finding.value && !usual(*finding.value))
        finding.value.reset();
    if (finding.interval &&
        !(finding.value && usual(finding.interval->low) && usual(finding.interval->high)))
        finding.interval.reset();
    return finding;
}

std::vector<Finding> findings_of(const ProbeRecord &record) {
    if (!record.findings.empty())
        return record.findings;
    const Status status = record.status == Status::measured ? Status::inconclusive : record.status;
    std::vector<Finding> findings;
    findings.push_back(
        without_value({record.probe, Unit::one, Better::none, ""}, status, record.reason));
    return findings;
}

} // namespace

std::vector<ExportedFinding> exported_findings(const Report &report) {
    std::vector<ExportedFinding> rows;
    std::map<std::pair<std::string, std::string>, std::size_t> known;
    for (const DeviceRecord &device : report.devices)
        for (const ProbeRecord &record : device.probes)
            for (Finding &finding : findings_of(record)) {
                const auto [at, added] =
                    known.try_emplace({device.device.slug, finding.key}, rows.size());
                if (added)
                    rows.emplace_back();
                rows[at->second] = {&device, &record, with_usual_numbers(std::move(finding))};
            }
    return rows;
}

std::string tool_name(std::string_view text) {
    constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789._-/";
    std::string name(text);
    std::ranges::replace_if(
        name, [&](char c) { return allowed.find(c) == std::string_view::npos; }, '_');
    return name;
}

std::string benchmark_name(const ExportedFinding &row) {
    return tool_name(row.device->device.slug + "/" + row.finding.key);
}

std::string driver_text(const DeviceInfo &device) {
    return fmt::format("{} {}", device.platform, device.driver_version);
}

ToolScale tool_scale(Unit unit) {
    switch (unit) {
    case Unit::one:
        break;
    case Unit::second:
        return {1e9, "ns"};
    case Unit::cycle:
        return {1, "cycles"};
    case Unit::byte:
        return {1, "B"};
    case Unit::byte_per_second:
        return {1e-9, "GB/s"};
    case Unit::flop_per_second:
        return {1e-9, "Gflop/s"};
    case Unit::op_per_second:
        return {1e-9, "Gop/s"};
    case Unit::texel_per_second:
        return {1e-9, "Gtexel/s"};
    case Unit::flop_per_byte:
        return {1, "flop/B"};
    case Unit::hertz:
        return {1e-6, "MHz"};
    case Unit::joule:
        return {1e9, "nJ"};
    }
    return {};
}

} // namespace clprobe
