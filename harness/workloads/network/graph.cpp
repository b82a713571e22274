#include "workloads/network/graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace clprobe::probes::network {
namespace {

/// As the text of attention's kernel needs it, whatever the vectors' width.
constexpr std::uint64_t head_multiple = 16;

std::size_t tensor_named(const Network &network, std::string_view name) {
    if (name == network_input)
        return 0;
    const auto found = std::ranges::find(network.layers, name, &Layer::name);
    return static_cast<std::size_t>(found - network.layers.begin()) + 1;
}

bool computes_image(Operator op, bool takes_image) {
    switch (op) {
    case Operator::convolution:
    case Operator::depthwise_convolution:
    case Operator::max_pool:
        return true;
    case Operator::add:
        return takes_image;
    default:
        return false;
    }
}

/// Why the kernel of convolutions does not run the layer; empty where it does.
std::string unfit_convolution(const Layer &layer) {
    if (layer.kernel % 2 == 0 || layer.padding != layer.kernel / 2)
        return "its kernel is even, or its padding not half of it";
    if (layer.groups != 1)
        return "it has groups";
    if (layer.activation != Activation::none && layer.activation != Activation::relu &&
        layer.activation != Activation::relu6)
        return fmt::format("its activation is {}", name(layer.activation));
    return "";
}

/// Why the text of this probe's own kernels does not have the layer's activation.
std::string unfit_activation(const Layer &layer) {
    return layer.activation == Activation::relu6 || layer.activation == Activation::hard_swish
               ? fmt::format("its activation is {}", name(layer.activation))
               : "";
}

std::string unfit_addition(const Graph &graph, std::size_t index) {
    const Layer &layer = graph.layers()[index].layer;
    if (graph.inputs(index).size() != 2)
        return "it adds more than two";
    if (!graph.is_image(index + 1) && !graph.is_fused(index))
        return "it adds tokens, of which none are of a dense layer right before it alone";
    return unfit_activation(layer);
}

/// One program has all of a network, for heads of one size.
std::string unfit_attention(const Graph &graph, std::size_t index) {
    const auto head = [&](std::size_t layer) {
        const SizedLayer &sized = graph.layers()[layer];
        return sized.output.channels / sized.layer.heads;
    };
    const SizedLayer &sized = graph.layers()[index];
    if (sized.layer.cached > 0 && sized.input.positions() > 1)
        return "it has several tokens behind others";
    if (head(index) % head_multiple != 0)
        return fmt::format("its heads are no multiple of {} channels", head_multiple);
    for (std::size_t i = 0; i < index; ++i)
        if (graph.layers()[i].layer.op == Operator::attention && head(i) != head(index))
            return "its heads have another size than those of an attention before it";
    return "";
}

Layer made_layer(const char *called, Operator op, std::uint64_t channels = 0) {
    Layer made;
    made.name = called;
    made.op = op;
    made.channels = channels;
    return made;
}

Layer made_convolution(const char *called, std::uint64_t channels, std::uint64_t kernel,
                       std::uint64_t stride, Activation activation) {
    Layer made = made_layer(called, Operator::convolution, channels);
    made.kernel = kernel;
    made.stride = stride;
    made.padding = kernel / 2;
    made.activation = activation;
    return made;
}

Layer addition(const char *called, std::vector<std::string> inputs) {
    Layer made = made_layer(called, Operator::add);
    made.inputs = std::move(inputs);
    return made;
}

Network small_network() {
    Layer pool = made_layer("max_pool", Operator::max_pool);
    pool.kernel = 3;
    pool.stride = 2;
    pool.padding = 1;
    Layer projection = made_convolution("projection", 39, 1, 2, Activation::none);
    projection.inputs = {"max_pool"};
    Layer sum = addition("sum", {"third", "projection"});
    sum.activation = Activation::relu;
    Network network;
    network.name = "small";
    network.input = {3, 14, 14};
    // The second is the first shape of workloads/convolution, whose plan can be kept.
    network.layers = {made_convolution("first", 16, 3, 1, Activation::relu),
                      made_convolution("second", 16, 3, 1, Activation::none),
                      addition("added", {"first", "second"}), pool,
                      made_convolution("third", 39, 3, 2, Activation::none), projection, sum,
                      // Of any sign, so that no channel is zero in all pixels.
                      made_convolution("fourth", 39, 1, 1, Activation::none),
                      made_layer("pool", Operator::average_pool),
                      made_layer("dense", Operator::dense, 21)};
    return network;
}

/// A transformer's block, of that many tokens behind others.
Network small_block(const char *called, std::uint64_t tokens, std::uint64_t cached) {
    Layer attention = made_layer("attention", Operator::attention);
    attention.heads = 2;
    attention.causal = true;
    attention.cached = cached;
    Layer everywhere = attention;
    everywhere.name = "attention2";
    everywhere.causal = false;
    everywhere.cached = 0;
    Layer wide = made_layer("wide", Operator::dense, 75);
    wide.activation = Activation::gelu;
    Network network;
    network.name = called;
    network.input = {33, tokens};
    network.layers = {made_layer("norm", Operator::layer_norm),
                      made_layer("qkv", Operator::dense, 192),
                      attention,
                      made_layer("projection", Operator::dense, 33),
                      addition("added", {"input", "projection"}),
                      wide,
                      made_layer("narrow", Operator::dense, 33),
                      addition("sum", {"added", "narrow"}),
                      made_layer("qkv2", Operator::dense, 192),
                      everywhere,
                      made_layer("head", Operator::dense, 21)};
    return network;
}

} // namespace

Graph::Graph(const BatchedNetwork &batched, std::uint32_t more_halo)
    : batch_(batched.batch), input_(batched.network.input),
      layers_(sized_layers(batched.network, batched.batch)), inputs_(layers_.size()),
      readers_(tensors()), is_image_{batched.network.input.columns > 1}, halos_(tensors()) {
    const Network &network = batched.network;
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const Layer &each = layers_[i].layer;
        for (const std::string &input : each.inputs)
            inputs_[i].push_back(tensor_named(network, input));
        if (each.inputs.empty())
            inputs_[i].push_back(i);
        for (const std::size_t input : inputs_[i])
            readers_[input].push_back(i);
        is_image_.push_back(computes_image(each.op, is_image_[inputs_[i].front()]));
        if (each.op == Operator::convolution || each.op == Operator::depthwise_convolution) {
            std::uint32_t &halo = halos_[inputs_[i].front()];
            halo = std::max(halo, static_cast<std::uint32_t>(each.kernel / 2));
        }
    }
    for (std::size_t tensor = 0; tensor < tensors(); ++tensor)
        halos_[tensor] += is_image_[tensor] ? more_halo : 0;
    for (const std::string &output : network.outputs)
        outputs_.push_back(tensor_named(network, output));
    if (network.outputs.empty())
        outputs_.push_back(layers_.size());
}

bool Graph::is_fused(std::size_t layer) const {
    const Layer &sum = layers_[layer].layer;
    if (sum.op != Operator::add || sum.activation != Activation::none || layer == 0)
        return false;
    const Layer &before = layers_[layer - 1].layer;
    const std::size_t made = layer; // by the layer before
    return before.op == Operator::dense && inputs_[layer].size() == 2 &&
           std::ranges::count(inputs_[layer], made) == 1 && readers_[made].size() == 1 &&
           std::ranges::count(outputs_, made) == 0;
}

std::optional<std::size_t> Graph::addend(std::size_t layer) const {
    if (result(layer) == layer + 1)
        return std::nullopt;
    const std::vector<std::size_t> &added = inputs_[layer + 1];
    return added.front() == layer + 1 ? added.back() : added.front();
}

std::string unfit_layer(const Graph &graph, std::size_t index) {
    const SizedLayer &sized = graph.layers()[index];
    const Layer &layer = sized.layer;
    const bool takes_image = graph.is_image(graph.inputs(index).front());
    const char *const for_images = "it has one for images only";
    const char *const for_tokens = "it has one for tokens only";
    switch (layer.op) {
    case Operator::convolution:
    case Operator::depthwise_convolution:
        return takes_image ? unfit_convolution(layer) : for_images;
    case Operator::max_pool:
        return !takes_image                           ? for_images
               : layer.activation != Activation::none ? "it has an activation"
               : layer.kernel == 0                    ? "it is over the whole image"
               : layer.padding * 2 > layer.kernel     ? "some of its windows have no pixel"
                                                      : "";
    case Operator::average_pool:
        return takes_image && layer.kernel == 0 ? ""
                                                : "only the average over a whole image has one";
    case Operator::dense:
        return takes_image ? for_tokens : unfit_activation(layer);
    case Operator::layer_norm:
        return takes_image ? for_tokens : "";
    case Operator::attention:
        return takes_image         ? for_tokens
               : graph.batch() > 1 ? "it has one for a single sequence only"
                                   : unfit_attention(graph, index);
    case Operator::add:
        return unfit_addition(graph, index);
    }
    return "its operator has none yet";
}

std::string without_kernel(const BatchedNetwork &network) {
    const Graph graph(network);
    for (std::size_t i = 0; i < graph.layers().size(); ++i)
        if (const std::string reason = unfit_layer(graph, i); !reason.empty())
            return fmt::format("the layer {}, {}, has no kernel here: {}",
                               graph.layers()[i].layer.name, name(graph.layers()[i].layer.op),
                               reason);
    return "";
}

const std::vector<BatchedNetwork> &small_networks() {
    static const std::vector<BatchedNetwork> networks{{small_network()},
                                                      {small_network(), 3},
                                                      {small_block("small-tokens", 19, 0)},
                                                      {small_block("small-token", 1, 37)}};
    return networks;
}

const std::vector<BatchedNetwork> &measured_networks() {
    static const std::vector<BatchedNetwork> networks = [] {
        std::vector<BatchedNetwork> all;
        for (const Network &network : known_networks()) {
            all.push_back({network});
            if (network.name == "repvgg-a2") // which others have published for one, too
                all.push_back({network, 32});
        }
        return all;
    }();
    return networks;
}

const std::vector<BatchedNetwork> &numbered_networks() {
    static const std::vector<BatchedNetwork> networks = [] {
        std::vector<BatchedNetwork> all = small_networks();
        all.insert(all.end(), measured_networks().begin(), measured_networks().end());
        return all;
    }();
    return networks;
}

std::uint32_t number_of(const BatchedNetwork &network) {
    return static_cast<std::uint32_t>(std::ranges::find(numbered_networks(), network) -
                                      numbered_networks().begin());
}

const std::vector<std::string> &network_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const BatchedNetwork &network : numbered_networks())
            all.push_back(network.name());
        all.emplace_back(asked_network);
        return all;
    }();
    return names;
}

} // namespace clprobe::probes::network
