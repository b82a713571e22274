#include "inspect_table.hpp"

#include <fmt/format.h>

#include <vector>

namespace clprobe::runner {
namespace {

std::string shown(const std::optional<double> &value) {
    return value ? fmt::format("{:.6g}", *value) : std::string("-");
}

/// "+3", or "+25 %" beside it where there was something before.
std::string difference(const NumberChange &change) {
    if (!change.before || !change.after)
        return {};
    const double more = *change.after - *change.before;
    if (*change.before == 0)
        return fmt::format("{:+.6g}", more);
    return fmt::format("{:+.6g}, {:+.1f} %", more, 100 * more / *change.before);
}

void add_rows(const KernelChange &change, std::vector<TableRow> &rows) {
    const std::string name = kernel_name(change.variant, change.function);
    rows.push_back({{change.probe + " " + name}, Colour::bold});
    if (!change.what.empty())
        rows.push_back({{"", change.what}});
    for (const NumberChange &number_change : change.numbers)
        rows.push_back({{"", number_change.name, shown(number_change.before), "->",
                         shown(number_change.after), difference(number_change)}});
}

std::string made_by(const Inspection &inspection) {
    return fmt::format("{}, {} {}, clprobe {}", inspection.device.name, inspection.device.platform,
                       inspection.device.driver_version, inspection.tool_version);
}

} // namespace

std::string changes_text(const Inspection &before, const Inspection &after,
                         const TextStyle &style) {
    const std::vector<KernelChange> changes = changed_kernels(before, after);
    std::string text =
        render_table({{{"before", made_by(before)}}, {{"after", made_by(after)}}}, style);
    for (const KernelChange &change : changes) {
        std::vector<TableRow> rows;
        add_rows(change, rows);
        text += render_table({rows.front()}, style);
        rows.erase(rows.begin());
        text += render_table(rows, style, {1, 20});
    }
    return text + fmt::format("{} changed, of {} kernels before and {} after\n", changes.size(),
                              before.kernels.size(), after.kernels.size());
}

} // namespace clprobe::runner
