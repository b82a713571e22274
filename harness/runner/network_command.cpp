#include "commands.hpp"
#include "comparing.hpp"
#include "console.hpp"
#include "io/file.hpp"
#include "io/network.hpp"
#include "isolation.hpp"
#include "measure/session.hpp"
#include "model/text.hpp"
#include "names.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <iostream>
#include <map>
#include <random>

namespace clprobe::runner {
namespace {

ElementType type_named(const std::string &word) {
    for (const ElementType type : {ElementType::fp32, ElementType::fp16})
        if (name(type) == word)
            return type;
    throw InputError(unknown_name("type", word, {{"fp32", ""}, {"fp16", ""}}, "fp32 and fp16 are"));
}

/// Those of the device that is measured now.
std::vector<Teardown> measured_teardowns(const NetworkTable &table, const Options &options,
                                         const Registry &registry) {
    if (table.type != ElementType::fp32)
        throw InputError("--measure runs networks in fp32, as no kernel does else yet");
    if (!options.report.empty())
        throw InputError("--measure measures now: it takes no --report");
    const Interrupts interrupts;
    std::random_device random;
    RunOptions run{profile_named(options.profile.value_or("standard")), random(),
                   interrupts.token()};
    run.network = batched_network(table.network, table.batch);
    const Worker worker(registry, {options.timeout, options.driver_output, true, run.stop});
    const Listing listing = worker.list();
    if (listing.devices.empty())
        throw Error(listing.problem);
    const std::vector<std::string> probes{"compute/fma_rate", "workloads/network"};
    const std::vector<PlannedProbe> planned = plan(registry, probes, run.profile);
    std::vector<Teardown> teardowns;
    for (const std::size_t index : select(listing.devices, options.device.value_or(""))) {
        Report report = new_report(run, {"clprobe", "network"});
        run_probes(planned, listing.devices[index], worker, run, "", report);
        const DeviceRecord &record = report.devices.front();
        Teardown teardown = teardown_of(table.layers, record, table.type);
        add_measured(teardown, *run.network, record);
        if (teardown.runs.empty())
            say(fmt::format("{}: {}", record.device.slug, why_unmeasured(record, *run.network)));
        else
            teardowns.push_back(std::move(teardown));
    }
    if (teardowns.empty())
        throw Error("no device ran it");
    return teardowns;
}

std::vector<Teardown> teardowns_of(const NetworkTable &table, const Options &options) {
    std::vector<Teardown> teardowns;
    if (options.report.empty()) {
        if (options.device)
            throw InputError("--device chooses one of a report: name that by --report");
        return teardowns;
    }
    const Report report = read_report(options.report);
    std::map<std::string, std::string> slugs;
    for (const DeviceRecord &record : report.devices) {
        slugs[record.device.slug];
        if (options.device && record.device.slug != *options.device)
            continue;
        teardowns.push_back(teardown_of(table.layers, record, table.type));
        if (table.type == ElementType::fp32)
            add_measured(teardowns.back(), batched_network(table.network, table.batch), record);
    }
    if (teardowns.empty() && options.device)
        throw InputError(unknown_name("device", *options.device, slugs,
                                      "`clprobe show` says which the report is of"));
    if (teardowns.empty())
        throw InputError(fmt::format("'{}' is about no device", options.report.string()));
    return teardowns;
}

} // namespace

int network_command(const Options &options, const Registry &registry) {
    const TextStyle style = style_of_stdout();
    if (!options.against.empty()) {
        if (options.measure)
            throw InputError("--against measures too: without --measure");
        std::optional<Network> network;
        if (!options.network.empty())
            network = network_named(options.network);
        return against_cpu_command(network, options, registry);
    }
    if (options.network.empty()) {
        if (options.measure || options.json || options.save || !options.report.empty() ||
            options.as_markdown || options.batch != 1)
            throw InputError("which network? `clprobe network` alone lists those that are there");
        std::cout << networks_text(known_networks(), style);
        return exit_done;
    }
    const NetworkTable table(network_named(options.network), type_named(options.type),
                             options.batch);
    if (options.save)
        ensure_writable(*options.save);
    if (options.json)
        ensure_writable(*options.json);
    const std::vector<Teardown> teardowns = options.measure
                                                ? measured_teardowns(table, options, registry)
                                                : teardowns_of(table, options);
    if (options.save)
        write_file(*options.save, to_text(to_json(table.network)));
    if (options.json)
        write_file(*options.json, to_text(to_json(table, teardowns)));
    if (options.json != "-" && options.save != "-")
        std::cout << (options.as_markdown ? network_markdown(table, teardowns)
                                          : network_text(table, teardowns, style));
    return exit_done;
}

} // namespace clprobe::runner
