#include "inspect/code_difference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <vector>

namespace clprobe {
namespace {

/// The kernels of one probe, and no others.
Inspection kernels_of(const Inspection &inspection, std::string_view probe) {
    Inspection of_probe{inspection.tool_version, inspection.device, {}};
    std::ranges::copy_if(inspection.kernels, std::back_inserter(of_probe.kernels),
                         [&](const InspectedKernel &kernel) { return kernel.probe == probe; });
    return of_probe;
}

const InspectedKernel *same_kernel(const Inspection &inspection, const InspectedKernel &kernel) {
    const auto found = std::ranges::find_if(inspection.kernels, [&](const InspectedKernel &other) {
        return std::tie(other.variant, other.function) == std::tie(kernel.variant, kernel.function);
    });
    return found == inspection.kernels.end() ? nullptr : &*found;
}

/// "instructions 12 -> 20" of the first number that both have, else what differs.
std::string first_difference(const KernelChange &change) {
    for (const NumberChange &number : change.numbers)
        if (number.before && number.after)
            return fmt::format("{} {:.6g} -> {:.6g}", number.name, *number.before, *number.after);
    if (!change.what.empty())
        return change.what;
    return change.numbers.empty() ? "" : change.numbers.front().name;
}

} // namespace

std::string code_difference(const Inspection &before, const Inspection &after,
                            std::string_view probe) {
    const Inspection was = kernels_of(before, probe);
    const Inspection is = kernels_of(after, probe);
    if (was.kernels.empty() && is.kernels.empty())
        return {};
    std::size_t other_code = 0;
    std::string first;
    bool all_disassembled = true;
    for (const InspectedKernel &kernel : is.kernels) {
        const InspectedKernel *earlier = same_kernel(was, kernel);
        if (earlier == nullptr || !earlier->disassembly || !kernel.disassembly) {
            all_disassembled = false;
        } else if (earlier->disassembly->text != kernel.disassembly->text) {
            ++other_code;
            if (first.empty())
                first = kernel_name(kernel.variant, kernel.function);
        }
    }
    const std::vector<KernelChange> changes = changed_kernels(was, is);
    const bool other_text = std::ranges::any_of(
        changes, [](const KernelChange &change) { return change.what == "text or options"; });
    const std::string text = other_text ? "another kernel text; " : "";
    if (const auto told = std::ranges::find_if(
            changes, [](const KernelChange &change) { return !change.numbers.empty(); });
        told != changes.end())
        return fmt::format("{}the code differs: {}, {}", text,
                           kernel_name(told->variant, told->function), first_difference(*told));
    if (!changes.empty() && !other_text)
        return fmt::format("the code differs: {}, {}",
                           kernel_name(changes.front().variant, changes.front().function),
                           first_difference(changes.front()));
    if (other_code > 0)
        return fmt::format("{}the code differs in {} of {} kernels, {} first", text, other_code,
                           is.kernels.size(), first);
    return text +
           (all_disassembled ? "the code is the same" : "the compiler says the same of the code");
}

} // namespace clprobe
