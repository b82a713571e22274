#pragma once
#include "io/terminal.hpp"

#include <clprobe/json.hpp>
#include <clprobe/network.hpp>
#include <clprobe/teardown.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// The version of the format of networks (docs/network.schema.json).
inline constexpr std::string_view network_version = "1.0.0";

/// A network as it is shown: its layers for a type and a batch.
struct NetworkTable {
    NetworkTable(Network of, ElementType as, std::uint64_t images);

    Network network;
    ElementType type;
    std::uint64_t batch;
    std::vector<SizedLayer> layers;
    std::uint64_t live_elements; ///< of activations, at most

    /// What it takes to run it: parameters, cached keys and values, and live activations.
    [[nodiscard]] std::uint64_t memory_bytes() const;
};

/// The network as a file holds it.
[[nodiscard]] Json to_json(const Network &network);

/// The networks as a list: name, layers, parameters, multiply-adds and title.
[[nodiscard]] std::string networks_text(std::span<const Network> networks, const TextStyle &style);

/// A row for all layers that are equal, in the order of the first of each, and what it comes to.
/// With teardowns, a table a device. What a report says of a device is shown as text.
[[nodiscard]] std::string network_text(const NetworkTable &table,
                                       std::span<const Teardown> teardowns, const TextStyle &style);

/// The same in Markdown.
[[nodiscard]] std::string network_markdown(const NetworkTable &table,
                                           std::span<const Teardown> teardowns);

/// The same as data, a layer each.
[[nodiscard]] Json to_json(const NetworkTable &table, std::span<const Teardown> teardowns);

} // namespace clprobe
