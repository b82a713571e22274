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

std::optional<double> value_of(const std::vector<KernelNumber> &numbers, const std::string &name) {
    const KernelNumber *found = pointer_to(numbers, name, &KernelNumber::name);
    return found == nullptr ? std::nullopt : std::optional{found->value};
}

std::vector<NumberChange> changed_numbers(const std::vector<KernelNumber> &before,
                                          const std::vector<KernelNumber> &after) {
    std::vector<NumberChange> changes;
    for (const KernelNumber &number : after)
        if (const auto was = value_of(before, number.name); was != number.value)
            changes.push_back({number.name, was, number.value});
    for (const KernelNumber &number : before)
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
