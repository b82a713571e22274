// Writes what network_json.cpp reads.

#include "io/json_members.hpp"
#include "io/network.hpp"

namespace clprobe {
namespace {

/// Without what a reader takes anyway.
Json file_json_of(const Layer &layer) {
    const Layer usual;
    Json json = {{"name", layer.name}, {"operator", name(layer.op)}};
    const auto add = [&](const char *member, const auto &value, const auto &otherwise) {
        if (value != otherwise)
            json[member] = json_of(value);
    };
    add("inputs", layer.inputs, usual.inputs);
    add("channels", layer.channels, usual.channels);
    add("kernel", layer.kernel, usual.kernel);
    add("stride", layer.stride, usual.stride);
    add("padding", layer.padding, usual.padding);
    add("groups", layer.groups, usual.groups);
    add("bias", layer.bias, usual.bias);
    add("causal", layer.causal, usual.causal);
    add("cached", layer.cached, usual.cached);
    add("activation", layer.activation, usual.activation);
    if (layer.op == Operator::attention)
        json["heads"] = layer.heads;
    return json;
}

} // namespace

Json to_json(const Network &network) {
    Json json = {{"network_version", network_version},
                 {"name", network.name},
                 {"title", network.title},
                 {"source", network.source},
                 {"input", {network.input.channels, network.input.rows, network.input.columns}},
                 {"layers", Json::array()}};
    for (const Layer &layer : network.layers)
        json["layers"].push_back(file_json_of(layer));
    if (!network.outputs.empty())
        json["outputs"] = network.outputs;
    return json;
}

} // namespace clprobe
