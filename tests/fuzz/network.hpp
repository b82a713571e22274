#pragma once
#include "fuzz/properties.hpp"
#include "io/network.hpp"

namespace clprobe::fuzz {

/// A file is refused with an InputError, or has a network that can be counted, set against a report
/// and shown.
inline bool check_network(std::string_view text) {
    DeviceRecord device;
    for (const auto &[key, unit] :
         {std::pair{"fma.fp32.rate", Unit::flop_per_second},
          std::pair{"buffer.l1.size", Unit::byte},
          std::pair{"buffer.l1.read_bandwidth", Unit::byte_per_second},
          std::pair{"buffer.memory.read_bandwidth", Unit::byte_per_second},
          std::pair{"buffer.memory.write_bandwidth", Unit::byte_per_second}})
        device.probes.emplace_back().findings = {
            measured({key, unit, Better::none, {}}, 2e3, {1e3, 3e3})};
    std::string shown;
    try {
        const NetworkTable table(read_network(text, "file.json"), ElementType::fp32, 1);
        const std::vector<Teardown> teardowns = {teardown_of(table.layers, device, table.type)};
        require(teardowns[0].whole.predicted.has_value(), "each network has a predicted time");
        require(table.memory_bytes() > 0, "each network takes memory");
        shown = network_text(table, {}, {80, false, false}) +
                network_text(table, teardowns, {80, false, false}) +
                network_markdown(table, teardowns) + to_text(to_json(table, teardowns));
    } catch (const InputError &) {
        return false;
    }
    const auto is_plain = [](char byte) { return byte == '\n' || byte >= ' ' || byte < 0; };
    require(std::ranges::all_of(shown, is_plain), "what is shown has no control characters");
    return true;
}

} // namespace clprobe::fuzz
