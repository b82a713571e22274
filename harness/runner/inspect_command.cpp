#include "commands.hpp"
#include "console.hpp"
#include "inspect/inspection.hpp"
#include "io/file.hpp"
#include "isolation.hpp"
#include "measure/device_lock.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

namespace clprobe::runner {
namespace {

/// An earlier inspection, of the probes that were asked for.
Inspection read_inspection(const std::filesystem::path &file, const Options &options,
                           const Registry &registry) {
    const std::string text = read_file(file);
    Inspection inspection =
        naming_file(file, [&] { return inspection_from_json(parse_json(text)); });
    if (options.probes.empty())
        return inspection; // it may hold probes that are no more
    const std::vector<const Probe *> asked = registry.match(options.probes);
    std::erase_if(inspection.kernels, [&](const InspectedKernel &kernel) {
        return std::ranges::none_of(
            asked, [&](const Probe *probe) { return probe->info().name == kernel.probe; });
    });
    return inspection;
}

/// Nothing, having said why, where there is no device.
std::optional<Inspection> inspect_device(const Options &options, const Registry &registry) {
    const Interrupts interrupts;
    const std::vector<const Probe *> probes = registry.match(options.probes);
    make_compilers_talk();
    const Worker worker(
        registry, {options.timeout, options.driver_output, options.isolate, interrupts.token()});
    const Listing listing = worker.list();
    if (listing.devices.empty()) {
        say(listing.problem);
        return std::nullopt;
    }
    const auto chosen = select(listing.devices, options.device.value_or(""));
    if (chosen.size() != 1)
        throw InputError("inspect looks at one device at a time: choose it with --device");
    Inspection inspection{std::string(version()), listing.devices[chosen.front()], {}};
    const DeviceLock lock(
        inspection.device,
        [&](const std::string &holder) { say_in_use(inspection.device, holder); },
        interrupts.token());
    ProgressLine progress;
    const InspectOptions inspect{options.disassemble, options.launch};
    worker.inspect(probes, inspection.device, inspect, [&](InspectedKernel kernel) {
        inspection.kernels.push_back(std::move(kernel));
        progress.show(fmt::format("{}, now those of {}",
                                  counted(inspection.kernels.size(), "kernel"),
                                  inspection.kernels.back().probe));
    });
    return inspection;
}

template <typename T>
std::string number(const std::optional<T> &value) {
    return value ? fmt::format("{}", *value) : std::string();
}

template <typename T>
std::string quantity(const std::optional<T> &value, Unit unit) {
    return value ? format({static_cast<double>(*value), unit}) : std::string();
}

std::string fma_of(const std::optional<InstructionCount> &count) {
    return count ? fmt::format("{} of {}", count->fma, count->slots) : std::string();
}

/// The first words of what did not work; empty where everything did.
std::string problem_of(const InspectedKernel &kernel) {
    const std::string &error =
        kernel.error.empty() && kernel.launch ? kernel.launch->error : kernel.error;
    const std::size_t start = error.find_first_not_of("\r\n");
    return start == std::string::npos ? error
                                      : error.substr(start, error.find('\n', start) - start);
}

/// The heads of the columns, and a row a kernel. Of what is known the columns that tell anything: 0
/// everywhere does not.
std::vector<TableRow> table_of(const std::vector<InspectedKernel> &kernels) {
    using K = InspectedKernel;
    std::vector<TableRow> rows = {{{"kernel"}, Colour::dim}};
    for (const K &kernel : kernels) {
        // Of a build with a single kernel the name of the build is enough.
        const bool alone =
            !kernel.variant.empty() && std::ranges::count_if(kernels, [&](const K &other) {
                                           return other.probe == kernel.probe &&
                                                  other.variant == kernel.variant;
                                       }) == 1;
        rows.push_back({{alone ? kernel.variant : kernel_name(kernel.variant, kernel.function)},
                        problem_of(kernel).empty() ? Colour::none : Colour::red});
    }
    const auto add = [&](const std::string &head, const auto &cell) {
        std::vector<std::string> cells = {head};
        for (const K &kernel : kernels)
            cells.push_back(cell(kernel));
        if (std::any_of(cells.begin() + 1, cells.end(), [](const std::string &text) {
                return !text.empty() && text != "0" && text != "0:0";
            }))
            for (std::size_t i = 0; i < rows.size(); ++i)
                rows[i].cells.push_back(cells[i]);
    };
    add("build", [](const K &k) { return quantity(k.build_seconds, Unit::second); });
    add("binary", [](const K &k) { return quantity(k.binary_bytes, Unit::byte); });
    add("limit", [](const K &k) { return number(k.said.max_group_size); });
    add("mult", [](const K &k) { return number(k.preferred_multiple); });
    add("priv", [](const K &k) { return number(k.said.private_memory); });
    add("local", [](const K &k) { return number(k.said.local_memory); });
    add("regs", [](const K &k) { return number(k.said.registers); });
    add("stack", [](const K &k) { return number(k.said.stack); });
    add("spilled", [](const K &k) {
        const auto &[stores, loads] = std::pair(k.said.spill_stores, k.said.spill_loads);
        return stores || loads ? fmt::format("{}:{}", stores.value_or(0), loads.value_or(0)) : "";
    });
    std::set<std::string> statistics; // of drivers, by their own names
    for (const K &kernel : kernels)
        for (const Statistic &of : kernel.statistics)
            if (statistics.insert(of.name).second)
                add(of.name, [&](const K &k) {
                    const auto found = std::ranges::find(k.statistics, of.name, &Statistic::name);
                    return found == k.statistics.end() ? "" : fmt::format("{:.4g}", found->value);
                });
    add("fma", [](const K &k) {
        return fma_of(k.disassembly ? std::optional(k.disassembly->all) : std::nullopt);
    });
    add("in loop",
        [](const K &k) { return fma_of(k.disassembly ? k.disassembly->loop : std::nullopt); });
    add("launch", [](const K &k) {
        if (!k.launch)
            return std::string();
        return k.launch->seconds ? quantity(k.launch->seconds, Unit::second) : "failed";
    });
    return rows;
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

/// So that the tables of all probes line up.
std::vector<std::size_t> widths_of(const std::vector<TableRow> &rows) {
    std::vector<std::size_t> widths(rows.front().cells.size());
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

std::string made_by(const Inspection &inspection) {
    return fmt::format("{}, {} {}, clprobe {}", inspection.device.name, inspection.device.platform,
                       inspection.device.driver_version, inspection.tool_version);
}

/// The inspection for people: a table a probe and a row a kernel, of columns where anything is
/// known.
std::string inspection_text(const Inspection &inspection, const TextStyle &style) {
    const std::vector<InspectedKernel> &kernels = inspection.kernels;
    const std::vector<TableRow> rows = table_of(kernels);
    const std::vector<std::size_t> widths = widths_of(rows);
    std::string text = device_text(inspection.device, style);
    for (std::size_t i = 0; i < kernels.size();) {
        const std::size_t first = i;
        const std::string &probe = kernels[i].probe;
        text += "\n" + render_table({{{probe}, Colour::bold}}, style);
        std::vector<TableRow> table = {rows.front()};
        for (; i < kernels.size() && kernels[i].probe == probe; ++i)
            table.push_back(rows[i + 1]);
        text += render_table(table, style, widths);
        const std::span<const InspectedKernel> shown(&kernels[first], i - first);
        text += render_table(problem_rows(shown), style) + render_table(message_rows(shown), style);
    }
    return text;
}

/// Each kernel's disassembly below its name.
std::string disassembly_text(const Inspection &inspection) {
    std::string text;
    for (const InspectedKernel &kernel : inspection.kernels)
        if (kernel.disassembly)
            text += fmt::format("\n{} {} ({})\n{}", kernel.probe,
                                kernel_name(kernel.variant, kernel.function),
                                kernel.disassembly->language, kernel.disassembly->text);
    return text;
}

/// What changed between the two, side by side; that nothing did, where nothing did.
std::string changes_text(const Inspection &before, const Inspection &after,
                         const TextStyle &style) {
    const std::vector<KernelChange> changes = changed_kernels(before, after);
    std::string text =
        render_table({{{"before", made_by(before)}}, {{"after", made_by(after)}}}, style);
    for (const KernelChange &change : changes) {
        const std::string name = kernel_name(change.variant, change.function);
        text += render_table({{{change.probe + " " + name}, Colour::bold}}, style);
        std::vector<TableRow> rows;
        if (!change.what.empty())
            rows.push_back({{"", change.what}});
        for (const NumberChange &of : change.numbers)
            rows.push_back(
                {{"", of.name, shown(of.before), "->", shown(of.after), difference(of)}});
        text += render_table(rows, style, {1, 20});
    }
    return text + fmt::format("{} changed, of {} before and {} after\n", changes.size(),
                              counted(before.kernels.size(), "kernel"), after.kernels.size());
}

} // namespace

int inspect_command(const Options &options, const Registry &registry) {
    if (options.json)
        ensure_writable(*options.json);
    std::optional<Inspection> before;
    if (options.compare)
        before = read_inspection(*options.compare, options, registry);
    const std::optional<Inspection> inspection =
        options.read ? read_inspection(*options.read, options, registry)
                     : inspect_device(options, registry);
    if (!inspection)
        return exit_no_device;
    if (options.json)
        write_file(*options.json, to_text(to_json(*inspection)));
    if (!options.json || *options.json != "-")
        std::cout << (before ? changes_text(*before, *inspection, style_of_stdout())
                             : inspection_text(*inspection, style_of_stdout()))
                  << (options.disassemble && !options.json ? disassembly_text(*inspection) : "");
    const bool changed = before && !changed_kernels(*before, *inspection).empty();
    const bool failed = std::ranges::any_of(inspection->kernels, [](const InspectedKernel &kernel) {
        return !kernel.error.empty() || (kernel.launch && !kernel.launch->error.empty());
    });
    return changed || failed ? exit_failed : exit_done;
}

} // namespace clprobe::runner
