#include "common/device_tiles.hpp"
#include "workloads/network/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

namespace clprobe::probes::network {
namespace {

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

/// What `shape_of` says of each layer, each once.
template <typename Shape>
std::vector<Shape> distinct_shapes(const BatchedNetwork &network,
                                   std::optional<Shape> shape_of(const Graph &, std::size_t)) {
    const Graph graph(network);
    std::vector<Shape> shapes;
    for (std::size_t layer = 0; layer < graph.layers().size(); ++layer)
        if (const auto shape = shape_of(graph, layer);
            shape && unfit_layer(graph, layer).empty() && std::ranges::count(shapes, *shape) == 0)
            shapes.push_back(*shape);
    return shapes;
}

} // namespace

std::vector<NetworkConvolution> convolutions_of(const Graph &graph) {
    std::vector<NetworkConvolution> all;
    for (std::size_t i = 0; i < graph.layers().size(); ++i) {
        const SizedLayer &sized = graph.layers()[i];
        if (sized.layer.op != Operator::convolution &&
            sized.layer.op != Operator::depthwise_convolution)
            continue;
        NetworkConvolution convolution{graph.inputs(i).front(), i + 1, {}};
        ConvolutionShape &shape = convolution.shape;
        shape.input_channels = static_cast<std::uint32_t>(sized.input.channels);
        shape.output_channels = static_cast<std::uint32_t>(sized.output.channels);
        shape.input_height = static_cast<std::uint32_t>(sized.input.rows);
        shape.input_width = static_cast<std::uint32_t>(sized.input.columns);
        shape.kernel = static_cast<std::uint32_t>(sized.layer.kernel);
        shape.stride = static_cast<std::uint32_t>(sized.layer.stride);
        shape.depthwise = sized.layer.op == Operator::depthwise_convolution;
        shape.activation = sized.layer.activation;
        shape.input_halo = graph.halo(convolution.input);
        shape.output_halo = graph.halo(convolution.output);
        shape.images = graph.batch();
        all.push_back(convolution);
    }
    return all;
}

std::optional<GemmShape> product_of(const Graph &graph, std::size_t layer) {
    const SizedLayer &sized = graph.layers()[layer];
    const std::uint64_t tokens = sized.input.positions() * graph.batch();
    if (sized.layer.op != Operator::dense || tokens == 1)
        return std::nullopt;
    return GemmShape{static_cast<std::uint32_t>(tokens),
                     static_cast<std::uint32_t>(sized.output.channels),
                     static_cast<std::uint32_t>(sized.input.channels)};
}

std::optional<AttentionShape> attention_of(const Graph &graph, std::size_t layer) {
    const SizedLayer &sized = graph.layers()[layer];
    if (sized.layer.op != Operator::attention || sized.input.positions() == 1)
        return std::nullopt;
    const auto heads = static_cast<std::uint32_t>(sized.layer.heads);
    return AttentionShape{heads, static_cast<std::uint32_t>(sized.input.positions()),
                          static_cast<std::uint32_t>(sized.output.channels) / heads,
                          sized.layer.causal};
}

std::optional<SoftmaxNormShape> norm_of(const Graph &graph, std::size_t layer) {
    const SizedLayer &sized = graph.layers()[layer];
    if (sized.layer.op != Operator::layer_norm)
        return std::nullopt;
    return SoftmaxNormShape{workloads::RowOperator::layer_norm,
                            static_cast<std::uint32_t>(sized.input.positions() * graph.batch()),
                            static_cast<std::uint32_t>(sized.input.channels)};
}

std::vector<ConvolutionShape> distinct_convolutions(const BatchedNetwork &network) {
    const Graph graph(network);
    std::vector<ConvolutionShape> shapes;
    for (const NetworkConvolution &each : convolutions_of(graph)) {
        ConvolutionShape shape = each.shape;
        shape.activation = Activation::relu;
        if (unfit_layer(graph, each.output - 1).empty() &&
            std::ranges::count(shapes, shape.name(), &ConvolutionShape::name) == 0)
            shapes.push_back(shape);
    }
    return shapes;
}

std::vector<GemmShape> distinct_products(const BatchedNetwork &network) {
    return distinct_shapes(network, product_of);
}

std::vector<AttentionShape> distinct_attentions(const BatchedNetwork &network) {
    return distinct_shapes(network, attention_of);
}

std::vector<SoftmaxNormShape> distinct_norms(const BatchedNetwork &network) {
    return distinct_shapes(network, norm_of);
}

std::optional<std::vector<ConvolutionPlan>>
chained_plans(const std::vector<NetworkConvolution> &convolutions, const KeptPlan &kept,
              const Facts &facts) {
    // Each tensor comes from one convolution at most: they are trees, and from the leaves on the
    // best of each is known for any block that it reads.
    const std::size_t count = convolutions.size();
    std::vector<std::pair<ConvolutionShape, Options>> known;       // equal layers have equal ones
    std::vector<std::map<std::uint32_t, Option>> best(count);      // by the block that it reads
    std::map<std::size_t, std::map<std::uint32_t, double>> behind; // by tensor and its block
    for (std::size_t i = count; i-- > 0;) {
        const NetworkConvolution &each = convolutions[i];
        const auto same = std::ranges::find(known, each.shape, &decltype(known)::value_type::first);
        const Options options =
            same != known.end() ? same->second : options_of(each.shape, kept, facts);
        if (same == known.end())
            known.emplace_back(each.shape, options);
        const auto readers = behind.find(each.output);
        for (const auto &[blocks, option] : options) {
            double cost = option.cost;
            if (readers != behind.end()) {
                const auto rest = readers->second.find(blocks.second);
                if (rest == readers->second.end())
                    continue;
                cost += rest->second;
            }
            const auto [at, added] = best[i].try_emplace(blocks.first, Option{cost, option.plan});
            if (!added && cost < at->second.cost)
                at->second = {cost, option.plan};
        }
        std::map<std::uint32_t, double> costs;
        const auto others = behind.find(each.input);
        for (const auto &[block, option] : best[i])
            if (others == behind.end())
                costs[block] = option.cost;
            else if (others->second.contains(block))
                costs[block] = option.cost + others->second.at(block);
        if (costs.empty())
            return std::nullopt;
        behind[each.input] = std::move(costs);
    }
    std::map<std::size_t, std::uint32_t> blocks; // of tensors
    std::vector<ConvolutionPlan> plans;
    for (std::size_t i = 0; i < count; ++i) {
        const NetworkConvolution &each = convolutions[i];
        const auto &costs = behind.at(each.input);
        const auto cheapest =
            std::ranges::min_element(costs, {}, [](const auto &cost) { return cost.second; });
        const std::uint32_t block = blocks.try_emplace(each.input, cheapest->first).first->second;
        plans.push_back(best[i].at(block).plan);
        blocks[each.output] = Convolution(each.shape, plans.back()).output().block;
    }
    return plans;
}

std::vector<std::optional<ActivationLayout>> layouts_of(const Graph &graph,
                                                        const std::vector<ConvolutionPlan> &plans) {
    std::map<std::size_t, std::uint32_t> blocks;
    const std::vector<NetworkConvolution> convolutions = convolutions_of(graph);
    for (std::size_t i = 0; i < convolutions.size(); ++i) {
        const Convolution convolution(convolutions[i].shape, plans[i]);
        blocks[convolutions[i].input] = convolution.input().block;
        blocks[convolutions[i].output] = convolution.output().block;
    }
    std::vector<std::optional<ActivationLayout>> layouts(graph.tensors());
    for (std::size_t tensor = 0; tensor < graph.tensors(); ++tensor) {
        if (!graph.is_image(tensor))
            continue;
        const TensorShape &shape = graph.shape(tensor);
        // One that no convolution reads or writes lies as what it is made of.
        if (!blocks.contains(tensor))
            blocks[tensor] = tensor == 0 ? 4 : blocks.at(graph.inputs(tensor - 1).front());
        layouts[tensor] = {static_cast<std::uint32_t>(shape.channels),
                           static_cast<std::uint32_t>(shape.rows),
                           static_cast<std::uint32_t>(shape.columns),
                           blocks.at(tensor),
                           graph.halo(tensor),
                           graph.batch()};
    }
    return layouts;
}

std::string HeadTile::build_options() const {
    return fmt::format("-DLANES={} -DRESULTS={} -DWIDTH={}", lanes, results, width);
}

NdRange HeadTile::range(std::uint32_t all_results) const {
    return NdRange::linear(workloads::quotient_up(all_results, results),
                           std::size_t{lanes} * results);
}

NdRange HeadTile::range(std::uint32_t all_results, std::uint32_t images) const {
    NdRange range = this->range(all_results);
    range.global[1] = images;
    range.dimensions = 2;
    return range;
}

NdRange HeadTile::items(std::size_t count) const {
    const std::size_t group = std::size_t{lanes} * results;
    return NdRange::linear((count + group - 1) / group, group);
}

unsigned HeadTile::key_lanes(std::uint64_t head, const DeviceInfo &device) const {
    const std::uint64_t bytes_a_lane = sizeof(float) * (head + 2);
    unsigned all = lanes > 1 ? lanes * results : 1;
    while (all > lanes && all * bytes_a_lane > device.local_memory.value_or(0))
        all /= 2;
    return all;
}

std::string attention_options(const HeadTile &tile, std::uint64_t head, const DeviceInfo &device) {
    return fmt::format(" -DHEAD={} -DKEY_LANES={}", head, tile.key_lanes(head, device));
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

std::optional<double> predicted_seconds(const Graph &graph, const NetworkPlan &plan,
                                        const Facts &facts) {
    // A launch that only reads and writes.
    const auto passing = [&](double bytes) {
        PredictedCall call{
            workloads::seconds_at(facts.value("buffer.memory.read_bandwidth"), bytes), 1};
        if (!workloads::on_cpu(facts))
            call.work += workloads::fetch_and_store(1, facts);
        return call;
    };
    auto convolution = plan.convolutions.begin();
    auto product = plan.products.begin();
    std::vector<NetworkConvolution> convolutions = convolutions_of(graph);
    auto shape = convolutions.begin();
    PredictedCall whole;
    for (std::size_t i = 0; i < graph.layers().size(); ++i) {
        const SizedLayer &sized = graph.layers()[i];
        std::optional<PredictedCall> predicted;
        if (shape != convolutions.end() && shape->output == i + 1) {
            if (convolution == plan.convolutions.end() ||
                !Convolution::unfit(shape->shape, *convolution).empty())
                return std::nullopt;
            predicted = Convolution(shape->shape, *convolution).predicted_call(facts);
            ++shape, ++convolution;
        } else if (const auto gemm = product_of(graph, i)) {
            if (product == plan.products.end())
                return std::nullopt;
            predicted = workloads::Gemm(*gemm, *product).predicted_multiplying(facts);
            if (predicted) { // and what adds the biases
                const double passes = graph.addend(i) ? 3 : 2;
                const double bytes = passes * sizeof(float) * gemm->m * gemm->n;
                *predicted += passing(bytes);
            }
            ++product;
        } else if (!graph.is_fused(i)) {
            const Work &work = sized.work;
            const auto bytes =
                static_cast<double>(size_of(ElementType::fp32) *
                                    (work.parameters() + work.inputs + work.outputs + work.cached));
            predicted = passing(bytes);
        } else {
            predicted = PredictedCall{};
        }
        if (!predicted)
            return std::nullopt;
        whole += *predicted;
    }
    return seconds_in_a_row(whole, launch_costs(facts));
}

} // namespace clprobe::probes::network
