#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// What a layer computes. A dense layer acts on the channels at each position alone, as a 1x1
/// convolution does; an attention takes queries, keys and values as three equal parts of its
/// input's channels, in this order.
enum class Operator {
    convolution,
    depthwise_convolution,
    dense,
    attention,
    layer_norm,
    add,
    average_pool,
    max_pool,
};

/// What is applied to a layer's sums before they are stored.
enum class Activation { none, relu, relu6, hard_swish, gelu };

/// Of weights and activations.
enum class ElementType { fp32, fp16 };

/// As in files of networks and on the command line; empty for a value that is none of these.
[[nodiscard]] std::string_view name(Operator op);
[[nodiscard]] std::string_view name(Activation activation);
[[nodiscard]] std::string_view name(ElementType type);
/// In bytes.
[[nodiscard]] std::uint64_t size_of(ElementType type);

/// Of one image, or of a sequence, whose tokens are rows of one column.
struct TensorShape {
    std::uint64_t channels = 0;
    std::uint64_t rows = 0;
    std::uint64_t columns = 1;

    [[nodiscard]] std::uint64_t positions() const { return rows * columns; }
    bool operator==(const TensorShape &) const = default;
};

/// The name that stands for the network's own input among a layer's inputs.
inline constexpr std::string_view network_input = "input";

/// What the series of a run that was asked for a network name it, where it is none that each run
/// measures.
inline constexpr std::string_view asked_network = "asked_for";

/// One layer. Which members count is the operator's matter: docs/networks.md lists them.
struct Layer {
    std::string name;
    Operator op = Operator::convolution;
    std::vector<std::string> inputs; ///< names of earlier layers; none: the layer before
    std::uint64_t channels = 0;      ///< that come out, of a convolution or a dense layer
    std::uint64_t kernel = 0;        ///< its side; of a pool 0 is the whole input
    std::uint64_t stride = 1;
    std::uint64_t padding = 0; ///< with zeros, on each side
    std::uint64_t groups = 1;  ///< that the channels of a convolution are split into
    bool bias = true;
    std::uint64_t heads = 1;  ///< of an attention
    std::uint64_t cached = 0; ///< earlier tokens whose keys and values an attention has kept
    bool causal = false;      ///< a token attends to itself and those before it alone
    Activation activation = Activation::none;

    bool operator==(const Layer &) const = default;
};

/// A neural network as data: what it computes, not with which weights.
struct Network {
    std::string name;   ///< "resnet-18"
    std::string title;  ///< in words
    std::string source; ///< who published it, and where
    TensorShape input;
    std::vector<Layer> layers;        ///< each behind those that it takes
    std::vector<std::string> outputs; ///< names of layers; none: the last one

    bool operator==(const Network &) const = default;
};

/// A network for so many inputs at a time.
struct BatchedNetwork {
    Network network;
    std::uint32_t batch = 1;

    /// "resnet-18", and of several inputs "resnet-18.b32".
    [[nodiscard]] std::string name() const;

    bool operator==(const BatchedNetwork &) const = default;
};

/// What a layer has to do and to move, in elements, for a whole batch. Only products of sums count
/// as multiply-adds, as in the papers: none of a norm, a pool, an addition or an activation.
struct Work {
    std::uint64_t multiply_adds = 0;
    std::uint64_t weights = 0; ///< without the biases
    std::uint64_t biases = 0;
    std::uint64_t inputs = 0;
    std::uint64_t outputs = 0;
    std::uint64_t cached = 0; ///< keys and values of earlier tokens

    [[nodiscard]] std::uint64_t parameters() const { return weights + biases; }
    [[nodiscard]] double flop() const { return 2 * static_cast<double>(multiply_adds); }
    Work &operator+=(const Work &other);
    bool operator==(const Work &) const = default;
};

/// Flop for each byte that is moved, where each element is moved once; 0 where nothing is.
[[nodiscard]] double flop_per_byte(const Work &work, ElementType type);

/// A layer with what follows from those before it.
struct SizedLayer {
    Layer layer;
    TensorShape input; ///< of the first of its inputs
    TensorShape output;
    Work work;
};

/// All layers with their shapes and their work. Throws InputError, naming the layer and the way
/// out, where they do not fit together, where no layer takes what one computes, and for sizes that
/// no device has room for: more than 1000 layers, 2^20 rows, columns, channels or a batch of
/// more, 10^15 multiply-adds or elements of a layer.
[[nodiscard]] std::vector<SizedLayer> sized_layers(const Network &network, std::uint64_t batch = 1);

[[nodiscard]] Work total_of(std::span<const SizedLayer> layers);

/// The most elements of activations that have to be kept at a time, where the layers run in their
/// order, none overwrites what it reads, and each is let go once no later layer takes it. These are
/// the layers of that network, for that batch.
[[nodiscard]] std::uint64_t live_activations(const Network &network,
                                             std::span<const SizedLayer> layers,
                                             std::uint64_t batch = 1);

/// The network that a file holds (docs/networks.md). Throws InputError, naming the file and what is
/// wrong in it, also where its layers do not fit together.
[[nodiscard]] Network read_network(const std::filesystem::path &file);
/// The network of that text, which the file holds.
[[nodiscard]] Network read_network(std::string_view text, const std::filesystem::path &file);

/// The networks that come with clprobe, in the order of their names.
[[nodiscard]] const std::vector<Network> &known_networks();

} // namespace clprobe
