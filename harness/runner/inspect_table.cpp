#include "inspect_table.hpp"

#include <clprobe/units.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace clprobe::runner {
namespace {

/// A column of the table; a cell is empty where nothing is known.
struct Column {
    std::string head;
    std::function<std::string(const InspectedKernel &)> cell;
};

template <typename T>
std::string number(const std::optional<T> &value) {
    return value ? fmt::format("{}", *value) : std::string();
}

std::string quantity(double value, Unit unit) {
    return format({value, unit});
}

std::string spilled(const CompilerReport &said) {
    if (!said.spill_stores && !said.spill_loads)
        return {};
    return fmt::format("{}:{}", said.spill_stores.value_or(0), said.spill_loads.value_or(0));
}

std::string fma_of(const InstructionCount &count) {
    return fmt::format("{} of {}", count.fma, count.slots);
}

std::vector<Column> fixed_columns() {
    using K = InspectedKernel;
    return {
        {"build",
         [](const K &k) {
             return k.build_seconds ? quantity(*k.build_seconds, Unit::second) : std::string();
         }},
        {"binary",
         [](const K &k) {
             return k.binary_bytes ? quantity(static_cast<double>(*k.binary_bytes), Unit::byte)
                                   : std::string();
         }},
        {"limit", [](const K &k) { return number(k.said.max_group_size); }},
        {"mult", [](const K &k) { return number(k.preferred_multiple); }},
        {"priv", [](const K &k) { return number(k.said.private_memory); }},
        {"local", [](const K &k) { return number(k.said.local_memory); }},
        {"regs", [](const K &k) { return number(k.said.registers); }},
        {"stack", [](const K &k) { return number(k.said.stack); }},
        {"spilled", [](const K &k) { return spilled(k.said); }},
    };
}

/// A driver's statistic, by its own name.
Column statistic_column(const std::string &name) {
    return {name, [name](const InspectedKernel &kernel) {
                for (const Statistic &statistic : kernel.statistics)
                    if (statistic.name == name)
                        return fmt::format("{:.4g}", statistic.value);
                return std::string();
            }};
}

std::vector<Column> code_columns() {
    using K = InspectedKernel;
    return {
        {"fma", [](const K &k) { return k.disassembly ? fma_of(k.disassembly->all) : ""; }},
        {"in loop",
         [](const K &k) {
             return k.disassembly && k.disassembly->loop ? fma_of(*k.disassembly->loop) : "";
         }},
        {"launch",
         [](const K &k) {
             if (!k.launch)
                 return std::string();
             return k.launch->seconds ? quantity(*k.launch->seconds, Unit::second)
                                      : std::string("failed");
         }},
    };
}

/// The names of all statistics, in the order in which drivers print them.
std::vector<std::string> statistic_names(const std::vector<InspectedKernel> &kernels) {
    std::vector<std::string> names;
    for (const InspectedKernel &kernel : kernels)
        for (const Statistic &statistic : kernel.statistics)
            if (std::find(names.begin(), names.end(), statistic.name) == names.end())
                names.push_back(statistic.name);
    return names;
}

/// Whether the column tells anything: 0 everywhere does not.
bool tells(const Column &column, const std::vector<InspectedKernel> &kernels) {
    return std::any_of(kernels.begin(), kernels.end(), [&](const InspectedKernel &kernel) {
        const std::string cell = column.cell(kernel);
        return !cell.empty() && cell != "0" && cell != "0:0";
    });
}

std::vector<Column> columns_for(const std::vector<InspectedKernel> &kernels) {
    std::vector<Column> columns = fixed_columns();
    for (const std::string &name : statistic_names(kernels))
        columns.push_back(statistic_column(name));
    for (Column &column : code_columns())
        columns.push_back(std::move(column));
    std::erase_if(columns, [&](const Column &column) { return !tells(column, kernels); });
    return columns;
}

/// What did not work; empty where everything did.
std::string problem_of(const InspectedKernel &kernel) {
    const std::string &error =
        kernel.error.empty() && kernel.launch ? kernel.launch->error : kernel.error;
    return error.substr(0, error.find('\n'));
}

TableRow row_of(const InspectedKernel &kernel, const std::string &name,
                const std::vector<Column> &columns) {
    TableRow row{{name}, problem_of(kernel).empty() ? Colour::none : Colour::red};
    for (const Column &column : columns)
        row.cells.push_back(column.cell(kernel));
    return row;
}

std::vector<TableRow> problem_rows(std::span<const InspectedKernel> kernels) {
    std::vector<TableRow> rows;
    for (const InspectedKernel &kernel : kernels)
        if (const std::string problem = problem_of(kernel); !problem.empty())
            rows.push_back(
                {{kernel_name(kernel.variant, kernel.function) + ": " + problem}, Colour::red});
    return rows;
}

/// What the compiler printed besides while the probe's kernels were built, each line once.
std::vector<TableRow> message_rows(std::span<const InspectedKernel> kernels) {
    std::vector<TableRow> rows;
    std::set<std::string> seen;
    for (const InspectedKernel &kernel : kernels)
        for (const std::string &message : kernel.messages)
            if (seen.insert(message).second)
                rows.push_back({{"driver: " + message}, Colour::yellow});
    return rows;
}

/// The kernels' names: of a build with a single kernel that of the build is enough.
std::vector<std::string> names_of(const std::vector<InspectedKernel> &kernels) {
    std::map<std::pair<std::string, std::string>, int> of_build;
    for (const InspectedKernel &kernel : kernels)
        ++of_build[{kernel.probe, kernel.variant}];
    std::vector<std::string> names;
    for (const InspectedKernel &kernel : kernels) {
        const bool alone = !kernel.variant.empty() && of_build[{kernel.probe, kernel.variant}] == 1;
        names.push_back(alone ? kernel.variant : kernel_name(kernel.variant, kernel.function));
    }
    return names;
}

/// So that the tables of all probes line up.
std::vector<std::size_t> widths_of(const TableRow &head, const std::vector<TableRow> &rows) {
    std::vector<std::size_t> widths;
    for (const std::string &cell : head.cells)
        widths.push_back(cell.size());
    for (const TableRow &row : rows)
        for (std::size_t i = 0; i < widths.size(); ++i)
            widths[i] = std::max(widths[i], row.cells[i].size());
    widths.pop_back(); // the last column takes what is left
    return widths;
}

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

std::string kernel_name(const std::string &variant, const std::string &function) {
    if (variant.empty() || function.empty())
        return variant + function;
    return variant + ": " + function;
}

std::string inspection_text(const Inspection &inspection, const TextStyle &style) {
    const std::vector<Column> columns = columns_for(inspection.kernels);
    TableRow head{{"kernel"}, Colour::dim};
    for (const Column &column : columns)
        head.cells.push_back(column.head);
    const std::vector<std::string> names = names_of(inspection.kernels);
    std::vector<TableRow> rows;
    for (std::size_t i = 0; i < names.size(); ++i)
        rows.push_back(row_of(inspection.kernels[i], names[i], columns));
    const std::vector<std::size_t> widths = widths_of(head, rows);
    std::string text = device_text(inspection.device, style);
    for (std::size_t i = 0; i < rows.size();) {
        const std::size_t first = i;
        const std::string &probe = inspection.kernels[i].probe;
        text += "\n" + render_table({{{probe}, Colour::bold}}, style);
        std::vector<TableRow> table = {head};
        for (; i < rows.size() && inspection.kernels[i].probe == probe; ++i)
            table.push_back(rows[i]);
        text += render_table(table, style, widths);
        const std::span<const InspectedKernel> shown(&inspection.kernels[first], i - first);
        text += render_table(problem_rows(shown), style) + render_table(message_rows(shown), style);
    }
    return text;
}

std::string disassembly_text(const Inspection &inspection) {
    std::string text;
    for (const InspectedKernel &kernel : inspection.kernels)
        if (kernel.disassembly)
            text += fmt::format("\n{} {} ({})\n{}", kernel.probe,
                                kernel_name(kernel.variant, kernel.function),
                                kernel.disassembly->language, kernel.disassembly->text);
    return text;
}

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
    return text + fmt::format("{} changed, of {} before and {} after\n", changes.size(),
                              counted(before.kernels.size(), "kernel"), after.kernels.size());
}

} // namespace clprobe::runner
