#include "common/device_tiles.hpp"
#include "workloads/network/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <string_view>
#include <utility>

namespace clprobe::probes::network {
namespace {

std::string what(const SizedLayer &sized) {
    return fmt::format("the layer {}, {}", sized.layer.name, name(sized.layer.op));
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

/// The chain is convolutions, a pool, and a dense layer.
std::string unfit_layer(const std::vector<SizedLayer> &layers, std::size_t index) {
    const Layer &layer = layers[index].layer;
    const std::size_t left = layers.size() - index - 1;
    const std::string before =
        index == 0 ? std::string(network_input) : layers[index - 1].layer.name;
    if (!layer.inputs.empty() && layer.inputs != std::vector{before})
        return "it takes another layer than the one before";
    switch (layer.op) {
    case Operator::convolution:
    case Operator::depthwise_convolution:
        return left < 2 ? "an average pool and a dense layer have to follow"
                        : unfit_convolution(layer);
    case Operator::average_pool:
        if (layer.kernel != 0 || left != 1 || index == 0)
            return "only the average over the whole image, before the last layer, has one";
        return "";
    case Operator::dense:
        if (left != 0 || layers[index].input.positions() != 1 ||
            layer.activation != Activation::none)
            return "only a last layer without activation, of a single position, has one";
        return "";
    default:
        return "its operator has none yet";
    }
}

Network small_network() {
    const auto layer = [](const char *called, Operator op, std::uint64_t channels) {
        Layer made;
        made.name = called;
        made.op = op;
        made.channels = channels;
        return made;
    };
    const auto convolution = [&](const char *called, std::uint64_t channels, std::uint64_t stride) {
        Layer made = layer(called, Operator::convolution, channels);
        made.kernel = 3;
        made.stride = stride;
        made.padding = 1;
        made.activation = Activation::relu;
        return made;
    };
    Network network;
    network.name = "small";
    network.input = {3, 14, 14};
    // The second is the first shape of workloads/convolution, whose plan can be kept.
    network.layers = {convolution("first", 16, 1), convolution("second", 16, 1),
                      convolution("third", 39, 2), layer("pool", Operator::average_pool, 0),
                      layer("dense", Operator::dense, 21)};
    return network;
}

/// A way through the convolutions so far.
struct Way {
    double cost = 0;
    std::vector<ConvolutionPlan> plans;
};

struct Option {
    double cost = 0;
    ConvolutionPlan plan;
};
/// The cheapest plan that reads blocks of so many channels and writes blocks of so many.
using Options = std::map<std::pair<std::uint32_t, std::uint32_t>, Option>;

Options options_of(const ConvolutionShape &shape, const KeptPlan &kept, const Facts &facts) {
    const std::vector<ConvolutionPlan> plans = workloads::convolution_plans(shape, facts);
    Options options;
    const auto add = [&](const ConvolutionPlan &plan, double cost) {
        const Convolution convolution(shape, plan);
        const std::pair blocks{convolution.input().block, convolution.output().block};
        const auto [at, added] = options.try_emplace(blocks, Option{cost, plan});
        if (!added && cost < at->second.cost)
            at->second = {cost, plan};
    };
    double least = 1;
    for (std::size_t i = 0; i < plans.size(); ++i) {
        if (i > 0 && !workloads::fits_registers(plans[i], facts))
            break; // as do all that follow
        // Without a prediction their order has to do.
        const double cost = Convolution(shape, plans[i])
                                .predicted_seconds(facts)
                                .value_or(static_cast<double>(i + 1));
        least = i == 0 ? cost : std::min(least, cost);
        add(plans[i], cost);
    }
    if (const auto plan = kept(shape, plans)) {
        // Even where another one of these blocks is predicted to be as fast.
        const Convolution convolution(shape, *plan);
        options.insert_or_assign({convolution.input().block, convolution.output().block},
                                 Option{least, *plan});
    }
    return options;
}

} // namespace

std::string without_kernel(const Network &network) {
    const std::vector<SizedLayer> layers = sized_layers(network);
    for (std::size_t i = 0; i < layers.size(); ++i)
        if (const std::string reason = unfit_layer(layers, i); !reason.empty())
            return fmt::format("{}, has no kernel here: {}", what(layers[i]), reason);
    return layers.back().layer.op == Operator::dense
               ? ""
               : fmt::format("{}, is the last one: only a dense layer may be", what(layers.back()));
}

const std::vector<Network> &run_networks() {
    static const std::vector<Network> networks = [] {
        std::vector<Network> all{small_network()};
        for (const Network &network : known_networks())
            if (without_kernel(network).empty())
                all.push_back(network);
        return all;
    }();
    return networks;
}

const std::vector<std::string> &network_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Network &network : run_networks())
            all.push_back(network.name);
        return all;
    }();
    return names;
}

std::vector<ConvolutionShape> convolutions_of(const Network &network) {
    std::vector<ConvolutionShape> shapes;
    for (const SizedLayer &sized : sized_layers(network)) {
        if (sized.layer.op != Operator::convolution &&
            sized.layer.op != Operator::depthwise_convolution)
            break;
        ConvolutionShape shape;
        shape.input_channels = static_cast<std::uint32_t>(sized.input.channels);
        shape.output_channels = static_cast<std::uint32_t>(sized.output.channels);
        shape.input_height = static_cast<std::uint32_t>(sized.input.rows);
        shape.input_width = static_cast<std::uint32_t>(sized.input.columns);
        shape.kernel = static_cast<std::uint32_t>(sized.layer.kernel);
        shape.stride = static_cast<std::uint32_t>(sized.layer.stride);
        shape.depthwise = sized.layer.op == Operator::depthwise_convolution;
        shape.activation = sized.layer.activation;
        shape.input_halo = shape.kernel / 2;
        shape.output_halo = 0;
        if (!shapes.empty())
            shapes.back().output_halo = shape.input_halo;
        shapes.push_back(shape);
    }
    return shapes;
}

std::optional<std::vector<ConvolutionPlan>>
chained_plans(const std::vector<ConvolutionShape> &shapes, const KeptPlan &kept,
              const Facts &facts) {
    std::vector<std::pair<ConvolutionShape, Options>> known; // equal layers have equal ones
    std::map<std::uint32_t, Way> ways; // by the block that the last one writes
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const auto same = std::ranges::find(known, shapes[i], &decltype(known)::value_type::first);
        const Options options =
            same != known.end() ? same->second : options_of(shapes[i], kept, facts);
        if (same == known.end())
            known.emplace_back(shapes[i], options);
        std::map<std::uint32_t, Way> next;
        for (const auto &[blocks, option] : options) {
            const auto before = ways.find(blocks.first);
            if (i > 0 && before == ways.end())
                continue;
            Way way = i > 0 ? before->second : Way{};
            way.cost += option.cost;
            way.plans.push_back(option.plan);
            const auto [at, added] = next.try_emplace(blocks.second, way);
            if (!added && way.cost < at->second.cost)
                at->second = way;
        }
        ways = std::move(next);
    }
    if (ways.empty())
        return std::nullopt;
    return std::ranges::min_element(ways, {}, [](const auto &each) { return each.second.cost; })
        ->second.plans;
}

std::string HeadTile::build_options() const {
    return fmt::format("-DLANES={} -DRESULTS={} -DWIDTH={}", lanes, results, width);
}

NdRange HeadTile::range(std::uint32_t all_results) const {
    return NdRange::linear(workloads::quotient_up(all_results, results),
                           std::size_t{lanes} * results);
}

HeadTile head_tile(const DeviceInfo &device) {
    const Facts facts{device, {}};
    const unsigned width = workloads::native_width(facts);
    if (workloads::on_cpu(facts))
        return {1, 16, width};
    constexpr std::uint64_t wanted = 128;
    const std::uint64_t items = std::bit_floor(
        std::clamp<std::uint64_t>(device.max_work_group_size.value_or(1), 1, wanted));
    const auto lanes = static_cast<unsigned>(std::min<std::uint64_t>(items, 32));
    return {lanes, static_cast<unsigned>(items) / lanes, width};
}

std::optional<double> predicted_seconds(const Network &network,
                                        const std::vector<ConvolutionPlan> &plans,
                                        const Facts &facts) {
    const std::vector<ConvolutionShape> shapes = convolutions_of(network);
    double seconds = 2 * facts.value("launch.back_to_back").value_or(0);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        if (i >= plans.size() || !Convolution::unfit(shapes[i], plans[i]).empty())
            return std::nullopt;
        const auto predicted = Convolution(shapes[i], plans[i]).predicted_seconds(facts);
        if (!predicted)
            return std::nullopt;
        seconds += *predicted;
    }
    const double weights = static_cast<double>(size_of(ElementType::fp32) *
                                               sized_layers(network).back().work.parameters());
    if (const auto bandwidth = facts.value("buffer.memory.read_bandwidth");
        bandwidth && *bandwidth > 0)
        seconds += weights / *bandwidth;
    return seconds;
}

} // namespace clprobe::probes::network
