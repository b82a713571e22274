#include "common/device_tiles.hpp"
#include "common/operators.hpp"
#include "workloads/network/prepared.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace clprobe::probes::network {
namespace {

/// A vector of the kernels is within one block of each image that they take or make.
unsigned width_for(const Graph &graph, const std::vector<std::optional<ActivationLayout>> &layouts,
                   unsigned widest) {
    unsigned width = widest;
    for (std::size_t layer = 0; layer < graph.layers().size(); ++layer) {
        const Operator op = graph.layers()[layer].layer.op;
        if (op != Operator::max_pool && (op != Operator::add || graph.is_fused(layer)))
            continue;
        std::vector<std::size_t> tensors = graph.inputs(layer);
        tensors.push_back(layer + 1);
        for (const std::size_t tensor : tensors)
            while (width > 1 && layouts[tensor]->block % width != 0)
                width /= 2;
    }
    if (width < 4)
        throw Error("its images have blocks of fewer than four channels");
    return width;
}

} // namespace

ExactSum activated(ExactSum sum, Activation activation) {
    // What cuts both off brings them no further apart.
    if (activation == Activation::relu || activation == Activation::relu6)
        sum.value = std::max(sum.value, 0.0);
    if (activation == Activation::relu6)
        sum.value = std::min(sum.value, 6.0);
    if (activation == Activation::gelu) {
        // Nowhere steeper than 1.13. Its own roundings leave less than 40 units of |x|: those of
        // the exponent z count |z| exp(-|z|) times at most, which is below 1, however large z is.
        const double x = sum.value;
        sum.value = x / (1 + std::exp(-1.5957691216057308 * (x + 0.044715 * x * x * x)));
        sum.magnitude *= 1.13;
        sum.terms += 40;
    }
    return sum;
}

Prepared::Prepared(Bench &bench, const Context &plain, std::uint32_t number, Graph graph,
                   const NetworkPlan &plan, const HeadTile &head)
    : bench_(bench), plain_(plain), number_(number), graph_(std::move(graph)), head_(head),
      run_(head.lanes == 1   ? 32
           : head.lanes < 32 ? 5
                             : 1) {
    constexpr std::size_t a_prime = 1'000'003; // so that no two rows of a power of two are equal
    pool_ = reals(bench.tiny() ? a_prime / 64 : a_prime, bench.random());
    const auto layouts = layouts_of(graph_, plan.convolutions);
    head_.width = width_for(graph_, layouts, head.width);
    for (const auto &layout : layouts)
        tensors_.push_back({{}, layout, {}});
    add_input();
    for (std::uint32_t layer = 0; layer < graph_.layers().size(); ++layer) {
        add_layer(layer, plan);
        for (const std::size_t tensor : graph_.inputs(layer))
            if (graph_.readers(tensor).back() == layer &&
                std::ranges::count(graph_.outputs(), tensor) == 0)
                tensors_[tensor].values = {};
    }
    pool_ = {};
}

void Prepared::spoil() const {
    for (const Ready &layer : layers_) {
        const std::size_t tensor = graph_.result(layer.layer);
        bench_.write<float>(*tensors_[tensor].buffer, spoilt_values(tensor));
    }
}

void Prepared::expect_same_result() const {
    for (const std::size_t number : graph_.outputs()) {
        const Tensor &tensor = tensors_[number];
        const auto found = bench_.read<float>(*tensor.buffer, 0, spoilt_values(number).size());
        std::vector<float> values(tensor.values.size());
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = found[index_of(tensor, i)];
        if (values != tensor.values)
            throw VerificationError("a run of " + network_names()[number_] +
                                    " has left another result than the one that was verified");
    }
}

std::size_t Prepared::index_of(const Tensor &tensor, std::size_t number) {
    if (!tensor.layout)
        return number;
    const ActivationLayout &layout = *tensor.layout;
    const std::size_t plane = std::size_t{layout.height} * layout.width;
    const std::size_t image = number / plane / layout.channels;
    return layout.index(
        static_cast<std::uint32_t>(number / plane % layout.channels),
        static_cast<std::uint32_t>(image * layout.height + number % plane / layout.width),
        static_cast<std::uint32_t>(number % plane % layout.width));
}

Buffer Prepared::passing(const std::vector<float> &values) const {
    const Buffer made = bench_.buffer(values.size() * sizeof(float));
    bench_.write<float>(made, values);
    return made;
}

std::vector<float> Prepared::in_vectors(std::vector<float> values) const {
    values.resize(workloads::multiple_up(values.size(), head_.width));
    return values;
}

std::vector<float> Prepared::spoilt_values(std::size_t number) const {
    const Tensor &tensor = tensors_[number];
    const TensorShape shape = graph_.batch_shape(number);
    const auto spoilt = std::bit_cast<float>(poison);
    if (!tensor.layout)
        return in_vectors(std::vector<float>(shape.channels * shape.positions(), spoilt));
    const ActivationLayout &layout = *tensor.layout;
    std::vector<float> values(layout.elements());
    for (std::uint32_t channel = 0; channel < layout.blocks() * layout.block; ++channel)
        for (std::uint32_t y = 0; y < layout.rows(); ++y)
            for (std::uint32_t x = 0; x < layout.width; ++x)
                values[layout.index(channel, y, x)] = spoilt;
    return values;
}

std::vector<float> Prepared::random_values(std::size_t count, double scale) {
    std::vector<float> values(count);
    std::size_t next = bench_.random()() % pool_.size();
    for (float &value : values) {
        value = pool_[next] * static_cast<float>(scale);
        next = next + 1 < pool_.size() ? next + 1 : 0;
    }
    return values;
}

std::vector<float> Prepared::random_weights(std::size_t count, double products, double gain) {
    return random_values(count, std::sqrt(3 * gain / products));
}

std::vector<float> Prepared::random_biases(const Layer &layer, std::size_t count) {
    return random_values(count, layer.bias ? 0.1 : 0);
}

void Prepared::add_input() {
    Tensor &input = tensors_.front();
    const TensorShape shape = graph_.batch_shape(0);
    input.values = random_values(shape.channels * shape.positions(), 1);
    std::vector<float> placed =
        input.layout ? std::vector<float>(input.layout->elements()) : in_vectors(input.values);
    for (std::size_t i = 0; input.layout && i < input.values.size(); ++i)
        placed[index_of(input, i)] = input.values[i];
    input.buffer = written(placed);
}

void Prepared::add_layer(std::uint32_t layer, const NetworkPlan &plan) {
    if (graph_.is_fused(layer))
        return;
    Tensor &result = tensors_[graph_.result(layer)];
    result.buffer = written(spoilt_values(graph_.result(layer)));
    switch (sized(layer).layer.op) {
    case Operator::convolution:
    case Operator::depthwise_convolution: {
        const auto convolutions = convolutions_of(graph_);
        const auto found =
            std::ranges::find(convolutions, layer + std::size_t{1}, &NetworkConvolution::output);
        add_convolution(layer, found->shape,
                        plan.convolutions[static_cast<std::size_t>(found - convolutions.begin())]);
        break;
    }
    case Operator::add:
        add_sum(layer);
        break;
    case Operator::max_pool:
        add_max_pool(layer);
        break;
    case Operator::average_pool:
        add_average_pool(layer);
        break;
    case Operator::dense:
        if (const auto shape = product_of(graph_, layer))
            add_product(layer, *shape, plan.products.at(products_++));
        else
            add_dense(layer);
        break;
    case Operator::layer_norm:
        add_layer_norm(layer, plan.norms.at(norms_++));
        break;
    case Operator::attention:
        if (const auto shape = attention_of(graph_, layer))
            add_attention(layer, *shape, plan.attentions.at(attentions_++));
        else
            add_attention_of_token(layer);
        break;
    }
}

void Prepared::add(Ready ready, const Exact &exact) {
    const std::size_t made = graph_.result(ready.layer);
    Tensor &tensor = tensors_[made];
    first_seconds_ += LaunchChain(plain_, ready.launches).seconds(1);
    bench_.write<float>(*tensor.buffer, spoilt_values(made));
    ready.launches.back().check = [&](const LaunchOutcome &outcome) {
        tensor.values = checked(outcome, tensor, graph_.batch_shape(made), exact);
    };
    for (const BoundLaunch &launch : ready.launches)
        bench_.launch(launch);
    ready.launches.back().check = {};
    ++bench_.data().number_attributes[operators::entry::verified];
    layers_.push_back(std::move(ready));
}

std::vector<float> Prepared::checked(const LaunchOutcome &outcome, const Tensor &tensor,
                                     const TensorShape &shape, const Exact &exact) {
    const std::size_t count = shape.channels * shape.positions();
    const std::size_t all =
        tensor.layout ? tensor.layout->elements() : workloads::multiple_up(count, head_.width);
    const auto found = outcome.read<float>(*tensor.buffer, 0, all);
    std::vector<float> values(count);
    std::vector<bool> inside(all);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t index = index_of(tensor, i);
        inside[index] = true;
        values[i] = found[index];
        outcome.expect(std::bit_cast<std::uint32_t>(values[i]) != poison,
                       "an output was not written");
    }
    for (std::size_t i = 0; i < all; ++i)
        outcome.expect(inside[i] || found[i] == 0,
                       "the halo, or a channel that the image does not have, is not zero");
    const bool image = tensor.layout.has_value();
    double &error = bench_.data().number_attributes[operators::entry::error];
    for (const Place &place : places_to_check(shape, image)) {
        const std::size_t at = image ? tensor.layout->planar_index(place.channel, place.y, place.x)
                                     : place.x * shape.channels + place.channel;
        error = std::max(error, error_of(outcome, values[at], exact(place)));
    }
    return values;
}

std::vector<Prepared::Place> Prepared::places_to_check(const TensorShape &shape, bool image) {
    const auto channels = static_cast<std::uint32_t>(shape.channels);
    const auto height = static_cast<std::uint32_t>(image ? shape.rows : 1);
    const auto width = static_cast<std::uint32_t>(image ? shape.columns : shape.positions());
    const std::size_t all = std::size_t{channels} * height * width;
    constexpr std::size_t few = 4096;
    constexpr std::size_t others = 64;
    std::vector<Place> places;
    for (std::size_t i = 0; i < (all <= few ? all : others); ++i) {
        const std::size_t number = all <= few ? i : bench_.random()() % all;
        const std::size_t pixel = number / channels;
        places.push_back({static_cast<std::uint32_t>(number % channels),
                          static_cast<std::uint32_t>(pixel / width),
                          static_cast<std::uint32_t>(pixel % width)});
    }
    for (const std::uint32_t channel : {0u, channels - 1})
        for (const std::uint32_t y : {0u, height - 1})
            for (const std::uint32_t x : {0u, width - 1})
                places.push_back({channel, y, x});
    return places;
}

const Program &Prepared::built(const char *text, const std::string &options) {
    const std::pair key{std::string(text), options};
    auto program = programs_.find(key);
    if (program == programs_.end())
        program = programs_.emplace(key, bench_.build(text, options)).first;
    return program->second;
}

Kernel Prepared::kernel(const char *name) {
    std::string options = head_.build_options();
    // All of a network in one program: drivers compile each anew.
    for (const SizedLayer &each : graph_.layers())
        if (each.layer.op == Operator::attention) {
            options +=
                attention_options(head_, each.output.channels / each.layer.heads, bench_.device());
            break;
        }
    return built(kernel_text, options).kernel(name);
}

} // namespace clprobe::probes::network
