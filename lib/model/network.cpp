#include "model/text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/network.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <limits>
#include <map>

namespace clprobe {
namespace {

constexpr Names<Operator, 8> operators = {
    {{Operator::convolution, "convolution"},
     {Operator::depthwise_convolution, "depthwise_convolution"},
     {Operator::dense, "dense"},
     {Operator::attention, "attention"},
     {Operator::layer_norm, "layer_norm"},
     {Operator::add, "add"},
     {Operator::average_pool, "average_pool"},
     {Operator::max_pool, "max_pool"}}};
constexpr Names<Activation, 5> activations = {{{Activation::none, "none"},
                                               {Activation::relu, "relu"},
                                               {Activation::relu6, "relu6"},
                                               {Activation::hard_swish, "hard_swish"},
                                               {Activation::gelu, "gelu"}}};
constexpr Names<ElementType, 2> element_types = {
    {{ElementType::fp32, "fp32"}, {ElementType::fp16, "fp16"}}};

constexpr std::size_t most_layers = 1000;
constexpr std::uint64_t largest_size = 1U << 20U;
/// Sums of as many of these as there are layers fit into 64 bits, in bytes too.
constexpr std::uint64_t largest_work = 1'000'000'000'000'000;

[[noreturn]] void refuse(const Layer &layer, const std::string &problem) {
    throw InputError(fmt::format("layer '{}': {}", layer.name, problem));
}

std::uint64_t product(const Layer &layer, std::initializer_list<std::uint64_t> factors) {
    std::uint64_t result = 1;
    for (const std::uint64_t factor : factors) {
        if (factor > largest_work / result)
            refuse(layer, "more than 10^15 elements or multiply-adds: give it smaller sizes");
        result = std::max<std::uint64_t>(result * factor, 1);
    }
    return std::ranges::find(factors, std::uint64_t{0}) == factors.end() ? result : 0;
}

void expect_size(const Layer &layer, const char *what, std::uint64_t size, std::uint64_t least) {
    if (size < least || size > largest_size)
        refuse(layer,
               fmt::format("its {} is {}: expected {} to {}", what, size, least, largest_size));
}

std::string text_of(const TensorShape &shape) {
    return fmt::format("{}x{}x{}", shape.channels, shape.rows, shape.columns);
}

/// How often the window fits into a side of the input.
std::uint64_t windows(const Layer &layer, std::uint64_t side) {
    const std::uint64_t padded = side + 2 * layer.padding;
    if (layer.kernel > padded)
        refuse(layer,
               fmt::format("a kernel of {} does not fit into a side of {} with a padding of {}: "
                           "give it a smaller kernel or more padding",
                           layer.kernel, side, layer.padding));
    return (padded - layer.kernel) / layer.stride + 1;
}

TensorShape windowed(const Layer &layer, const TensorShape &input, std::uint64_t channels) {
    expect_size(layer, "kernel", layer.kernel, 1);
    expect_size(layer, "stride", layer.stride, 1);
    expect_size(layer, "padding", layer.padding, 0);
    return {channels, windows(layer, input.rows), windows(layer, input.columns)};
}

/// The layer's shapes and work, from those of its inputs.
class Sizing {
public:
    Sizing(const Layer &layer, std::span<const TensorShape> inputs, std::uint64_t batch)
        : inputs_(inputs), batch_(batch), sized_{layer, inputs.front(), inputs.front(), {}} {}

    SizedLayer sized() {
        expect_inputs();
        switch (sized_.layer.op) {
        case Operator::convolution:
            convolution();
            break;
        case Operator::depthwise_convolution:
            depthwise_convolution();
            break;
        case Operator::dense:
            dense();
            break;
        case Operator::attention:
            attention();
            break;
        case Operator::layer_norm:
            sized_.work.weights = sized_.work.biases = sized_.input.channels;
            break;
        case Operator::add:
            break;
        case Operator::average_pool:
        case Operator::max_pool:
            pool();
            break;
        }
        for (const TensorShape &input : inputs_) {
            sized_.work.inputs += elements(input);
            if (sized_.work.inputs > largest_work)
                refuse(sized_.layer, "more than 10^15 elements of inputs: give it smaller sizes");
        }
        sized_.work.outputs = elements(sized_.output);
        return sized_;
    }

private:
    std::uint64_t elements(const TensorShape &shape) const {
        return product(sized_.layer, {shape.channels, shape.rows, shape.columns, batch_});
    }

    void expect_inputs() const {
        const Layer &layer = sized_.layer;
        const bool several = layer.op == Operator::add;
        if (several != (inputs_.size() > 1))
            refuse(layer, several ? "it adds one input alone: name two or more"
                                  : fmt::format("it takes one input, and {} are named: let an "
                                                "addition come first",
                                                inputs_.size()));
        for (const TensorShape &input : inputs_)
            if (input != inputs_.front())
                refuse(layer, fmt::format("it adds {} to {}: let a 1x1 convolution make them equal",
                                          text_of(input), text_of(inputs_.front())));
    }

    void multiply(std::uint64_t weights_of_an_output) {
        const Layer &layer = sized_.layer;
        const TensorShape &out = sized_.output;
        sized_.work.weights = product(layer, {weights_of_an_output, out.channels});
        sized_.work.biases = layer.bias ? out.channels : 0;
        sized_.work.multiply_adds =
            product(layer, {sized_.work.weights, out.rows, out.columns, batch_});
    }

    void convolution() {
        const Layer &layer = sized_.layer;
        expect_size(layer, "number of channels", layer.channels, 1);
        expect_size(layer, "number of groups", layer.groups, 1);
        if (sized_.input.channels % layer.groups != 0 || layer.channels % layer.groups != 0)
            refuse(layer, fmt::format("{} groups divide {} and {} channels with a rest",
                                      layer.groups, sized_.input.channels, layer.channels));
        sized_.output = windowed(layer, sized_.input, layer.channels);
        multiply(
            product(layer, {sized_.input.channels / layer.groups, layer.kernel, layer.kernel}));
    }

    void depthwise_convolution() {
        const Layer &layer = sized_.layer;
        sized_.output = windowed(layer, sized_.input, sized_.input.channels);
        multiply(product(layer, {layer.kernel, layer.kernel}));
    }

    void dense() {
        expect_size(sized_.layer, "number of channels", sized_.layer.channels, 1);
        sized_.output.channels = sized_.layer.channels;
        multiply(sized_.input.channels);
    }

    void attention() {
        const Layer &layer = sized_.layer;
        expect_size(layer, "number of heads", layer.heads, 1);
        expect_size(layer, "number of cached tokens", layer.cached, 0);
        const std::uint64_t channels = sized_.input.channels / 3;
        if (sized_.input.channels % 3 != 0 || channels % layer.heads != 0)
            refuse(layer, fmt::format("{} channels are no queries, keys and values of {} heads: "
                                      "let a dense layer before it make 3 x heads x size of them",
                                      sized_.input.channels, layer.heads));
        sized_.output.channels = channels;
        const std::uint64_t tokens = sized_.input.positions();
        const std::uint64_t own = product(layer, {tokens, layer.causal ? tokens + 1 : 2 * tokens});
        const std::uint64_t pairs = product(layer, {tokens, layer.cached}) + own / 2;
        sized_.work.multiply_adds = product(layer, {2, channels, pairs, batch_});
        sized_.work.cached = product(layer, {2, channels, layer.cached, batch_});
    }

    void pool() {
        if (sized_.layer.kernel == 0)
            sized_.output.rows = sized_.output.columns = 1;
        else
            sized_.output = windowed(sized_.layer, sized_.input, sized_.input.channels);
    }

    std::span<const TensorShape> inputs_;
    std::uint64_t batch_;
    SizedLayer sized_;
};

constexpr std::size_t of_the_network = std::numeric_limits<std::size_t>::max();

/// For each layer the places of those that it takes; the network's own input is `of_the_network`.
std::vector<std::vector<std::size_t>> edges_of(const Network &network) {
    std::map<std::string_view, std::size_t> places = {{network_input, of_the_network}};
    std::vector<std::vector<std::size_t>> edges;
    for (const Layer &layer : network.layers) {
        std::vector<std::size_t> &taken = edges.emplace_back();
        if (layer.inputs.empty())
            taken.push_back(edges.size() > 1 ? edges.size() - 2 : of_the_network);
        for (const std::string &input : layer.inputs) {
            const auto found = places.find(input);
            if (found == places.end())
                refuse(layer, fmt::format("no layer before it is called '{}': an input is an "
                                          "earlier layer, or '{}'",
                                          input, network_input));
            taken.push_back(found->second);
        }
        if (!places.emplace(layer.name, edges.size() - 1).second)
            refuse(layer, "a second one of that name: give it another");
    }
    return edges;
}

/// For each layer the last one that takes it, or the number of layers where that is whoever called
/// the network. Throws InputError for one that nobody takes.
std::vector<std::size_t> last_uses(const Network &network,
                                   const std::vector<std::vector<std::size_t>> &edges) {
    const std::size_t count = network.layers.size();
    std::vector<std::size_t> uses(count, 0);
    for (std::size_t i = 0; i < count; ++i)
        for (const std::size_t taken : edges[i])
            if (taken != of_the_network)
                uses[taken] = i;
    if (network.outputs.empty())
        uses.back() = count;
    for (const std::string &output : network.outputs) {
        const auto found = std::ranges::find(network.layers, output, &Layer::name);
        if (found == network.layers.end())
            throw InputError(
                fmt::format("no layer is called '{}', which the outputs name", output));
        uses[static_cast<std::size_t>(found - network.layers.begin())] = count;
    }
    for (std::size_t i = 0; i < count; ++i)
        if (uses[i] == 0)
            refuse(
                network.layers[i],
                "no layer takes what it computes: let one take it, or name it among the outputs");
    return uses;
}

} // namespace

std::string_view name(Operator op) {
    return word_of(operators, op);
}
std::string_view name(Activation activation) {
    return word_of(activations, activation);
}
std::string_view name(ElementType type) {
    return word_of(element_types, type);
}

std::uint64_t size_of(ElementType type) {
    return type == ElementType::fp16 ? 2 : 4;
}

Work &Work::operator+=(const Work &other) {
    multiply_adds += other.multiply_adds;
    weights += other.weights;
    biases += other.biases;
    inputs += other.inputs;
    outputs += other.outputs;
    cached += other.cached;
    return *this;
}

double flop_per_byte(const Work &work, ElementType type) {
    const std::uint64_t elements = work.parameters() + work.inputs + work.outputs + work.cached;
    return elements == 0 ? 0 : work.flop() / static_cast<double>(elements * size_of(type));
}

std::string BatchedNetwork::name() const {
    return batch == 1 ? network.name : fmt::format("{}.b{}", network.name, batch);
}

std::vector<SizedLayer> sized_layers(const Network &network, std::uint64_t batch) {
    if (network.layers.empty() || network.layers.size() > most_layers)
        throw InputError(fmt::format("a network of {} layers: expected 1 to {}",
                                     network.layers.size(), most_layers));
    Layer input;
    input.name = network_input;
    expect_size(input, "batch", batch, 1);
    expect_size(input, "number of channels", network.input.channels, 1);
    expect_size(input, "number of rows", network.input.rows, 1);
    expect_size(input, "number of columns", network.input.columns, 1);
    const auto edges = edges_of(network);
    static_cast<void>(last_uses(network, edges));
    std::vector<SizedLayer> sized;
    for (std::size_t i = 0; i < edges.size(); ++i) {
        std::vector<TensorShape> inputs;
        for (const std::size_t taken : edges[i])
            inputs.push_back(taken == of_the_network ? network.input : sized[taken].output);
        sized.push_back(Sizing(network.layers[i], inputs, batch).sized());
    }
    return sized;
}

Work total_of(std::span<const SizedLayer> layers) {
    Work total;
    for (const SizedLayer &layer : layers)
        total += layer.work;
    return total;
}

std::uint64_t live_activations(const Network &network, std::span<const SizedLayer> layers,
                               std::uint64_t batch) {
    const auto edges = edges_of(network);
    const auto uses = last_uses(network, edges);
    std::size_t input_use = 0;
    for (std::size_t i = 0; i < edges.size(); ++i)
        if (std::ranges::find(edges[i], of_the_network) != edges[i].end())
            input_use = i;
    const std::uint64_t input = network.input.channels * network.input.positions() * batch;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        std::uint64_t live = i <= input_use ? input : 0;
        for (std::size_t j = 0; j <= i; ++j)
            if (uses[j] >= i)
                live += layers[j].work.outputs;
        most = std::max(most, live);
    }
    return most;
}

} // namespace clprobe
