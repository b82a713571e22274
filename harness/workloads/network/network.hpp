#pragma once
#include <clprobe/network.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/workloads_convolution.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace clprobe::probes::network {

using workloads::Convolution;
using workloads::ConvolutionPlan;
using workloads::ConvolutionShape;

inline constexpr const char *kernel_text = "workloads/network";
inline constexpr const char *convolution_text = "workloads/convolution";

/// Why this program cannot run the network, naming the first layer that it has no kernel for; empty
/// where it can: where the layers are convolutions, an average over the whole image, and a dense
/// layer, each taking the one before.
[[nodiscard]] std::string without_kernel(const Network &network);

/// Those that are run: a small one, for tests of the kernels, and those that come with clprobe.
[[nodiscard]] const std::vector<Network> &run_networks();

/// The convolutions of such a network, in their order, each with the halo that the next one needs.
[[nodiscard]] std::vector<ConvolutionShape> convolutions_of(const Network &network);

using KeptPlan = std::function<std::optional<ConvolutionPlan>(
    const ConvolutionShape &, const std::vector<ConvolutionPlan> &plans)>;
/// A plan for each shape, each of which reads what the one before writes as it lies: those that
/// together are predicted to take least, where one that was kept counts as the fastest of its
/// shape. Nothing where no plans fit together.
[[nodiscard]] std::optional<std::vector<ConvolutionPlan>>
chained_plans(const std::vector<ConvolutionShape> &shapes, const KeptPlan &kept,
              const Facts &facts);

/// How the average and the dense layer are shared out: the macros of the kernel text.
struct HeadTile {
    unsigned lanes = 32;
    unsigned results = 4;
    unsigned width = 4;

    [[nodiscard]] std::string build_options() const;
    /// A work-group for as many results as it has, at least so many.
    [[nodiscard]] NdRange range(std::uint32_t all_results) const;
};
[[nodiscard]] HeadTile head_tile(const DeviceInfo &device);

/// A layer of one of `run_networks()`, alone, and the plan where it is a convolution.
struct LayerRow {
    std::uint32_t network = 0;
    std::uint32_t layer = 0; ///< counted from 0
    ConvolutionPlan plan = {};

    static auto columns();
    bool operator==(const LayerRow &) const = default;
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

[[nodiscard]] const std::vector<std::string> &network_names();

inline auto LayerRow::columns() {
    constexpr double most_layers = 1000;
    return std::tuple{column("network", &LayerRow::network, network_names()),
                      column("layer", &LayerRow::layer).between(0, most_layers),
                      part(&LayerRow::plan), trips("rounds")};
}
inline auto NetworkRow::columns() {
    return std::tuple{column("network", &NetworkRow::network, network_names()), trips("runs")};
}
inline auto RunRow::columns() {
    return std::tuple{column("network", &RunRow::network, network_names())};
}

namespace series {
inline const std::string layer = "layer";     ///< rounds of one layer
inline const std::string network = "network"; ///< runs in a row
inline const std::string run = "run";         ///< runs that are waited for
} // namespace series

/// Attributes of the data, beside those of operators::entry, each with the network's name behind
/// it.
namespace attribute {
inline const std::string launches = "launches."; ///< number: of a run
inline const std::string memory = "memory.";     ///< number: bytes of weights and activations
inline const std::string kept = "kept.";         ///< number: layers whose plan was kept from a race
} // namespace attribute

void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

/// Seconds that the whole network takes, by the predictions of its layers: those of convolutions,
/// what the dense layer's weights take from memory, and a launch for each of the others.
[[nodiscard]] std::optional<double> predicted_seconds(const Network &network,
                                                      const std::vector<ConvolutionPlan> &plans,
                                                      const Facts &facts);

} // namespace clprobe::probes::network
