#include "io/file.hpp"
#include "io/json_members.hpp"
#include "io/network.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/network.hpp>

#include <fmt/format.h>

#include <array>

namespace clprobe {
namespace {

/// What a file says of a layer besides its name, its operator and its inputs.
struct LayerMembers {
    Operator op;
    std::vector<std::string_view> required;
    std::vector<std::string_view> optional;
};

const std::vector<LayerMembers> &layer_members() {
    static const std::vector<LayerMembers> all = {
        {Operator::convolution,
         {"channels", "kernel"},
         {"stride", "padding", "groups", "bias", "activation"}},
        {Operator::depthwise_convolution, {"kernel"}, {"stride", "padding", "bias", "activation"}},
        {Operator::dense, {"channels"}, {"bias", "activation"}},
        {Operator::attention, {"heads"}, {"causal", "cached"}},
        {Operator::layer_norm, {}, {}},
        {Operator::add, {"inputs"}, {"activation"}},
        {Operator::average_pool, {}, {"kernel", "stride", "padding"}},
        {Operator::max_pool, {}, {"kernel", "stride", "padding"}}};
    return all;
}

const LayerMembers &members_of(const JsonNode &node) {
    std::string word;
    read(node, word);
    std::vector<std::string_view> words;
    for (const LayerMembers &each : layer_members()) {
        words.push_back(name(each.op));
        if (words.back() == word)
            return each;
    }
    refuse_word(node, "operator", word, words);
}

Activation activation_in(const JsonNode &node) {
    std::string word;
    read(node, word);
    std::vector<std::string_view> words;
    for (const auto activation : {Activation::none, Activation::relu, Activation::relu6,
                                  Activation::hard_swish, Activation::gelu}) {
        words.push_back(name(activation));
        if (words.back() == word)
            return activation;
    }
    refuse_word(node, "activation", word, words);
}

std::vector<std::string> names_in(const JsonNode &node) {
    std::vector<std::string> names;
    for (const JsonNode &element : node.elements())
        names.push_back(text_in(element));
    if (names.empty())
        node.fail("expected the name of a layer");
    return names;
}

Layer layer_in(const JsonNode &node) {
    const LayerMembers &members = members_of(node["operator"]);
    std::vector<std::string_view> known = {"name", "operator", "inputs"};
    known.insert(known.end(), members.required.begin(), members.required.end());
    known.insert(known.end(), members.optional.begin(), members.optional.end());
    expect_members(node, known);
    for (const std::string_view member : members.required)
        static_cast<void>(node[std::string(member)]);
    Layer layer;
    layer.name = text_in(node["name"]);
    layer.op = members.op;
    if (const auto inputs = node.find("inputs"))
        layer.inputs = names_in(*inputs);
    if (const auto activation = node.find("activation"))
        layer.activation = activation_in(*activation);
    const MemberReader each{node};
    each.filled("channels", layer.channels);
    each.filled("kernel", layer.kernel);
    each.filled("stride", layer.stride);
    each.filled("padding", layer.padding);
    each.filled("groups", layer.groups);
    each.filled("bias", layer.bias);
    each.filled("heads", layer.heads);
    each.filled("causal", layer.causal);
    each.filled("cached", layer.cached);
    if (layer.kernel == 0 && (node.find("kernel") || node.find("stride") || node.find("padding")))
        node.fail("a stride or a padding needs a kernel of 1 at least; a pool without any of the "
                  "three takes its whole input");
    return layer;
}

/// [channels, rows, columns] of an image, [channels, tokens] of a sequence.
TensorShape shape_in(const JsonNode &node) {
    std::vector<std::uint64_t> sizes;
    read(node, sizes);
    if (sizes.size() != 2 && sizes.size() != 3)
        node.fail("expected [channels, rows, columns] or [channels, tokens]");
    return {sizes[0], sizes[1], sizes.size() == 3 ? sizes[2] : 1};
}

constexpr std::array<std::string_view, 8> network_members = {
    "$schema", "network_version", "name", "title", "source", "input", "layers", "outputs"};

Network network_in(const JsonNode &node) {
    expect_version(node, "network_version", network_version, "no network");
    expect_members(node, network_members);
    Network network;
    network.name = text_in(node["name"]);
    network.title = text_in(node["title"]);
    network.source = text_in(node["source"]);
    network.input = shape_in(node["input"]);
    for (const JsonNode &element : node["layers"].elements())
        network.layers.push_back(layer_in(element));
    if (const auto outputs = node.find("outputs"))
        network.outputs = names_in(*outputs);
    static_cast<void>(sized_layers(network)); // its layers have to fit together
    return network;
}

/// The texts of the files that come with clprobe, with the names of the files.
struct NetworkFile {
    const char *name;
    const char *text;
};
constexpr NetworkFile network_files[] = {
#include "network_files.inc"
};

Json json_of(const TensorShape &shape) {
    return {shape.channels, shape.rows, shape.columns};
}

Json json_of(const Work &work, ElementType type) {
    const std::uint64_t size = size_of(type);
    return {{"parameters", work.parameters()},           {"multiply_adds", work.multiply_adds},
            {"weight_bytes", work.weights * size},       {"input_bytes", work.inputs * size},
            {"output_bytes", work.outputs * size},       {"cached_bytes", work.cached * size},
            {"flop_per_byte", flop_per_byte(work, type)}};
}

Json json_of(const PredictedTime &time) {
    return {{"seconds", time.seconds}, {"interval", json_of(time.interval)}};
}

Json json_of(const std::vector<TimeFloor> &floors) {
    Json json = Json::object();
    for (const TimeFloor &floor : floors)
        json[floor.by] = json_of(floor.time);
    return json;
}

Json json_of(const LayerTeardown &layer) {
    Json json = {{"name", layer.name}, {"floors", json_of(layer.floors)}};
    const MemberWriter each{json};
    each.filled("bound", layer.bound);
    if (layer.predicted)
        json["predicted"] = json_of(*layer.predicted);
    each.filled("share", layer.share);
    each.filled("measured", layer.measured);
    each.filled("measured_share", layer.measured_share);
    return json;
}

Json json_of(const Teardown &teardown) {
    Json json = {{"device", {{"slug", teardown.device.slug}, {"name", teardown.device.name}}},
                 {"launches", teardown.launches},
                 {"findings", json_of(teardown.findings)},
                 {"runs", json_of(teardown.runs)},
                 {"absent", Json::array()},
                 {"layers", Json::array()},
                 {"whole", json_of(teardown.whole)}};
    for (const auto &[key, reason] : teardown.absent)
        json["absent"].push_back({{"key", key}, {"reason", reason}});
    for (const LayerTeardown &layer : teardown.layers)
        json["layers"].push_back(json_of(layer));
    return json;
}

} // namespace

Json to_json(const NetworkTable &table, std::span<const Teardown> teardowns) {
    Json json = {{"network",
                  {{"name", table.network.name},
                   {"title", table.network.title},
                   {"source", table.network.source},
                   {"input", json_of(table.network.input)}}},
                 {"type", name(table.type)},
                 {"batch", table.batch},
                 {"memory_bytes", table.memory_bytes()},
                 {"layers", Json::array()},
                 {"total", json_of(total_of(table.layers), table.type)},
                 {"devices", Json::array()}};
    for (const SizedLayer &sized : table.layers) {
        Json layer = {{"name", sized.layer.name},
                      {"operator", name(sized.layer.op)},
                      {"input", json_of(sized.input)},
                      {"output", json_of(sized.output)}};
        layer.update(json_of(sized.work, table.type));
        json["layers"].push_back(std::move(layer));
    }
    for (const Teardown &teardown : teardowns)
        json["devices"].push_back(json_of(teardown));
    return json;
}

Network read_network(const std::filesystem::path &file) {
    return read_network(read_file(file), file);
}

Network read_network(std::string_view text, const std::filesystem::path &file) {
    return naming_file(file, [&] {
        const Json json = parse_json(text);
        return network_in(JsonNode(json));
    });
}

const std::vector<Network> &known_networks() {
    static const std::vector<Network> networks = [] {
        std::vector<Network> all;
        for (const NetworkFile &file : network_files)
            all.push_back(read_network(file.text, file.name));
        return all;
    }();
    return networks;
}

} // namespace clprobe
