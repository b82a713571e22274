#include "commands.hpp"
#include "io/csv.hpp"
#include "io/file.hpp"
#include "io/terminal.hpp"
#include "markdown.hpp"
#include "style.hpp"

#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <iostream>

namespace clprobe::runner {
namespace {

Json json_of(const FindingKey &key) {
    return {{"key", key.key},
            {"unit", symbol(key.unit)},
            {"better", name(key.better)},
            {"meaning", key.meaning}};
}

Json json_of(const SeriesShape &shape) {
    Json columns = Json::array();
    for (const Axis &axis : shape.axes)
        columns.push_back(csv_column(axis));
    columns.push_back(csv_column(shape.measure));
    return {{"name", shape.name}, {"columns", std::move(columns)}, {"meaning", shape.meaning}};
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
            {"findings", list_of(info.findings)},
            {"series", list_of(info.series)},
            {"kernels", info.kernels},
            {"pitfalls", info.pitfalls},
            {"sources", info.sources}};
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

int list_command(const ListOptions &options, const Registry &registry) {
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
