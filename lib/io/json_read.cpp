#include "io/json_optional.hpp"
#include "model/invariants.hpp"
#include "model/termination.hpp"

#include <clprobe/error.hpp>
#include <clprobe/file.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <set>

namespace clprobe {
namespace {

Unit read_unit(const JsonNode &node) {
    return node.word(parse_unit, "unit");
}

Status read_status(const JsonNode &node) {
    return node.word(parse_status, "status");
}

Interval read_interval(const JsonNode &node) {
    const auto ends = node.numbers();
    if (ends.size() != 2)
        node.fail("expected [low, high]");
    return {ends[0], ends[1]};
}

Axis read_axis(const JsonNode &node) {
    Axis axis{node["name"].text(), read_unit(node["unit"]), {}};
    if (const auto labels = node.find("labels"))
        axis.labels = labels->texts();
    return axis;
}

std::vector<double> read_measures(const JsonNode &node) {
    auto numbers = node.numbers();
    for (const double number : numbers)
        if (const auto problem = problem_of(number); !problem.empty())
            node.fail(problem);
    return numbers;
}

Point read_point(const JsonNode &node) {
    Point point{read_measures(node["at"]), read_measures(node["samples"]), {}};
    if (const auto block = node.find("block"))
        point.block = block->list([](const JsonNode &element) { return element.integer(); });
    return point;
}

Series read_series(const JsonNode &node) {
    Series series;
    series.name = node["name"].text();
    series.axes = node["axes"].list(read_axis);
    series.measure = read_axis(node["measure"]);
    for (const JsonNode &element : node["points"].elements()) {
        try {
            Point point = read_point(element);
            if (const auto problem = problem_of(series, point); !problem.empty())
                element.fail(problem);
            series.points.push_back(std::move(point));
        } catch (const InputError &error) {
            throw InputError(fmt::format("series '{}', point {}: {}", series.name,
                                         series.points.size(), error.what()));
        }
    }
    return series;
}

/// Refuses a second element of the same name.
template <typename T, typename NameOf>
void refuse_twice(const JsonNode &node, const std::vector<T> &values, NameOf name_of) {
    std::set<std::string> names;
    for (const T &value : values)
        if (!names.insert(name_of(value)).second)
            node.fail("'" + name_of(value) + "' is there twice");
}

Dataset read_dataset(const JsonNode &node) {
    Dataset data;
    for (const auto &[name, value] : node["numbers"].members())
        data.number_attributes[name] = value.number();
    for (const auto &[name, value] : node["words"].members())
        data.text_attributes[name] = value.text();
    data.series = node["series"].list(read_series);
    refuse_twice(node["series"], data.series, [](const Series &series) { return series.name; });
    return data;
}

Finding read_finding(const JsonNode &node) {
    Finding finding;
    finding.key = node["key"].text();
    finding.status = read_status(node["status"]);
    finding.value = optional_number(node, "value");
    finding.unit = read_unit(node["unit"]);
    if (const auto interval = node.find("interval"))
        finding.interval = read_interval(*interval);
    finding.better = node["better"].word(parse_better, "direction (higher, lower, none)");
    finding.method = text_or_empty(node, "method");
    if (const auto evidence = node.find("evidence"))
        finding.evidence = evidence->texts();
    finding.note = text_or_empty(node, "note");
    if (const auto problem = contradiction_in(finding); !problem.empty())
        node.fail(problem);
    return finding;
}

std::array<std::uint64_t, 3> read_sizes(const JsonNode &node) {
    const auto sizes = node.elements();
    if (sizes.size() != 3)
        node.fail("expected three sizes");
    return {sizes[0].count(), sizes[1].count(), sizes[2].count()};
}

DeviceInfo read_device_info(const JsonNode &node) {
    DeviceInfo info;
    info.slug = node["slug"].text();
    info.name = node["name"].text();
    info.vendor = node["vendor"].text();
    info.type = node["type"].word(parse_device_type, "device type");
    info.platform = node["platform"].text();
    info.platform_version = node["platform_version"].text();
    info.version = node["version"].text();
    info.c_version = node["c_version"].text();
    info.driver_version = node["driver_version"].text();
    info.fp64 = node["fp64"].boolean();
    info.fp16 = node["fp16"].boolean();
    info.images = node["images"].boolean();
    info.profiling_advertised = node["profiling_advertised"].boolean();
    info.local_memory_dedicated = node["local_memory_dedicated"].boolean();
    info.unified_memory = node["unified_memory"].boolean();
    info.compute_units = optional_count(node, "compute_units");
    info.max_clock_mhz = optional_count(node, "max_clock_mhz");
    info.max_work_group_size = optional_count(node, "max_work_group_size");
    if (const auto sizes = node.find("max_work_item_sizes"))
        info.max_work_item_sizes = read_sizes(*sizes);
    info.global_memory = optional_count(node, "global_memory");
    info.max_allocation = optional_count(node, "max_allocation");
    info.local_memory = optional_count(node, "local_memory");
    info.cache_size = optional_count(node, "cache_size");
    info.cache_line = optional_count(node, "cache_line");
    info.address_bits = optional_count(node, "address_bits");
    info.image2d_max_width = optional_count(node, "image2d_max_width");
    info.image2d_max_height = optional_count(node, "image2d_max_height");
    info.timer_resolution_ns = optional_count(node, "timer_resolution_ns");
    info.extensions = node["extensions"].texts();
    return info;
}

Facts read_facts(const JsonNode &node) {
    Facts facts;
    if (const auto device = node.find("device"))
        facts.device = read_device_info(*device);
    facts.findings = node["findings"].list(read_finding);
    return facts;
}

ClockChoice read_clock(const JsonNode &node) {
    return {node["source"].text(), text_or_empty(node, "reason"),
            optional_number(node, "resolution"), optional_number(node, "ratio")};
}

Elapsed read_elapsed(const JsonNode &node) {
    return {node["total"].number(), node["setup"].number(), node["build"].number(),
            node["launch"].number(), node["transfer"].number()};
}

MachineLoad read_load(const JsonNode &node) {
    return {optional_number(node, "others"), optional_number(node, "steal"),
            optional_number(node, "slowdown")};
}

BuildRecord read_build(const JsonNode &node) {
    return {node["kernel"].text(), node["sha256"].text(), node["options"].text(),
            node["seconds"].number(), text_or_empty(node, "error")};
}

ProbeRecord read_probe_record(const JsonNode &node) {
    ProbeRecord record;
    record.probe = node["probe"].text();
    record.status = read_status(node["status"]);
    record.reason = text_or_empty(node, "reason");
    record.profile = node["profile"].text();
    record.prerequisite = node["prerequisite"].boolean();
    if (const auto clock = node.find("clock"))
        record.clock = read_clock(*clock);
    record.elapsed = read_elapsed(node["elapsed"]);
    record.load = read_load(node["load"]);
    record.builds = node["builds"].list(read_build);
    record.facts = node["facts"].list(read_finding);
    record.data = read_dataset(node["data"]);
    record.findings = node["findings"].list(read_finding);
    return record;
}

/// What cannot be read in a record costs that probe, not the report.
ProbeRecord record_or_failed(const JsonNode &node) {
    ProbeRecord failed;
    failed.probe = node["probe"].text();
    try {
        return read_probe_record(node);
    } catch (const InputError &error) {
        set_termination(failed.data, {Status::failed, error.what(), false});
        failed.reason = error.what();
        return failed;
    }
}

DeviceRecord read_device_record(const JsonNode &node) {
    return {read_device_info(node["device"]), node["probes"].list(record_or_failed)};
}

HostInfo read_host(const JsonNode &node) {
    HostInfo host;
    host.system = node["system"].text();
    host.cpu = node["cpu"].text();
    const auto processors = node["processors"].count();
    if (processors > std::numeric_limits<unsigned>::max())
        node["processors"].fail("too large");
    host.processors = static_cast<unsigned>(processors);
    for (const auto &[name, value] : node["environment"].members())
        host.environment[name] = value.text();
    return host;
}

/// The first number of "1.0.0"; nothing where the text is no such version.
std::optional<unsigned> major_version(std::string_view text) {
    unsigned numbers[3] = {};
    const char *at = text.data();
    const char *const end = at + text.size();
    for (int i = 0; i < 3; ++i) {
        if (i > 0 && (at == end || *at++ != '.'))
            return std::nullopt;
        const auto [next, error] = std::from_chars(at, end, numbers[i]);
        if (error != std::errc{})
            return std::nullopt;
        at = next;
    }
    return at == end ? std::optional{numbers[0]} : std::nullopt;
}

void check_version(const JsonNode &node) {
    const std::string version = node.text();
    const auto major = major_version(version);
    if (!major)
        node.fail(fmt::format("'{}' is no version such as '{}'", version, schema_version));
    if (*major != major_version(schema_version))
        node.fail(fmt::format("the report is of schema {}, but this program reads schema {}",
                              version, schema_version));
}

Report read_report(const JsonNode &node) {
    if (!node.find("schema_version"))
        node.fail("no report of `clprobe run`, as it lacks 'schema_version'");
    check_version(node["schema_version"]);
    Report report;
    report.tool_version = node["tool_version"].text();
    report.command_line = node["command_line"].texts();
    report.seed = node["seed"].count();
    report.profile = node["profile"].text();
    report.started = node["started"].text();
    report.complete = node["complete"].boolean();
    if (const auto summary = node.find("summary"))
        report.summary = summary->boolean();
    report.host = read_host(node["host"]);
    report.devices = node["devices"].list(read_device_record);
    refuse_twice(node["devices"], report.devices,
                 [](const DeviceRecord &record) { return record.device.slug; });
    return report;
}

} // namespace

DeviceInfo device_info_from_json(const Json &json) {
    return read_device_info(JsonNode(json));
}
Finding finding_from_json(const Json &json) {
    return read_finding(JsonNode(json));
}
Dataset dataset_from_json(const Json &json) {
    return read_dataset(JsonNode(json));
}
Facts facts_from_json(const Json &json) {
    return read_facts(JsonNode(json));
}
ProbeRecord probe_record_from_json(const Json &json) {
    return read_probe_record(JsonNode(json));
}
DeviceRecord device_record_from_json(const Json &json) {
    return read_device_record(JsonNode(json));
}
Report report_from_json(const Json &json) {
    return read_report(JsonNode(json));
}

Report read_report(const std::filesystem::path &file) {
    const std::string text = read_file(file);
    try {
        return report_from_json(parse_json(text));
    } catch (const InputError &error) {
        throw InputError(fmt::format("'{}': {}", file.string(), error.what()));
    }
}

} // namespace clprobe
