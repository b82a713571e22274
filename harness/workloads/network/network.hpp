#pragma once
#include "workloads/attention/attention.hpp"
#include "workloads/network/graph.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/workloads.hpp>
#include <clprobe/workloads_convolution.hpp>
#include <clprobe/workloads_softmax_norm.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::probes::network {

using attention::Attention;
using attention::AttentionPlan;
using attention::AttentionShape;
using workloads::ActivationLayout;
using workloads::Convolution;
using workloads::ConvolutionPlan;
using workloads::ConvolutionShape;
using workloads::GemmPlan;
using workloads::GemmShape;
using workloads::SoftmaxNorm;
using workloads::SoftmaxNormPlan;
using workloads::SoftmaxNormShape;

inline constexpr const char *kernel_text = "workloads/network";
inline constexpr const char *convolution_text = "workloads/convolution";
inline constexpr const char *gemm_text = "workloads/gemm";
inline constexpr const char *norm_text = "workloads/softmax_norm";

/// A convolution of a network, from one of its tensors to another.
struct NetworkConvolution {
    std::size_t input = 0;
    std::size_t output = 0;
    ConvolutionShape shape;
};
/// In their order, each with the halos of the tensors.
[[nodiscard]] std::vector<NetworkConvolution> convolutions_of(const Graph &graph);

/// Those of which a choice can be kept, each once: choices go by the name. With ReLU, which takes
/// as long as any activation, or none.
[[nodiscard]] std::vector<ConvolutionShape> distinct_convolutions(const BatchedNetwork &network);

using KeptPlan = std::function<std::optional<ConvolutionPlan>(
    const ConvolutionShape &, const std::vector<ConvolutionPlan> &plans)>;
/// A plan for each, so that all that take a tensor read it as it lies: those that together are
/// predicted to take least, where one that was kept counts as the fastest of its shape. Nothing
/// where no plans fit together. What other layers compute they write in any blocks of channels.
[[nodiscard]] std::optional<std::vector<ConvolutionPlan>>
chained_plans(const std::vector<NetworkConvolution> &convolutions, const KeptPlan &kept,
              const Facts &facts);

/// The product of a dense layer of several tokens: its rows are those of the whole batch, its depth
/// the channels that it takes. Nothing of any other layer.
[[nodiscard]] std::optional<GemmShape> product_of(const Graph &graph, std::size_t layer);

/// What an attention of several tokens computes; nothing of any other layer. That of one token has
/// a kernel of its own.
[[nodiscard]] std::optional<AttentionShape> attention_of(const Graph &graph, std::size_t layer);
/// What a layer norm computes, of the tokens of the whole batch; nothing of any other layer.
[[nodiscard]] std::optional<SoftmaxNormShape> norm_of(const Graph &graph, std::size_t layer);

/// Those of a network, each once.
[[nodiscard]] std::vector<GemmShape> distinct_products(const BatchedNetwork &network);
[[nodiscard]] std::vector<AttentionShape> distinct_attentions(const BatchedNetwork &network);
[[nodiscard]] std::vector<SoftmaxNormShape> distinct_norms(const BatchedNetwork &network);

/// How a network is computed.
struct NetworkPlan {
    std::vector<ConvolutionPlan> convolutions;  ///< in their order
    std::vector<GemmPlan> products;             ///< of dense layers of several tokens, in theirs
    std::vector<AttentionPlan> attentions = {}; ///< of several tokens, in theirs
    std::vector<SoftmaxNormPlan> norms = {};    ///< layer norms, in theirs
};

/// Where images lie; of tensors that are none nothing.
[[nodiscard]] std::vector<std::optional<ActivationLayout>>
layouts_of(const Graph &graph, const std::vector<ConvolutionPlan> &plans);

/// How results are shared out: the macros of the kernel text.
struct HeadTile {
    unsigned lanes = 32;
    unsigned results = 4;
    unsigned width = 4;

    [[nodiscard]] std::string build_options() const;
    /// A work-group for as many results as it has, at least so many.
    [[nodiscard]] NdRange range(std::uint32_t all_results) const;
    /// The same for each of so many images, along the second dimension.
    [[nodiscard]] NdRange range(std::uint32_t all_results, std::uint32_t images) const;
    /// A work-item for each, in groups of as many.
    [[nodiscard]] NdRange items(std::size_t count) const;
    /// Work-items that share out what one token attends to, by heads of so many channels: as many
    /// as a group has, or as local memory has room for, where a result has several lanes.
    [[nodiscard]] unsigned key_lanes(std::uint64_t head, const DeviceInfo &device) const;
};
[[nodiscard]] HeadTile head_tile(const DeviceInfo &device);
/// The macros of an attention of one token.
[[nodiscard]] std::string attention_options(const HeadTile &tile, std::uint64_t head,
                                            const DeviceInfo &device);

/// A layer of one of `network_names()`, alone, and the plan where it is a convolution.
struct LayerRow {
    std::uint32_t network = 0;
    std::uint32_t layer = 0; ///< counted from 0
    ConvolutionPlan plan = {};

    static auto columns();
    bool operator==(const LayerRow &) const = default;
};

/// A dense layer of several tokens, alone, and the plan of its product.
struct ProductRow {
    std::uint32_t network = 0;
    std::uint32_t layer = 0; ///< counted from 0
    GemmPlan plan = {};

    static auto columns();
    bool operator==(const ProductRow &) const = default;
};

/// All layers, in their order.
struct NetworkRow {
    std::uint32_t network = 0;

    static auto columns();
    bool operator==(const NetworkRow &) const = default;
};

/// One run, waited for.
struct RunRow {
    std::uint32_t network = 0;

    static auto columns();
    bool operator==(const RunRow &) const = default;
};

constexpr double most_layers = 1000;
inline auto LayerRow::columns() {
    return std::tuple{column("network", &LayerRow::network, network_names()),
                      column("layer", &LayerRow::layer).between(0, most_layers),
                      part(&LayerRow::plan), trips("rounds")};
}
inline auto ProductRow::columns() {
    return std::tuple{column("network", &ProductRow::network, network_names()),
                      column("layer", &ProductRow::layer).between(0, most_layers),
                      part(&ProductRow::plan), trips("rounds")};
}
inline auto NetworkRow::columns() {
    return std::tuple{column("network", &NetworkRow::network, network_names()), trips("runs")};
}
inline auto RunRow::columns() {
    return std::tuple{column("network", &RunRow::network, network_names())};
}

namespace series {
inline const std::string layer = "layer";     ///< rounds of one layer
inline const std::string product = "product"; ///< rounds of a dense layer of several tokens
inline const std::string network = "network"; ///< runs in a row
inline const std::string run = "run";         ///< runs that are waited for
inline const std::string cold = "cold";       ///< the same, each behind emptied caches
inline const std::string first = "first";     ///< the very first one
} // namespace series

/// Attributes of the data, beside those of operators::entry, each with the network's name behind
/// it.
namespace attribute {
inline const std::string launches = "launches."; ///< number: of a run
inline const std::string memory = "memory.";     ///< number: bytes of weights and activations
inline const std::string kept = "kept.";         ///< number: layers whose plan was kept from a race
inline const std::string swept = "swept";        ///< number, alone: bytes that empty the caches
} // namespace attribute

void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

/// Seconds that the whole network takes, by the predictions of its layers: those of convolutions
/// and products, and of each other what it moves takes from memory, and a launch.
[[nodiscard]] std::optional<double> predicted_seconds(const Graph &graph, const NetworkPlan &plan,
                                                      const Facts &facts);

} // namespace clprobe::probes::network
