#pragma once
#include "fuzz/mutation.hpp"
#include "fuzz/properties.hpp"
#include "io/file.hpp"
#include "measure/session.hpp"

#include <clprobe/registry.hpp>
#include <clprobe/row.hpp>

#include <cmath>
#include <span>
#include <string>

// What holds for whatever is interpreted, tried on the records of a committed report that are
// spoilt in structure. The bytes say which record and how.
namespace clprobe::fuzz {

inline bool is_sound(const Finding &finding) {
    const bool valued = finding.status == Status::measured || finding.status == Status::suspect;
    if (valued != finding.value.has_value())
        return false;
    return !valued || (std::isfinite(*finding.value) &&
                       (!finding.interval || (std::isfinite(finding.interval->half_width()) &&
                                              finding.interval->contains(*finding.value))));
}

/// A record is interpreted, without an exception, and what it leaves can be shown and written.
inline void check_interpretation(const Registry &registry, ProbeRecord record,
                                 const DeviceInfo *device) {
    const Probe *probe = registry.find(record.probe);
    if (probe == nullptr)
        return;
    record.findings = interpret(*probe, record, device);
    settle_status(record);
    for (const Finding &finding : record.findings)
        require(is_sound(finding), "findings are finite, and values lie within their intervals");
    (void)to_text(to_json(record));
    const TextStyle style{80, false, false};
    (void)probe_text(record, style);
    record.data = relabelled(std::move(record.data), probe->info());
    if (!problem_of(record.data, probe->info()).empty()) {
        require(record.status == Status::failed, "data that do not fit fail the probe");
        return;
    }
    try {
        for (const Curve &curve : probe->curves(record.data))
            (void)plot_text(curve, record.findings, style);
        for (const HeatMap &map : probe->heat_maps(record.data))
            (void)heat_map_text(map, style);
        if (const auto picture = probe->picture(record.data))
            (void)to_pgm(*picture);
    } catch (const InvalidRow &) { // coordinates that the probe's rows do not have
    }
}

/// The seed with one probe's record spoilt, read as a report.
inline void check_spoilt_report(const Registry &registry, const Json &seed, Bytes &bytes) {
    Json report = seed;
    Json &probes = report["devices"][0]["probes"];
    Json record = std::move(probes[bytes.index(probes.size())]);
    spoil(record, bytes);
    probes = Json::array({std::move(record)});
    Report read;
    try {
        read = report_from_json(report);
    } catch (const InputError &) {
        return;
    }
    for (const DeviceRecord &device : read.devices)
        for (const ProbeRecord &of_probe : device.probes)
            check_interpretation(registry, of_probe, &device.device);
}

/// One of its series as the CSV file that clprobe writes, or as one without an origin, its lines
/// and cells spoilt.
inline void check_spoilt_csv(const Registry &registry, const Report &seed, Bytes &bytes) {
    const DeviceRecord &device = seed.devices[0];
    const ProbeRecord &record = device.probes[bytes.index(device.probes.size())];
    const auto files = to_csv(seed, device, record);
    std::string text = files[bytes.index(files.size())].text;
    const bool external = bytes.flag();
    if (external)
        text.erase(0, text.find('\n') + 1);
    text = spoilt_lines(text, bytes);
    std::vector<Series> layouts;
    for (const SeriesShape &shape : registry.find(record.probe)->info().series)
        layouts.push_back({shape.name, shape.axes, shape.measure, {}});
    try {
        const CsvSeries csv = series_from_csv(text, "file.csv", layouts);
        if (csv.origin) {
            for (const Report &report : reports_from_csv(std::span(&csv, 1)))
                for (const ProbeRecord &of_probe : report.devices.at(0).probes)
                    check_interpretation(registry, of_probe, &report.devices[0].device);
            return;
        }
        ProbeRecord alone;
        alone.probe = record.probe;
        alone.data.series = {csv.series};
        check_interpretation(registry, alone, nullptr);
    } catch (const InputError &) {
    }
}

/// The bytes choose a record of the seed and what is done to it.
inline void check_spoilt(std::string_view data) {
    static const Registry registry = builtin_probes();
    static const Json seed = parse_json(read_file(CLPROBE_FUZZ_SEED));
    static const Report report = report_from_json(seed);
    Bytes bytes(data);
    if (bytes.flag())
        check_spoilt_csv(registry, report, bytes);
    else
        check_spoilt_report(registry, seed, bytes);
}

} // namespace clprobe::fuzz
