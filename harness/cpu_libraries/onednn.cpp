#include "common/exact_rows.hpp"
#include "library.hpp"
#include "onednn_primitives.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace clprobe::cpu_libraries {
namespace {

struct Step {
    dnnl::primitive primitive;
    Arguments arguments;
};

/// A way to compute a layer: what runs one after the other.
struct Way {
    std::vector<Step> steps;
    Memory output;
    std::string implementation;
    double error_growth = 1;
};

class Chain final : public Prepared {
public:
    Chain(const dnnl::engine &engine, const Network &network, const Operands &operands)
        : engine_(engine), network_(network), layers_(sized_layers(network)), operands_(operands) {
        for (std::size_t i = 0; i < layers_.size(); ++i)
            ways_.push_back(fastest(ways_of(i), i));
    }

    void run() override {
        for (Way &way : ways_)
            enqueue(way);
        stream_.wait();
    }
    [[nodiscard]] std::vector<std::string> implementations() const override {
        std::vector<std::string> names;
        for (const Way &way : ways_)
            names.push_back(way.implementation);
        return names;
    }
    [[nodiscard]] double error_growth(std::size_t layer) const override {
        return ways_[layer].error_growth;
    }
    [[nodiscard]] Tensor output(std::size_t layer) const override {
        return plain(ways_[layer].output, layers_[layer].output);
    }

private:
    void enqueue(const Way &way) {
        for (const Step &step : way.steps)
            step.primitive.execute(stream_, step.arguments);
    }

    /// By one timing after the other, where there are several.
    [[nodiscard]] Way fastest(std::vector<Way> ways, std::size_t layer) {
        if (ways.empty())
            refuse(layer);
        std::size_t best = 0;
        if (ways.size() > 1) {
            std::vector<double> least(ways.size(), 1e9);
            constexpr int rounds = 6; // the first warms up
            for (int round = 0; round < rounds; ++round)
                for (std::size_t i = 0; i < ways.size(); ++i) {
                    const auto start = std::chrono::steady_clock::now();
                    enqueue(ways[i]);
                    stream_.wait();
                    const std::chrono::duration<double> time =
                        std::chrono::steady_clock::now() - start;
                    least[i] = std::min(least[i], time.count());
                }
            best = static_cast<std::size_t>(std::ranges::min_element(least) - least.begin());
        }
        return std::move(ways[best]);
    }

    [[noreturn]] void refuse(std::size_t layer) const {
        throw Error(fmt::format("layer {}, {}, has no primitive here", layers_[layer].layer.name,
                                name(layers_[layer].layer.op)));
    }

    [[nodiscard]] std::vector<Way> ways_of(std::size_t layer) {
        switch (layers_[layer].layer.op) {
        case Operator::convolution:
        case Operator::depthwise_convolution:
            return convolutions(layer);
        case Operator::dense:
            return products(layer);
        case Operator::add:
            return {sum(layer)};
        case Operator::average_pool:
        case Operator::max_pool:
            return {pool(layer)};
        case Operator::attention:
            return attentions(layer);
        case Operator::layer_norm:
            return norms(layer);
        }
        return {};
    }

    /// A layer with weights, which lie plainly as they are described. Adds nothing where the
    /// library has no such primitive on this processor or for this shape.
    template <typename Primitive, typename... Values>
    void add_way(std::vector<Way> &ways, std::size_t number, const Memory::desc &weights,
                 const Memory::desc &biases, double error_growth, const Values &...computed) {
        std::optional<typename Primitive::primitive_desc> primitive;
        try {
            primitive = primitive_of<Primitive>(engine_, fused(layers_[number].layer.activation),
                                                computed...);
        } catch (const dnnl::error &) {
            return;
        }
        const Weights &values = operands_.layers[number];
        Way way;
        way.error_growth = error_growth;
        const Memory from = source(way, number, 0, primitive->src_desc());
        way.steps.push_back(
            {Primitive(*primitive),
             {{DNNL_ARG_SRC, from},
              {DNNL_ARG_WEIGHTS, packed(values.weights, weights, primitive->weights_desc())},
              {DNNL_ARG_BIAS, packed(values.biases, biases, biases)}}});
        finish(way, *primitive);
        ways.push_back(std::move(way));
    }

    /// The direct algorithm, and Winograd's where the library has it.
    [[nodiscard]] std::vector<Way> convolutions(std::size_t number) {
        using Convolution = dnnl::convolution_forward;
        const SizedLayer &sized = layers_[number];
        const Layer &layer = sized.layer;
        const std::uint64_t groups =
            layer.op == Operator::depthwise_convolution ? sized.input.channels : layer.groups;
        Memory::dims weights{dim(sized.output.channels / groups),
                             dim(sized.input.channels / groups), dim(layer.kernel),
                             dim(layer.kernel)};
        if (groups > 1)
            weights.insert(weights.begin(), dim(groups));
        const Memory::dims strides(2, dim(layer.stride));
        const Memory::dims padding(2, dim(layer.padding));
        const Memory::desc biases = description({dim(sized.output.channels)}, Format::a);
        // F(4x4) loses some digits more than a sum does (Barabasz et al. 2020).
        constexpr double lost_by_winograd = 64;
        std::vector<Way> ways;
        for (const auto &[algorithm, error_growth] :
             {std::pair{dnnl::algorithm::convolution_direct, 1.0},
              std::pair{dnnl::algorithm::convolution_winograd, lost_by_winograd}})
            add_way<Convolution>(ways, number,
                                 description(weights, groups > 1 ? Format::goihw : Format::oihw),
                                 biases, error_growth, dnnl::prop_kind::forward_inference,
                                 algorithm, any(image(sized.input)), any(weights), biases,
                                 any(image(sized.output)), strides, padding, padding);
        return ways;
    }

    /// A dense layer as the library's inner product, and as its product of matrices.
    [[nodiscard]] std::vector<Way> products(std::size_t number) {
        const SizedLayer &sized = layers_[number];
        if (is_image(sized.input) && sized.input.positions() > 1)
            return {}; // none of the networks has one
        const Memory::dim inputs = dim(sized.input.channels);
        const Memory::dim outputs = dim(sized.output.channels);
        const Memory::desc from = any({dim(sized.input.positions()), inputs});
        const Memory::desc to = any({dim(sized.input.positions()), outputs});
        const Memory::desc biases = description({outputs}, Format::a);
        const Memory::desc row_of_biases = description({1, outputs}, Format::ab);
        std::vector<Way> ways;
        using Inner = dnnl::inner_product_forward;
        add_way<Inner>(ways, number, description({outputs, inputs}, Format::oi), biases, 1,
                       dnnl::prop_kind::forward_inference, from, any({outputs, inputs}), biases,
                       to);
        add_way<dnnl::matmul>(ways, number, description({inputs, outputs}, Format::ba),
                              row_of_biases, 1, from, any({inputs, outputs}), row_of_biases, to);
        return ways;
    }

    /// Of two or more inputs, the activation being fused with the last addition.
    [[nodiscard]] Way sum(std::size_t number) {
        const SizedLayer &sized = layers_[number];
        const std::size_t count = sources_of(network_, number).size();
        Way way;
        Memory left = source(way, number, 0, std::nullopt);
        for (std::size_t i = 1; i < count; ++i) {
            const Activation activation = i + 1 < count ? Activation::none : sized.layer.activation;
            const Memory::desc format = left.get_desc();
            const auto primitive = primitive_of<dnnl::binary>(
                engine_, fused(activation), dnnl::algorithm::binary_add, format, format, format);
            Step step{dnnl::binary(primitive),
                      {{DNNL_ARG_SRC_0, left}, {DNNL_ARG_SRC_1, source(way, number, i, format)}}};
            way.steps.push_back(std::move(step));
            finish(way, primitive);
            left = way.output;
        }
        return way;
    }

    [[nodiscard]] Way pool(std::size_t number) {
        const SizedLayer &sized = layers_[number];
        const Layer &layer = sized.layer;
        const Memory::dims window =
            layer.kernel == 0 ? Memory::dims{dim(sized.input.rows), dim(sized.input.columns)}
                              : Memory::dims(2, dim(layer.kernel));
        const Memory::dims strides(2, dim(layer.stride));
        const Memory::dims padding(2, dim(layer.padding));
        Way way;
        const Memory input = source(way, number, 0, std::nullopt);
        const Memory::desc output = any(image(sized.output));
        const auto algorithm = layer.op == Operator::max_pool
                                   ? dnnl::algorithm::pooling_max
                                   : dnnl::algorithm::pooling_avg_exclude_padding;
        const auto described = [&](const auto &...shape) {
            return primitive_of<dnnl::pooling_forward>(
                engine_, fused(layer.activation), dnnl::prop_kind::forward_inference, algorithm,
                input.get_desc(), output, strides, window, shape...);
        };
#if DNNL_VERSION_MAJOR >= 3
        const auto primitive = described(Memory::dims(2, 0), padding, padding); // no dilation
#else
        const auto primitive = described(padding, padding);
#endif
        way.steps.push_back({dnnl::pooling_forward(primitive), {{DNNL_ARG_SRC, input}}});
        finish(way, primitive);
        return way;
    }

    /// Of a sequence whose keys and values are all its own: read as they lie, side by side for each
    /// token, or those of each head brought together first.
    [[nodiscard]] std::vector<Way> attentions(std::size_t number) {
        std::vector<Way> ways;
        const SizedLayer &sized = layers_[number];
        if (is_image(sized.input) || sized.layer.cached > 0)
            return ways;
        const Memory::dim tokens = dim(sized.input.rows);
        const Memory::desc all_scores =
            description({dim(sized.layer.heads), tokens, tokens}, Format::abc);
        constexpr std::size_t most_bytes = std::size_t{1} << 30;
        if (all_scores.get_size() > most_bytes)
            throw Error(fmt::format("layer {}: its scores alone take {:.1f} GiB", sized.layer.name,
                                    static_cast<double>(all_scores.get_size()) / 0x1p30));
        const Memory scores(all_scores, engine_);
        for (const bool together : {false, true})
            try {
                ways.push_back(attention(number, scores, together));
            } catch (const dnnl::error &) { // that layout is none of the library's
            }
        return ways;
    }

    /// In three steps: a product of matrices makes the scores of each head, of which a softmax
    /// makes weights, and another product sums the values.
    [[nodiscard]] Way attention(std::size_t number, const Memory &scores, bool together) {
        const SizedLayer &sized = layers_[number];
        const Memory::dim tokens = dim(sized.input.rows);
        const Memory::dim heads = dim(sized.layer.heads);
        const Memory::dim channels = dim(sized.output.channels);
        const Memory::dim width = channels / heads;
        Way way;
        const Memory rows = source(way, number, 0, description({tokens, 3 * channels}, Format::ab));
        kept_.push_back(rows);
        // Queries, keys or values of each head, turned or not.
        const auto part = [&](Memory::dim which, bool turned) {
            const Memory::dim row = 3 * channels;
            const Memory::desc lying =
                turned
                    ? Memory::desc({heads, width, tokens}, Memory::data_type::f32, {width, 1, row})
                    : Memory::desc({heads, tokens, width}, Memory::data_type::f32, {width, row, 1});
            const Memory view(lying, engine_,
                              static_cast<float *>(rows.get_data_handle()) + which * channels);
            return together ? reordered(way, view, description(dims_of(lying), Format::abc)) : view;
        };
        const Memory queries = part(0, false);
        const Memory keys = part(1, true);
        const Memory values = part(2, false);

        dnnl::post_ops scaling;
        append(scaling, dnnl::algorithm::eltwise_linear, 1 / std::sqrt(static_cast<float>(width)),
               0);
        dnnl::primitive_attr scaled;
        scaled.set_post_ops(scaling);
        add_product(way, queries, keys, scores, scaled);
        if (sized.layer.causal)
            hide_later_keys(way, scores, tokens);
        const auto softmax = softmax_of(engine_, scores.get_desc(), 2);
        way.steps.push_back(
            {dnnl::softmax_forward(softmax), {{DNNL_ARG_SRC, scores}, {DNNL_ARG_DST, scores}}});
        way.output = Memory(description({tokens, channels}, Format::ab), engine_);
        const Memory sums({{heads, tokens, width}, Memory::data_type::f32, {width, channels, 1}},
                          engine_, way.output.get_data_handle());
        const std::string product = add_product(way, scores, values, sums, {});
        way.implementation = fmt::format("{}, softmax by {}", product, softmax.impl_info_str());
        return way;
    }

    /// Which of the library's kernels it is.
    std::string add_product(Way &way, const Memory &left, const Memory &right, const Memory &to,
                            const dnnl::primitive_attr &attributes) {
        const auto primitive = primitive_of<dnnl::matmul>(engine_, attributes, left.get_desc(),
                                                          right.get_desc(), to.get_desc());
        way.steps.push_back(
            {dnnl::matmul(primitive),
             {{DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, to}}});
        return primitive.impl_info_str();
    }

    /// Scores of keys that come after their query are lowered to what weighs nothing.
    void hide_later_keys(Way &way, const Memory &scores, Memory::dim tokens) {
        std::vector<float> lowered(static_cast<std::size_t>(tokens * tokens));
        constexpr float far = -1e30F;
        for (Memory::dim query = 0; query < tokens; ++query)
            for (Memory::dim key = query + 1; key < tokens; ++key)
                lowered[static_cast<std::size_t>(query * tokens + key)] = far;
        const Memory::desc of_a_head = description({1, tokens, tokens}, Format::abc);
        const auto primitive =
            primitive_of<dnnl::binary>(engine_, {}, dnnl::algorithm::binary_add, scores.get_desc(),
                                       of_a_head, scores.get_desc());
        way.steps.push_back({dnnl::binary(primitive),
                             {{DNNL_ARG_SRC_0, scores},
                              {DNNL_ARG_SRC_1, packed(lowered, of_a_head, of_a_head)},
                              {DNNL_ARG_DST, scores}}});
    }

    /// Of a sequence.
    [[nodiscard]] std::vector<Way> norms(std::size_t number) {
        const SizedLayer &sized = layers_[number];
        if (is_image(sized.input))
            return {};
        const Memory::desc rows = description(dims_of(sized.input), Format::ab);
        const Memory::desc of_a_channel = description({dim(sized.input.channels)}, Format::a);
        Way way;
        const Memory from = source(way, number, 0, rows);
        const auto primitive = layer_norm_of(engine_, rows, probes::norm_epsilon);
        const Weights &values = operands_.layers[number];
        way.steps.push_back(
            {dnnl::layer_normalization_forward(primitive),
             {{DNNL_ARG_SRC, from},
              {DNNL_ARG_SCALE, packed(values.weights, of_a_channel, of_a_channel)},
              {DNNL_ARG_SHIFT, packed(values.biases, of_a_channel, of_a_channel)}}});
        finish(way, primitive);
        return {way};
    }

    [[nodiscard]] static Memory::dims image(const TensorShape &shape) {
        return {1, dim(shape.channels), dim(shape.rows), dim(shape.columns)};
    }

    /// What the last step of the way writes to.
    void finish(Way &way, const auto &primitive) {
        way.output = Memory(primitive.dst_desc(), engine_);
        way.steps.back().arguments.insert_or_assign(DNNL_ARG_DST, way.output);
        way.implementation = primitive.impl_info_str();
    }

    /// One of the layer's inputs in that format, or in that in which it lies: what lies in another
    /// one is reordered by a step of the way. The network's input is in the right one from the
    /// start.
    [[nodiscard]] Memory source(Way &way, std::size_t number, std::size_t input,
                                const std::optional<Memory::desc> &as) {
        const std::size_t from = sources_of(network_, number)[input];
        if (from == from_input) {
            const Memory::desc lying =
                description(dims_of(network_.input), plain_format(dims_of(network_.input)));
            return packed(operands_.input.values,
                          as && dims_of(*as).size() == 2 ? two_dimensional(lying) : lying,
                          as.value_or(lying));
        }
        Memory lying = ways_[from].output;
        if (!as || lying.get_desc() == *as)
            return lying;
        const bool flattened = dims_of(lying.get_desc()).size() != dims_of(*as).size();
        if (flattened) { // an image of one position, as a dense layer takes it
            const Memory::desc flat = description(image(layers_[from].output), Format::nchw);
            kept_.push_back(reordered(way, lying, flat));
            lying = Memory(two_dimensional(flat), engine_, kept_.back().get_data_handle());
        }
        return reordered(way, lying, *as);
    }

    [[nodiscard]] static Memory::desc two_dimensional(const Memory::desc &image) {
        const Memory::dims dims = dims_of(image);
        return dims.size() == 2 ? image : description({dims[0], dims[1]}, Format::nc);
    }

    [[nodiscard]] Memory reordered(Way &way, const Memory &from, const Memory::desc &as) {
        if (from.get_desc() == as)
            return from;
        Memory to(as, engine_);
        way.steps.push_back({dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}});
        return to;
    }

    /// The values, which are described so, in that format.
    [[nodiscard]] Memory packed(const std::vector<float> &values, const Memory::desc &lying,
                                const Memory::desc &as) {
        Memory from(lying, engine_);
        std::ranges::copy(values, static_cast<float *>(from.get_data_handle()));
        if (lying == as)
            return from;
        Memory to(as, engine_);
        dnnl::reorder(from, to).execute(stream_, from, to);
        stream_.wait();
        return to;
    }

    [[nodiscard]] Tensor plain(const Memory &memory, const TensorShape &shape) const {
        const Memory::dims dims = dims_of(memory.get_desc());
        const Memory::desc as = description(dims, plain_format(dims));
        Memory from = memory;
        Memory to(as, engine_);
        dnnl::stream stream(engine_);
        dnnl::reorder(from, to).execute(stream, from, to);
        stream.wait();
        const auto *const values = static_cast<const float *>(to.get_data_handle());
        return {shape, {values, values + shape.channels * shape.positions()}};
    }

    dnnl::engine engine_;
    dnnl::stream stream_{engine_};
    Network network_;
    std::vector<SizedLayer> layers_;
    Operands operands_;
    std::vector<Way> ways_;    ///< of the layers
    std::vector<Memory> kept_; ///< whose bytes another memory shows
};

class OneDnn final : public Library {
public:
    [[nodiscard]] std::string name() const override { return "oneDNN"; }
    [[nodiscard]] std::string version() const override {
        const dnnl_version_t *version = dnnl_version();
        return fmt::format("{}.{}.{}", version->major, version->minor, version->patch);
    }
    [[nodiscard]] std::unique_ptr<Prepared> prepare(const Network &network,
                                                    const Operands &operands) override {
        try {
            return std::make_unique<Chain>(engine_, network, operands);
        } catch (const dnnl::error &error) {
            throw Error(fmt::format("oneDNN: {}", error.what()));
        }
    }

private:
    dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
};

} // namespace

std::unique_ptr<Library> linked_library() {
    return std::make_unique<OneDnn>();
}

} // namespace clprobe::cpu_libraries
