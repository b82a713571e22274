#include "commands.hpp"
#include "console.hpp"
#include "io/csv.hpp"
#include "io/file.hpp"
#include "isolation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

namespace clprobe::runner {
namespace {

/// What keeps a device from a full run.
std::vector<std::string> missing_on(const DeviceInfo &info, const std::string &refusal,
                                    const Registry &registry) {
    std::vector<std::string> missing;
    if (!refusal.empty())
        missing.push_back("profiling queue: " + refusal);
    for (const auto &[has, what] :
         {std::pair{info.fp64, "fp64"}, {info.fp16, "fp16"}, {info.images, "images"}})
        if (!has)
            missing.emplace_back(what);
    for (const auto &probe : registry.probes())
        if (const auto reason = probe->unsupported(info))
            missing.push_back(fmt::format("{}: {}", probe->info().name, *reason));
    return missing;
}

Json json_of(const FindingKey &key) {
    return {{"key", key.key},
            {"unit", symbol(key.unit)},
            {"better", name(key.better)},
            {"meaning", key.meaning}};
}

/// The columns of the series' CSV.
std::vector<std::string> columns_of(const SeriesShape &shape) {
    std::vector<std::string> columns;
    for (const Axis &axis : shape.axes)
        columns.push_back(csv_column(axis));
    columns.push_back(csv_column(shape.measure));
    return columns;
}

Json json_of(const SeriesShape &shape) {
    return {{"name", shape.name}, {"columns", columns_of(shape)}, {"meaning", shape.meaning}};
}

template <typename Value>
Json list_of(const std::vector<Value> &values) {
    Json list = Json::array();
    for (const Value &value : values)
        list.push_back(json_of(value));
    return list;
}

Json json_of(const ProbeInfo &info) {
    return {{"name", info.name},
            {"question", info.question},
            {"method", info.method},
            {"needs", info.needs},
            {"depends_on", info.depends_on},
            {"cross_checks", info.cross_checks},
            {"seconds", info.seconds},
            {"on_request", info.on_request},
            {"findings", list_of(info.findings)},
            {"series", list_of(info.series)},
            {"kernels", info.kernels},
            {"pitfalls", info.pitfalls},
            {"sources", info.sources}};
}

/// Prose as Markdown shows it: "a*b" keeps its stars, "l<n>" is no tag. Code in backticks stays,
/// but for a bar in the cell of a table, which would end there.
std::string prose(const std::string &text, bool in_cell = false) {
    std::string shown;
    bool code = false;
    for (const char c : text) {
        if (c == '`')
            code = !code;
        if ((!code && (c == '*' || c == '<')) || (in_cell && c == '|'))
            shown += '\\';
        shown += in_cell && c == '\n' ? ' ' : c;
    }
    return shown;
}

std::string cell(const std::string &text) {
    return prose(text, true);
}

std::string bullets(std::span<const std::string> items) {
    std::string text;
    for (const std::string &item : items)
        text += fmt::format("- {}\n", prose(item));
    return text;
}

std::string section(std::string_view title, const std::string &body) {
    return body.empty() ? std::string() : fmt::format("\n## {}\n\n{}", title, body);
}

std::string findings_table(std::span<const FindingKey> keys) {
    std::string text = "| key | unit | better | meaning |\n|---|---|---|---|\n";
    for (const FindingKey &key : keys)
        text += fmt::format("| `{}` | {} | {} | {} |\n", key.key, symbol(key.unit),
                            name(key.better), cell(key.meaning));
    return text;
}

std::string series_table(std::span<const SeriesShape> shapes) {
    std::string text = "| series | columns of its CSV | meaning |\n|---|---|---|\n";
    for (const SeriesShape &shape : shapes)
        text += fmt::format("| {} | `{}` | {} |\n", shape.name, fmt::join(columns_of(shape), ","),
                            cell(shape.meaning));
    return text;
}

std::string needs(const ProbeInfo &info) {
    std::string text =
        info.needs.empty() ? "Nothing beyond OpenCL 1.2.\n" : prose(info.needs) + "\n";
    if (info.on_request)
        text += "\nIt has to be named: a run of all probes leaves it out.\n";
    if (!info.depends_on.empty())
        text += fmt::format("\nIt uses what these probes found: {}.\n",
                            fmt::join(info.depends_on, ", "));
    if (!info.cross_checks.empty())
        text += fmt::format("\nWhere these probes run too, its findings are set against theirs: "
                            "{}.\n",
                            fmt::join(info.cross_checks, ", "));
    return text;
}

/// The page of a probe in docs/probes/.
std::string probe_page(const ProbeInfo &info) {
    std::string text = fmt::format("# {}\n\n{}\n", info.name, prose(info.question));
    text += section("How", prose(info.method) + "\n");
    text += section("What it finds", findings_table(info.findings));
    text += section("What it needs", needs(info));
    if (!info.series.empty())
        text += section("Its series", series_table(info.series));
    text += section("Pitfalls", bullets(info.pitfalls));
    text += section("Sources", bullets(info.sources));
    text += section("Time", fmt::format("About {:g} s at the standard profile, {:g} s at quick.\n",
                                        info.seconds, budget(info, Profile::quick)));
    return text +
           "\n<!-- Made by `clprobe list --markdown` from what the probe says of itself. -->\n";
}

/// The name of that page, "compute-fma_rate.md".
std::string page_name(const ProbeInfo &info) {
    std::string name = info.name + ".md";
    std::ranges::replace(name, '/', '-');
    return name;
}

/// The page that leads to all of them.
std::string index_page(const Registry &registry) {
    std::string text = "# The probes\n\n"
                       "Made by `clprobe list --markdown`, from what each probe says of itself.\n\n"
                       "| probe | asks |\n|---|---|\n";
    for (const auto &probe : registry.probes())
        text += fmt::format("| [{}]({}) | {} |\n", probe->info().name, page_name(probe->info()),
                            cell(probe->info().question));
    return text;
}

void print_for_people(const std::vector<const Probe *> &probes) {
    const TextStyle style = style_of_stdout();
    for (const Probe *probe : probes) {
        const ProbeInfo &info = probe->info();
        std::cout << render_table({{{info.name}, Colour::bold}}, style)
                  << render_table({{{" ", info.question}}}, style);
        if (!info.needs.empty())
            std::cout << render_table({{{" ", "needs " + info.needs}}}, style);
        std::vector<TableRow> rows;
        for (const FindingKey &key : info.findings)
            rows.push_back({{"   ", key.key, std::string(symbol(key.unit)), key.meaning}});
        std::cout << render_table(rows, style) << '\n';
    }
}

} // namespace

int devices_command(const Options &options, const Registry &registry) {
    const Worker worker(registry, {0, options.driver_output, options.isolate, {}});
    Listing listing = worker.list();
    Json document = {{"devices", Json::array()}};
    std::vector<TableRow> rows;
    for (const DeviceInfo &info : listing.devices) {
        const auto missing = missing_on(info, worker.check(info, false), registry);
        Json entry = to_json(info);
        entry["missing"] = missing;
        document["devices"].push_back(std::move(entry));
        rows.push_back({{info.slug, "name", info.name}, Colour::bold});
        rows.push_back({{"", "driver", fmt::format("{}, {}", info.platform, info.driver_version)}});
        rows.push_back({{"", "version", fmt::format("{}, {}", info.version, info.c_version)}});
        const std::string all = fmt::format("{}", fmt::join(missing, "; "));
        rows.push_back({{"", "missing", all.empty() ? "nothing" : all}});
    }
    if (!listing.drivers && (options.json || options.verbose))
        listing.drivers = worker.drivers();
    if (options.json) {
        document.update(*listing.drivers);
        if (!listing.problem.empty())
            document["problem"] = listing.problem;
        write_file(*options.json, to_text(document));
    }
    if (!options.json || *options.json != "-")
        std::cout << render_table(rows, style_of_stdout());
    if (!listing.problem.empty())
        say(listing.problem);
    else if (options.verbose)
        say(lines_of(*listing.drivers));
    return listing.devices.empty() ? exit_no_device : exit_done;
}

int list_command(const Options &options, const Registry &registry) {
    const std::vector<const Probe *> probes = registry.match(options.probes);
    if (options.json) {
        Json all = Json::array();
        for (const Probe *probe : probes)
            all.push_back(json_of(probe->info()));
        write_file(*options.json, to_text({{"probes", std::move(all)}}));
    }
    if (options.markdown && *options.markdown != "-") {
        std::filesystem::create_directories(*options.markdown);
        if (options.probes.empty())
            write_file(*options.markdown / "README.md", index_page(registry));
        for (const Probe *probe : probes)
            write_file(*options.markdown / page_name(probe->info()), probe_page(probe->info()));
    } else if (options.markdown) {
        for (const Probe *probe : probes)
            std::cout << probe_page(probe->info()) << '\n';
    } else if (!options.json || *options.json != "-") {
        print_for_people(probes);
    }
    return exit_done;
}

} // namespace clprobe::runner
