#include "model/termination.hpp"
#include "model/text.hpp"

#include <clprobe/report.hpp>

#include <algorithm>

namespace clprobe {
namespace {

constexpr Names<DeviceType, 3> device_types = {
    {{DeviceType::cpu, "cpu"}, {DeviceType::gpu, "gpu"}, {DeviceType::accelerator, "accelerator"}}};

} // namespace

std::string_view name(DeviceType type) {
    return word_of(device_types, type);
}

std::optional<DeviceType> parse_device_type(std::string_view text) {
    return value_of(device_types, text);
}

bool DeviceInfo::has_extension(std::string_view extension) const {
    return std::ranges::find(extensions, extension) != extensions.end();
}

const Finding *Facts::find(std::string_view key) const {
    // The last one counts: a probe that ran anew knows better than its earlier run.
    const auto found = std::find_if(findings.rbegin(), findings.rend(),
                                    [&](const Finding &finding) { return finding.key == key; });
    return found == findings.rend() ? nullptr : &*found;
}

std::optional<double> Facts::value(std::string_view key) const {
    const Finding *finding = find(key);
    if (finding == nullptr || finding->status != Status::measured)
        return std::nullopt;
    return finding->value;
}

std::string_view version() {
    return CLPROBE_VERSION;
}

Report summary_of(Report report) {
    report.summary = true;
    for (DeviceRecord &device : report.devices)
        for (ProbeRecord &record : device.probes)
            record.data.series.clear();
    return report;
}

void set_termination(Dataset &data, const Termination &ending) {
    data.text_attributes["ended"] = name(ending.status);
    data.text_attributes["ended_because"] = ending.reason;
    if (ending.voids_everything)
        data.text_attributes["ended_by"] = "verification";
}

std::optional<Termination> termination_of(const Dataset &data) {
    const auto status = parse_status(data.text_attribute("ended"));
    if (!status)
        return std::nullopt;
    return Termination{*status, data.text_attribute("ended_because"),
                       data.text_attribute("ended_by") == "verification"};
}

} // namespace clprobe
