#include "io/inspection_json.hpp"
#include "io/json_optional.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

namespace clprobe {
namespace {

/// The counts that the driver's own calls and its build log give, by their members' names.
struct SaidMember {
    const char *name;
    std::optional<std::uint64_t> CompilerReport::*value;
};
constexpr SaidMember said_members[] = {
    {"registers", &CompilerReport::registers},
    {"spill_stores", &CompilerReport::spill_stores},
    {"spill_loads", &CompilerReport::spill_loads},
    {"stack", &CompilerReport::stack},
    {"private_memory", &CompilerReport::private_memory},
    {"local_memory", &CompilerReport::local_memory},
    {"max_group_size", &CompilerReport::max_group_size},
};

Json count_json(const InstructionCount &count) {
    return {{"instructions", count.instructions},
            {"fma", count.fma},
            {"slots", count.slots},
            {"fma_share", count.share()}};
}

InstructionCount read_count(const JsonNode &node) {
    return {node["instructions"].count(), node["fma"].count(), node["slots"].count()};
}

Json code_json(const Disassembly &code) {
    Json json = {{"language", code.language}, {"all", count_json(code.all)}};
    if (code.loop)
        json["loop"] = count_json(*code.loop);
    put_filled(json, "text", code.text);
    return json;
}

Disassembly read_code(const JsonNode &node) {
    Disassembly code{
        node["language"].text(), text_or_empty(node, "text"), read_count(node["all"]), {}};
    if (const auto loop = node.find("loop"))
        code.loop = read_count(*loop);
    return code;
}

std::optional<FirstLaunch> read_launch(const JsonNode &kernel) {
    FirstLaunch launch{optional_number(kernel, "launch_seconds"),
                       text_or_empty(kernel, "launch_error")};
    return launch == FirstLaunch{} ? std::nullopt : std::optional{launch};
}

InspectedKernel read_kernel(const JsonNode &node) {
    InspectedKernel kernel;
    kernel.probe = node["probe"].text();
    kernel.variant = text_or_empty(node, "variant");
    kernel.function = text_or_empty(node, "function");
    kernel.text = node["kernel"].text();
    kernel.sha256 = node["sha256"].text();
    kernel.options = node["options"].text();
    kernel.error = text_or_empty(node, "error");
    kernel.build_seconds = optional_number(node, "build_seconds");
    kernel.binary_bytes = optional_count(node, "binary_bytes");
    for (const auto &[name, value] : said_members)
        kernel.said.*value = optional_count(node, name);
    kernel.preferred_multiple = optional_count(node, "preferred_multiple");
    if (const auto statistics = node.find("statistics"))
        for (const auto &[name, value] : statistics->members())
            kernel.statistics.push_back({name, value.number()});
    if (const auto messages = node.find("messages"))
        kernel.messages = messages->texts();
    if (const auto code = node.find("code"))
        kernel.disassembly = read_code(*code);
    kernel.launch = read_launch(node);
    return kernel;
}

} // namespace

Json to_json(const InspectedKernel &kernel) {
    Json json = {{"probe", kernel.probe}};
    put_filled(json, "variant", kernel.variant);
    put_filled(json, "function", kernel.function);
    json["kernel"] = kernel.text;
    json["sha256"] = kernel.sha256;
    json["options"] = kernel.options;
    put_filled(json, "error", kernel.error);
    put(json, "build_seconds", kernel.build_seconds);
    put(json, "binary_bytes", kernel.binary_bytes);
    for (const auto &[name, value] : said_members)
        put(json, name, kernel.said.*value);
    put(json, "preferred_multiple", kernel.preferred_multiple);
    for (const Statistic &statistic : kernel.statistics)
        json["statistics"][statistic.name] = statistic.value;
    put_filled(json, "messages", kernel.messages);
    if (kernel.disassembly)
        json["code"] = code_json(*kernel.disassembly);
    if (kernel.launch) {
        put(json, "launch_seconds", kernel.launch->seconds);
        put_filled(json, "launch_error", kernel.launch->error);
    }
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
    return read_kernel(JsonNode(json));
}

Inspection inspection_from_json(const Json &json) {
    const JsonNode node(json);
    if (!node.find("inspection_version"))
        node.fail("nothing that `clprobe inspect` wrote, as it lacks 'inspection_version'");
    const std::string version = node["inspection_version"].text();
    const std::string_view known = inspection_version.substr(0, inspection_version.find('.') + 1);
    if (!version.starts_with(known))
        node["inspection_version"].fail(fmt::format("this program reads {}x", known));
    Inspection inspection;
    inspection.tool_version = node["tool_version"].text();
    (void)node["device"]; // names the place where it is missing
    inspection.device = device_info_from_json(json.at("device"));
    inspection.kernels = node["kernels"].list(read_kernel);
    return inspection;
}

} // namespace clprobe
