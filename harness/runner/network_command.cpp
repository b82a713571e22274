#include "commands.hpp"
#include "console.hpp"
#include "io/file.hpp"
#include "io/network.hpp"
#include "model/text.hpp"
#include "onnx.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <iostream>
#include <map>

namespace clprobe::runner {
namespace {

/// The network that comes with clprobe under that name, else the one of that file.
Network chosen_network(const std::string &name) {
    if (const Network *known = pointer_to(known_networks(), name, &Network::name))
        return *known;
    if (name.ends_with(".onnx"))
        return read_onnx(name);
    const bool names_a_file = name == "-" || name.ends_with(".json") || name.ends_with(".gz") ||
                              name.find('/') != std::string::npos;
    if (names_a_file || std::filesystem::exists(name))
        return read_network(name);
    std::map<std::string, std::string> names;
    for (const Network &network : known_networks())
        names[network.name];
    throw InputError(unknown_name("network", name, names,
                                  "`clprobe network` lists them, and a file is one too"));
}

ElementType type_named(const std::string &word) {
    for (const ElementType type : {ElementType::fp32, ElementType::fp16})
        if (name(type) == word)
            return type;
    throw InputError(unknown_name("type", word, {{"fp32", ""}, {"fp16", ""}}, "fp32 and fp16 are"));
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
        if (table.type == ElementType::fp32 && table.batch == 1)
            add_measured(teardowns.back(), table.network, record);
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
        std::optional<Network> network;
        if (!options.network.empty())
            network = chosen_network(options.network);
        return against_cpu_command(network, options, registry);
    }
    if (options.network.empty()) {
        if (options.json || options.save || !options.report.empty() || options.as_markdown)
            throw InputError("which network? `clprobe network` alone lists those that are there");
        std::cout << networks_text(known_networks(), style);
        return exit_done;
    }
    const NetworkTable table(chosen_network(options.network), type_named(options.type),
                             options.batch);
    const std::vector<Teardown> teardowns = teardowns_of(table, options);
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
