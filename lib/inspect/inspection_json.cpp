#include "inspect/inspection.hpp"
#include "io/json_members.hpp"

namespace clprobe {

void members(const auto &each, Either<InstructionCount> auto &count) {
    each("instructions", count.instructions);
    each("fma", count.fma);
    each("slots", count.slots);
    each.filled("loaded_bytes", count.loaded_bytes);
}

void members(const auto &each, Either<Disassembly> auto &code) {
    each("language", code.language);
    each("all", code.all);
    each.filled("loop", code.loop);
    each.filled("text", code.text);
}

void members(const auto &each, Either<FirstLaunch> auto &launch) {
    each.filled("launch_seconds", launch.seconds);
    each.filled("launch_error", launch.error);
}

/// What the driver's own calls and its build log give.
void members(const auto &each, Either<CompilerReport> auto &said) {
    each.filled("registers", said.registers);
    each.filled("spill_stores", said.spill_stores);
    each.filled("spill_loads", said.spill_loads);
    each.filled("stack", said.stack);
    each.filled("private_memory", said.private_memory);
    each.filled("local_memory", said.local_memory);
    each.filled("max_group_size", said.max_group_size);
}

/// All but the launch, whose members stand behind these.
void members(const auto &each, Either<InspectedKernel> auto &kernel) {
    each("probe", kernel.probe);
    each.filled("variant", kernel.variant);
    each.filled("function", kernel.function);
    each("kernel", kernel.text);
    each("sha256", kernel.sha256);
    each("options", kernel.options);
    each.filled("error", kernel.error);
    each.filled("build_seconds", kernel.build_seconds);
    each.filled("binary_bytes", kernel.binary_bytes);
    members(each, kernel.said);
    each.filled("preferred_multiple", kernel.preferred_multiple);
    each.filled("statistics", kernel.statistics);
    each.filled("messages", kernel.messages);
    each.filled("code", kernel.disassembly);
}

Json json_of(const InstructionCount &count) {
    Json json;
    members(MemberWriter{json}, count);
    json["fma_share"] = count.share();
    return json;
}

Json json_of(const std::vector<Statistic> &statistics) {
    Json json = Json::object();
    for (const Statistic &statistic : statistics)
        json[statistic.name] = statistic.value;
    return json;
}

void read(const JsonNode &node, std::vector<Statistic> &statistics) {
    for (const auto &[name, value] : node.members())
        read(value, statistics.emplace_back(Statistic{name, 0}).value);
}

void read(const JsonNode &node, InspectedKernel &kernel) {
    members(MemberReader{node}, kernel);
    FirstLaunch launch;
    read(node, launch);
    if (launch != FirstLaunch{})
        kernel.launch = launch;
}

Json to_json(const InspectedKernel &kernel) {
    Json json;
    members(MemberWriter{json}, kernel);
    if (kernel.launch)
        members(MemberWriter{json}, *kernel.launch);
    return json;
}

Json to_json(const Inspection &inspection) {
    Json json = {{"inspection_version", inspection_version},
                 {"tool_version", inspection.tool_version},
                 {"device", to_json(inspection.device)}};
    Json &kernels = json["kernels"] = Json::array();
    for (const InspectedKernel &kernel : inspection.kernels)
        kernels.push_back(to_json(kernel));
    return json;
}

InspectedKernel inspected_kernel_from_json(const Json &json) {
    InspectedKernel kernel;
    read(JsonNode(json), kernel);
    return kernel;
}

Inspection inspection_from_json(const Json &json) {
    const JsonNode node(json);
    expect_version(node, "inspection_version", inspection_version,
                   "nothing that `clprobe inspect` wrote");
    Inspection inspection;
    read(node["tool_version"], inspection.tool_version);
    inspection.device = device_info_from_json(node["device"].json());
    read(node["kernels"], inspection.kernels);
    return inspection;
}

} // namespace clprobe
