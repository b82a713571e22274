#include "io/file.hpp"
#include "io/json_members.hpp"
#include "model/invariants.hpp"
#include "model/termination.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <functional>
#include <set>

namespace clprobe {

void members(const auto &each, Either<Axis> auto &axis) {
    each("name", axis.name);
    each("unit", axis.unit);
    each.filled("labels", axis.labels);
}

void members(const auto &each, Either<Point> auto &point) {
    each("at", point.at);
    each("samples", point.samples);
    each.filled("block", point.block);
}

/// All but the points.
void members(const auto &each, Either<Series> auto &series) {
    each("name", series.name);
    each("axes", series.axes);
    each("measure", series.measure);
}

void members(const auto &each, Either<Dataset> auto &data) {
    each("numbers", data.number_attributes);
    each("words", data.text_attributes);
    each("series", data.series);
}

void members(const auto &each, Either<Finding> auto &finding) {
    each("key", finding.key);
    each("status", finding.status);
    each.filled("value", finding.value);
    each("unit", finding.unit);
    each.filled("interval", finding.interval);
    each("better", finding.better);
    each.filled("method", finding.method);
    each.filled("evidence", finding.evidence);
    each.filled("note", finding.note);
}

void members(const auto &each, Either<DeviceInfo> auto &info) {
    each("slug", info.slug);
    each("name", info.name);
    each("vendor", info.vendor);
    each("type", info.type);
    each("platform", info.platform);
    each("platform_version", info.platform_version);
    each("version", info.version);
    each("c_version", info.c_version);
    each("driver_version", info.driver_version);
    each.filled("uuid", info.uuid);
    each("fp64", info.fp64);
    each("fp16", info.fp16);
    each("images", info.images);
    each("profiling_advertised", info.profiling_advertised);
    each("local_memory_dedicated", info.local_memory_dedicated);
    each("unified_memory", info.unified_memory);
    each.filled("compute_units", info.compute_units);
    each.filled("max_clock_mhz", info.max_clock_mhz);
    each.filled("max_work_group_size", info.max_work_group_size);
    each.filled("max_work_item_sizes", info.max_work_item_sizes);
    each.filled("global_memory", info.global_memory);
    each.filled("max_allocation", info.max_allocation);
    each.filled("local_memory", info.local_memory);
    each.filled("cache_size", info.cache_size);
    each.filled("cache_line", info.cache_line);
    each.filled("address_bits", info.address_bits);
    each.filled("image2d_max_width", info.image2d_max_width);
    each.filled("image2d_max_height", info.image2d_max_height);
    each.filled("timer_resolution_ns", info.timer_resolution_ns);
    each.filled("native_float_width", info.native_float_width);
    each("extensions", info.extensions);
}

void members(const auto &each, Either<Facts> auto &facts) {
    each.filled("device", facts.device);
    each("findings", facts.findings);
}

void members(const auto &each, Either<ClockChoice> auto &clock) {
    each("source", clock.source);
    each.filled("reason", clock.reason);
    each.filled("resolution", clock.resolution);
    each.filled("ratio", clock.ratio);
}

void members(const auto &each, Either<Elapsed> auto &elapsed) {
    each("total", elapsed.total);
    each("setup", elapsed.setup);
    each("build", elapsed.build);
    each("launch", elapsed.launch);
    each("transfer", elapsed.transfer);
}

void members(const auto &each, Either<MachineLoad> auto &load) {
    each.filled("others", load.others);
    each.filled("steal", load.steal);
    each.filled("slowdown", load.slowdown);
}

void members(const auto &each, Either<BuildRecord> auto &build) {
    each("kernel", build.kernel);
    each("sha256", build.sha256);
    each("options", build.options);
    each("seconds", build.seconds);
    each.filled("error", build.error);
}

void members(const auto &each, Either<ProbeRecord> auto &record) {
    each("probe", record.probe);
    each("status", record.status);
    each.filled("reason", record.reason);
    each("profile", record.profile);
    each("prerequisite", record.prerequisite);
    each("findings", record.findings);
    each.filled("clock", record.clock);
    each("elapsed", record.elapsed);
    each("load", record.load);
    each("builds", record.builds);
    each("facts", record.facts);
    each("data", record.data);
}

void members(const auto &each, Either<DeviceRecord> auto &record) {
    each("device", record.device);
    each("probes", record.probes);
}

void members(const auto &each, Either<HostInfo> auto &host) {
    each("system", host.system);
    each("cpu", host.cpu);
    each("processors", host.processors);
    each("environment", host.environment);
}

/// All but the schema's version.
void members(const auto &each, Either<Report> auto &report) {
    each("tool_version", report.tool_version);
    each("command_line", report.command_line);
    each("seed", report.seed);
    each("profile", report.profile);
    each("started", report.started);
    each("complete", report.complete);
    each.filled("summary", report.summary);
    each("host", report.host);
    each("devices", report.devices);
}

namespace {

template <typename T>
T read_as(const JsonNode &node) {
    T value{};
    read(node, value);
    return value;
}

/// Refuses a second element of the same name.
template <typename T, typename NameOf>
void refuse_twice(const JsonNode &node, const std::vector<T> &values, NameOf name_of) {
    std::set<std::string> names;
    for (const T &value : values)
        if (const std::string name = std::invoke(name_of, value); !names.insert(name).second)
            node.fail("'" + name + "' is there twice");
}

/// The value that `parse` knows the node's word for.
template <typename T, typename Parse>
void read_word(const JsonNode &node, T &value, Parse parse, const char *expected) {
    const std::string word = read_as<std::string>(node);
    const auto parsed = parse(word);
    if (!parsed)
        node.fail(fmt::format("'{}' is no {}", word, expected));
    value = *parsed;
}

} // namespace

Json json_of(Unit unit) {
    return symbol(unit);
}
Json json_of(const Interval &interval) {
    return {interval.low, interval.high};
}

Json json_of(const Finding &finding) {
    if (const auto problem = contradiction_in(finding); !problem.empty())
        throw Error(fmt::format("finding '{}': {}", finding.key, problem));
    Json json;
    members(MemberWriter{json}, finding);
    return json;
}

Json json_of(const Series &series) {
    Json json;
    members(MemberWriter{json}, series);
    Json &points = json["points"] = Json::array();
    for (const Point &point : series.points) {
        if (const auto problem = problem_of(series, point); !problem.empty())
            throw Error(
                fmt::format("series '{}', point {}: {}", series.name, points.size(), problem));
        points.push_back(json_of(point));
    }
    return json;
}

void read(const JsonNode &node, Unit &unit) {
    read_word(node, unit, parse_unit, "unit");
}
void read(const JsonNode &node, Status &status) {
    read_word(node, status, parse_status, "status");
}
void read(const JsonNode &node, Better &better) {
    read_word(node, better, parse_better, "direction (higher, lower, none)");
}
void read(const JsonNode &node, DeviceType &type) {
    read_word(node, type, parse_device_type, "device type");
}
void read(const JsonNode &node, Interval &interval) {
    const auto ends = read_as<std::vector<double>>(node);
    if (ends.size() != 2)
        node.fail("expected [low, high]");
    interval = {ends[0], ends[1]};
}

void read(const JsonNode &node, Point &point) {
    members(MemberReader{node}, point);
    for (const char *member : {"at", "samples"})
        for (const double number : member == std::string_view("at") ? point.at : point.samples)
            if (const auto problem = problem_of(number); !problem.empty())
                node[member].fail(problem);
}

void read(const JsonNode &node, Series &series) {
    members(MemberReader{node}, series);
    for (const JsonNode &element : node["points"].elements()) {
        try {
            Point point = read_as<Point>(element);
            if (const auto problem = problem_of(series, point); !problem.empty())
                element.fail(problem);
            series.points.push_back(std::move(point));
        } catch (const InputError &error) {
            throw InputError(fmt::format("series '{}', point {}: {}", series.name,
                                         series.points.size(), error.what()));
        }
    }
}

void read(const JsonNode &node, Dataset &data) {
    members(MemberReader{node}, data);
    refuse_twice(node["series"], data.series, &Series::name);
}

void read(const JsonNode &node, Finding &finding) {
    members(MemberReader{node}, finding);
    if (const auto problem = contradiction_in(finding); !problem.empty())
        node.fail(problem);
}

/// What cannot be read in a record costs that probe, not the report.
void read(const JsonNode &node, std::vector<ProbeRecord> &records) {
    for (const JsonNode &element : node.elements()) {
        ProbeRecord &record = records.emplace_back();
        const auto probe = read_as<std::string>(element["probe"]);
        try {
            read(element, record);
        } catch (const InputError &error) {
            record = {};
            record.probe = probe;
            record.reason = error.what();
            set_termination(record.data, {Status::failed, error.what(), false});
        }
    }
}

void read(const JsonNode &node, Report &report) {
    expect_version(node, "schema_version", schema_version, "no report of `clprobe run`");
    members(MemberReader{node}, report);
    refuse_twice(node["devices"], report.devices,
                 [](const DeviceRecord &record) { return record.device.slug; });
}

Json to_json(const DeviceInfo &info) {
    return json_of(info);
}
Json to_json(const Facts &facts) {
    return json_of(facts);
}
Json to_json(const ProbeRecord &record) {
    return json_of(record);
}
Json to_json(const Report &report) {
    Json json = {{"schema_version", schema_version}};
    members(MemberWriter{json}, report);
    return json;
}

DeviceInfo device_info_from_json(const Json &json) {
    return read_as<DeviceInfo>(JsonNode(json));
}
Facts facts_from_json(const Json &json) {
    return read_as<Facts>(JsonNode(json));
}
ProbeRecord probe_record_from_json(const Json &json) {
    return read_as<ProbeRecord>(JsonNode(json));
}
Report report_from_json(const Json &json) {
    return read_as<Report>(JsonNode(json));
}

Report read_report(const std::filesystem::path &file) {
    return read_report(read_file(file), file);
}

Report read_report(std::string_view text, const std::filesystem::path &file) {
    return naming_file(file, [&] { return report_from_json(parse_json(text)); });
}

} // namespace clprobe
