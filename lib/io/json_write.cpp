#include "io/json_optional.hpp"
#include "model/invariants.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

namespace clprobe {
namespace {

Json to_json(const Axis &axis);
Json to_json(const Series &series);
Json to_json(const BuildRecord &build);

template <typename T>
Json array_of(const std::vector<T> &values) {
    Json json = Json::array();
    for (const T &value : values)
        json.push_back(to_json(value));
    return json;
}

Json to_json(const Axis &axis) {
    Json json = {{"name", axis.name}, {"unit", symbol(axis.unit)}};
    put_filled(json, "labels", axis.labels);
    return json;
}

Json to_json(const Point &point) {
    Json json = {{"at", point.at}, {"samples", point.samples}};
    put_filled(json, "block", point.block);
    return json;
}

Json to_json(const Series &series) {
    Json json = {{"name", series.name}};
    json["axes"] = array_of(series.axes);
    json["measure"] = to_json(series.measure);
    Json &points = json["points"] = Json::array();
    for (const Point &point : series.points) {
        if (const auto problem = problem_of(series, point); !problem.empty())
            throw Error(
                fmt::format("series '{}', point {}: {}", series.name, points.size(), problem));
        points.push_back(to_json(point));
    }
    return json;
}

Json to_json(const ClockChoice &clock) {
    Json json = {{"source", clock.source}};
    put_filled(json, "reason", clock.reason);
    put(json, "resolution", clock.resolution);
    put(json, "ratio", clock.ratio);
    return json;
}

Json to_json(const Elapsed &elapsed) {
    return {{"total", elapsed.total},
            {"setup", elapsed.setup},
            {"build", elapsed.build},
            {"launch", elapsed.launch},
            {"transfer", elapsed.transfer}};
}

Json to_json(const MachineLoad &load) {
    Json json = Json::object();
    put(json, "others", load.others);
    put(json, "steal", load.steal);
    put(json, "slowdown", load.slowdown);
    return json;
}

Json to_json(const BuildRecord &build) {
    Json json = {{"kernel", build.kernel},
                 {"sha256", build.sha256},
                 {"options", build.options},
                 {"seconds", build.seconds}};
    put_filled(json, "error", build.error);
    return json;
}

Json to_json(const HostInfo &host) {
    Json json = {{"system", host.system}, {"cpu", host.cpu}, {"processors", host.processors}};
    json["environment"] = host.environment;
    return json;
}

} // namespace

Json to_json(const DeviceInfo &info) {
    Json json = {{"slug", info.slug},
                 {"name", info.name},
                 {"vendor", info.vendor},
                 {"type", name(info.type)},
                 {"platform", info.platform},
                 {"platform_version", info.platform_version},
                 {"version", info.version},
                 {"c_version", info.c_version},
                 {"driver_version", info.driver_version},
                 {"fp64", info.fp64},
                 {"fp16", info.fp16},
                 {"images", info.images},
                 {"profiling_advertised", info.profiling_advertised},
                 {"local_memory_dedicated", info.local_memory_dedicated},
                 {"unified_memory", info.unified_memory}};
    put(json, "compute_units", info.compute_units);
    put(json, "max_clock_mhz", info.max_clock_mhz);
    put(json, "max_work_group_size", info.max_work_group_size);
    put(json, "max_work_item_sizes", info.max_work_item_sizes);
    put(json, "global_memory", info.global_memory);
    put(json, "max_allocation", info.max_allocation);
    put(json, "local_memory", info.local_memory);
    put(json, "cache_size", info.cache_size);
    put(json, "cache_line", info.cache_line);
    put(json, "address_bits", info.address_bits);
    put(json, "image2d_max_width", info.image2d_max_width);
    put(json, "image2d_max_height", info.image2d_max_height);
    put(json, "timer_resolution_ns", info.timer_resolution_ns);
    json["extensions"] = info.extensions;
    return json;
}

Json to_json(const Finding &finding) {
    if (const auto problem = contradiction_in(finding); !problem.empty())
        throw Error(fmt::format("finding '{}': {}", finding.key, problem));
    Json json = {{"key", finding.key}, {"status", name(finding.status)}};
    put(json, "value", finding.value);
    json["unit"] = symbol(finding.unit);
    if (finding.interval)
        json["interval"] = {finding.interval->low, finding.interval->high};
    json["better"] = name(finding.better);
    put_filled(json, "method", finding.method);
    put_filled(json, "evidence", finding.evidence);
    put_filled(json, "note", finding.note);
    return json;
}

Json to_json(const Dataset &data) {
    Json json = Json::object();
    json["numbers"] = data.number_attributes;
    json["words"] = data.text_attributes;
    json["series"] = array_of(data.series);
    return json;
}

Json to_json(const Facts &facts) {
    Json json = Json::object();
    if (facts.device)
        json["device"] = to_json(*facts.device);
    json["findings"] = array_of(facts.findings);
    return json;
}

Json to_json(const ProbeRecord &record) {
    Json json = {{"probe", record.probe}, {"status", name(record.status)}};
    put_filled(json, "reason", record.reason);
    json["profile"] = record.profile;
    json["prerequisite"] = record.prerequisite;
    json["findings"] = array_of(record.findings);
    if (record.clock != ClockChoice{})
        json["clock"] = to_json(record.clock);
    json["elapsed"] = to_json(record.elapsed);
    json["load"] = to_json(record.load);
    json["builds"] = array_of(record.builds);
    json["facts"] = array_of(record.facts);
    json["data"] = to_json(record.data);
    return json;
}

Json to_json(const DeviceRecord &record) {
    return {{"device", to_json(record.device)}, {"probes", array_of(record.probes)}};
}

Json to_json(const Report &report) {
    Json json = {{"schema_version", schema_version},    {"tool_version", report.tool_version},
                 {"command_line", report.command_line}, {"seed", report.seed},
                 {"profile", report.profile},           {"started", report.started},
                 {"complete", report.complete},         {"host", to_json(report.host)}};
    if (report.summary)
        json["summary"] = true;
    json["devices"] = array_of(report.devices);
    return json;
}

} // namespace clprobe
