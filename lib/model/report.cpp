#include "model/termination.hpp"
#include "model/text.hpp"

#include <clprobe/report.hpp>

#include <algorithm>

namespace clprobe {
namespace {

constexpr Names<DeviceType, 3> device_types = {
    {{DeviceType::cpu, "cpu"}, {DeviceType::gpu, "gpu"}, {DeviceType::accelerator, "accelerator"}}};
constexpr Names<Status, 5> statuses = {{{Status::measured, "measured"},
                                        {Status::suspect, "suspect"},
                                        {Status::inconclusive, "inconclusive"},
                                        {Status::unsupported, "unsupported"},
                                        {Status::failed, "failed"}}};
constexpr Names<Better, 3> betters = {
    {{Better::higher, "higher"}, {Better::lower, "lower"}, {Better::none, "none"}}};

} // namespace

std::string_view name(Status status) {
    return word_of(statuses, status);
}
std::string_view name(Better better) {
    return word_of(betters, better);
}
std::optional<Status> parse_status(std::string_view text) {
    return value_of(statuses, text);
}
std::optional<Better> parse_better(std::string_view text) {
    return value_of(betters, text);
}

Finding measured(const FindingKey &key, double value, Interval interval) {
    return {key.key, value, key.unit, interval, Status::measured, {}, {}, key.better, {}};
}

Finding without_value(const FindingKey &key, Status status, std::string reason) {
    return {key.key, {}, key.unit, {}, status, {}, {}, key.better, std::move(reason)};
}

void make_suspect(Finding &finding, std::string_view reason) {
    if (finding.status == Status::measured)
        finding.status = Status::suspect;
    if (!finding.note.empty())
        finding.note += "; ";
    finding.note += reason;
}

bool is_listed_as(std::string_view key, std::string_view listed) {
    constexpr std::string_view number = "<n>";
    if (key == listed)
        return true;
    const auto at = listed.find(number);
    if (at == std::string_view::npos || !key.starts_with(listed.substr(0, at)))
        return false;
    const auto digits = std::min(key.find_first_not_of("0123456789", at), key.size());
    return digits > at && is_listed_as(key.substr(digits), listed.substr(at + number.size()));
}

std::string_view name(DeviceType type) {
    return word_of(device_types, type);
}

std::optional<DeviceType> parse_device_type(std::string_view text) {
    return value_of(device_types, text);
}

bool DeviceInfo::has_extension(std::string_view extension) const {
    return std::ranges::find(extensions, extension) != extensions.end();
}

bool have_different_uuids(const DeviceInfo &one, const DeviceInfo &other) {
    return !one.uuid.empty() && !other.uuid.empty() && one.uuid != other.uuid;
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
