#include "commands.hpp"
#include "console.hpp"
#include "io/file.hpp"
#include "io/terminal.hpp"
#include "isolation.hpp"

#include <clprobe/json.hpp>

#include <fmt/format.h>

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

} // namespace

int devices_command(const Options &options, const Registry &registry) {
    const Worker worker(registry, {0, options.verbose, options.isolate, {}});
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

} // namespace clprobe::runner
