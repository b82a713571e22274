#include "commands.hpp"
#include "drivers.hpp"
#include "io/file.hpp"
#include "io/terminal.hpp"
#include "isolation.hpp"
#include "style.hpp"

#include <clprobe/context.hpp>
#include <clprobe/json.hpp>

#include <fmt/format.h>

#include <iostream>

namespace clprobe::runner {
namespace {

/// A device with what keeps it from a full run.
struct CheckedDevice {
    DeviceInfo info;
    std::vector<std::string> missing;
};

CheckedDevice check(const DeviceInfo &info, const std::string &refusal, const Registry &registry) {
    CheckedDevice checked{info, {}};
    if (!refusal.empty())
        checked.missing.push_back("profiling queue: " + refusal);
    if (!info.fp64)
        checked.missing.emplace_back("fp64");
    if (!info.fp16)
        checked.missing.emplace_back("fp16");
    if (!info.images)
        checked.missing.emplace_back("images");
    for (const auto &probe : registry.probes())
        if (const auto reason = probe->unsupported(info))
            checked.missing.push_back(fmt::format("{}: {}", probe->info().name, *reason));
    return checked;
}

Json json_of(const std::vector<CheckedDevice> &devices, const Listing &listing) {
    Json list = Json::array();
    for (const CheckedDevice &device : devices) {
        Json entry = to_json(device.info);
        entry["missing"] = device.missing;
        list.push_back(std::move(entry));
    }
    Json document = {{"devices", std::move(list)}};
    document.update(*listing.drivers);
    if (!listing.problem.empty())
        document["problem"] = listing.problem;
    return document;
}

void print(const std::vector<CheckedDevice> &devices) {
    const TextStyle style = style_of_stdout();
    std::vector<TableRow> rows;
    for (const auto &[info, missing] : devices) {
        rows.push_back({{info.slug, "name", info.name}, Colour::bold});
        rows.push_back({{"", "driver", fmt::format("{}, {}", info.platform, info.driver_version)}});
        rows.push_back({{"", "version", fmt::format("{}, {}", info.version, info.c_version)}});
        const std::string all = fmt::format("{}", fmt::join(missing, "; "));
        rows.push_back({{"", "missing", all.empty() ? "nothing" : all}});
    }
    std::cout << render_table(rows, style);
}

} // namespace

int devices_command(const DevicesOptions &options, const Registry &registry) {
    const Isolation isolation{0, options.verbose, {}};
    const std::vector<Device> opened = options.isolate ? std::vector<Device>{} : enumerate();
    Listing listing = options.isolate ? list_devices(isolation) : listing_of(opened);
    std::vector<CheckedDevice> devices;
    for (std::size_t i = 0; i < listing.devices.size(); ++i) {
        const DeviceInfo &info = listing.devices[i];
        const std::string refusal = options.isolate ? profiling_refusal(info, isolation)
                                                    : Context(opened[i]).profiling_refusal();
        devices.push_back(check(info, refusal, registry));
    }
    if (!listing.drivers && (options.json || options.verbose))
        listing.drivers = drivers_report(isolation);
    if (options.json)
        write_file(*options.json, to_text(json_of(devices, listing)));
    if (!options.json || *options.json != "-")
        print(devices);
    if (!listing.problem.empty())
        say(listing.problem);
    else if (options.verbose)
        say(lines_of(*listing.drivers));
    return listing.devices.empty() ? exit_no_device : exit_done;
}

} // namespace clprobe::runner
