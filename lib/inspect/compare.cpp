#include "inspect/inspection.hpp"
#include "model/text.hpp"

#include <map>
#include <tuple>
#include <utility>

namespace clprobe {
namespace {

using Key = std::tuple<std::string, std::string, std::string>;

Key key_of(const InspectedKernel &kernel) {
    return {kernel.probe, kernel.variant, kernel.function};
}

std::map<Key, const InspectedKernel *> by_key(const Inspection &inspection) {
    std::map<Key, const InspectedKernel *> kernels;
    for (const InspectedKernel &kernel : inspection.kernels)
        kernels.emplace(key_of(kernel), &kernel);
    return kernels;
}

void add(std::vector<Statistic> &numbers, std::string name,
         const std::optional<std::uint64_t> &value) {
    if (value)
        numbers.push_back({std::move(name), static_cast<double>(*value)});
}

/// All that the driver says of the kernel in numbers.
std::vector<Statistic> numbers_of(const InspectedKernel &kernel) {
    std::vector<Statistic> numbers;
    add(numbers, "registers", kernel.said.registers);
    add(numbers, "spill stores", kernel.said.spill_stores);
    add(numbers, "spill loads", kernel.said.spill_loads);
    add(numbers, "stack", kernel.said.stack);
    add(numbers, "private memory", kernel.said.private_memory);
    add(numbers, "local memory", kernel.said.local_memory);
    add(numbers, "group limit", kernel.said.max_group_size);
    add(numbers, "preferred multiple", kernel.preferred_multiple);
    numbers.insert(numbers.end(), kernel.statistics.begin(), kernel.statistics.end());
    if (kernel.disassembly) {
        const InstructionCount loop = kernel.disassembly->loop.value_or(InstructionCount{});
        add(numbers, "code: instructions", kernel.disassembly->all.instructions);
        add(numbers, "code: fma", kernel.disassembly->all.fma);
        add(numbers, "loop: instructions", loop.instructions);
        add(numbers, "loop: fma", loop.fma);
    }
    return numbers;
}

std::optional<double> value_of(const std::vector<Statistic> &numbers, const std::string &name) {
    const Statistic *found = pointer_to(numbers, name, &Statistic::name);
    return found == nullptr ? std::nullopt : std::optional{found->value};
}

std::vector<NumberChange> changed_numbers(const std::vector<Statistic> &before,
                                          const std::vector<Statistic> &after) {
    std::vector<NumberChange> changes;
    for (const Statistic &number : after)
        if (const auto was = value_of(before, number.name); was != number.value)
            changes.push_back({number.name, was, number.value});
    for (const Statistic &number : before)
        if (!value_of(after, number.name))
            changes.push_back({number.name, number.value, std::nullopt});
    return changes;
}

KernelChange change(const InspectedKernel *before, const InspectedKernel *after) {
    const auto &[probe, variant, function] = key_of(after != nullptr ? *after : *before);
    KernelChange change{probe, variant, function, {}, {}};
    if (before == nullptr || after == nullptr) {
        change.what = before == nullptr ? "new" : "gone";
        return change;
    }
    if (before->sha256 != after->sha256 || before->options != after->options)
        change.what = "text or options";
    else if (before->error != after->error)
        change.what = "error";
    change.numbers = changed_numbers(numbers_of(*before), numbers_of(*after));
    return change;
}

} // namespace

std::vector<KernelChange> changed_kernels(const Inspection &before, const Inspection &after) {
    const auto earlier = by_key(before);
    const auto now = by_key(after);
    std::vector<KernelChange> changes;
    for (const InspectedKernel &kernel : after.kernels) {
        const auto was = earlier.find(key_of(kernel));
        KernelChange changed = change(was == earlier.end() ? nullptr : was->second, &kernel);
        if (!changed.what.empty() || !changed.numbers.empty())
            changes.push_back(std::move(changed));
    }
    for (const InspectedKernel &kernel : before.kernels)
        if (!now.contains(key_of(kernel)))
            changes.push_back(change(&kernel, nullptr));
    return changes;
}

} // namespace clprobe
