#include "inspect/inspection.hpp"
#include "io/file.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/expectations.hpp>

#include <fmt/format.h>

namespace clprobe {
namespace {

void add(std::vector<KernelNumber> &numbers, std::string name,
         const std::optional<std::uint64_t> &value, Unit unit = Unit::one) {
    if (value)
        numbers.push_back({std::move(name), static_cast<double>(*value), unit});
}

void add(std::vector<KernelNumber> &numbers, const std::string &before,
         const InstructionCount &count) {
    add(numbers, before + "instructions", count.instructions);
    add(numbers, before + "fma", count.fma);
    add(numbers, before + "slots", count.slots);
    add(numbers, before + "loaded_bytes", count.loaded_bytes, Unit::byte);
}

/// "compute/julia.unrolled.julia".
std::string dotted_name(const InspectedKernel &kernel) {
    std::string key = kernel.probe;
    for (const std::string &part : {kernel.variant, kernel.function})
        if (!part.empty())
            key += "." + part;
    return key;
}

std::vector<Finding> findings_of(const InspectedKernel &kernel) {
    std::vector<KernelNumber> numbers = numbers_of(kernel);
    add(numbers, "binary_bytes", kernel.binary_bytes, Unit::byte);
    if (kernel.disassembly) {
        numbers.push_back({"fma_share", kernel.disassembly->all.share()});
        if (kernel.disassembly->loop)
            numbers.push_back({"loop_fma_share", kernel.disassembly->loop->share()});
    }
    std::vector<Finding> findings;
    for (const KernelNumber &number : numbers) {
        const std::string key = fmt::format("inspect.{}.{}", dotted_name(kernel), number.name);
        Finding finding = measured({key, number.unit, Better::none, {}}, number.value,
                                   {number.value, number.value});
        finding.method = "what the compiler says of " + kernel.text;
        findings.push_back(std::move(finding));
    }
    return findings;
}

} // namespace

std::vector<KernelNumber> numbers_of(const InspectedKernel &kernel) {
    std::vector<KernelNumber> numbers;
    add(numbers, "registers", kernel.said.registers);
    add(numbers, "spill_stores", kernel.said.spill_stores, Unit::byte);
    add(numbers, "spill_loads", kernel.said.spill_loads, Unit::byte);
    add(numbers, "stack", kernel.said.stack, Unit::byte);
    add(numbers, "private_memory", kernel.said.private_memory, Unit::byte);
    add(numbers, "local_memory", kernel.said.local_memory, Unit::byte);
    add(numbers, "max_group_size", kernel.said.max_group_size);
    add(numbers, "preferred_multiple", kernel.preferred_multiple);
    if (kernel.disassembly) {
        add(numbers, "", kernel.disassembly->all);
        if (kernel.disassembly->loop)
            add(numbers, "loop_", *kernel.disassembly->loop);
    }
    for (const Statistic &statistic : kernel.statistics)
        if (pointer_to(numbers, statistic.name, &KernelNumber::name) == nullptr)
            numbers.push_back({statistic.name, statistic.value});
    return numbers;
}

Report report_of(const Inspection &inspection) {
    Report report;
    report.tool_version = inspection.tool_version;
    report.complete = true;
    report.summary = true;
    DeviceRecord &device = report.devices.emplace_back(DeviceRecord{inspection.device, {}});
    for (const InspectedKernel &kernel : inspection.kernels) {
        if (device.probes.empty() || device.probes.back().probe != kernel.probe) {
            device.probes.emplace_back().probe = kernel.probe;
            device.probes.back().status = Status::measured;
        }
        std::vector<Finding> &findings = device.probes.back().findings;
        std::ranges::move(findings_of(kernel), std::back_inserter(findings));
    }
    return report;
}

Report read_report_or_inspection(const std::filesystem::path &file) {
    const std::string text = read_file(file);
    return naming_file(file, [&] {
        const Json json = parse_json(text);
        const bool inspected = json.is_object() && json.contains("inspection_version");
        return inspected ? report_of(inspection_from_json(json)) : report_from_json(json);
    });
}

} // namespace clprobe
