#include "importing.hpp"
#include "io/terminal.hpp"
#include "layers.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace clprobe::onnx_import {
namespace {

template <std::size_t Count>
bool is_one_of(const std::string &op, const std::array<std::string_view, Count> &ops) {
    return std::ranges::find(ops, op) != ops.end();
}

constexpr std::array<std::string_view, 7> views = {"Identity", "Dropout", "Cast",     "Reshape",
                                                   "Flatten",  "Squeeze", "Unsqueeze"};
constexpr std::array<std::string_view, 3> global_pools = {"GlobalAveragePool", "GlobalMaxPool",
                                                          "ReduceMean"};
/// What these compute is most of a network's work: no network is complete without them.
constexpr std::array<std::string_view, 15> multiplying = {
    "Conv",        "ConvTranspose", "Gemm",       "MatMul",      "Einsum",
    "LSTM",        "GRU",           "RNN",        "QLinearConv", "QLinearMatMul",
    "ConvInteger", "MatMulInteger", "DeformConv", "Attention",   "Loop"};

bool multiplies(Operator op) {
    return op == Operator::convolution || op == Operator::depthwise_convolution ||
           op == Operator::dense || op == Operator::attention;
}

class Importer {
public:
    explicit Importer(Graph graph) : graph_(std::move(graph)), uses_(graph_.uses()) {}

    Imported take() {
        for (const Node &node : graph_.nodes) {
            candidate_.reset();
            try {
                take(node);
            } catch (const NoLayer &none) {
                take_without_layer(node, none.reason);
            }
        }
        return cut();
    }

private:
    /// Not from what any layer computes.
    [[nodiscard]] bool is_before_layers(const std::string &value) const {
        return !sources_.contains(value) && !unknown_.contains(value);
    }

    [[nodiscard]] std::vector<std::string> computed_inputs(const Node &node) const {
        std::vector<std::string> all;
        for (const std::string &input : node.inputs)
            if (!input.empty() && !graph_.value(input).constant)
                all.push_back(input);
        return all;
    }

    /// Where the value is in the network. What lies before all layers becomes the network's input
    /// with the first layer that takes it.
    [[nodiscard]] Source source(const std::string &value) {
        if (const auto found = sources_.find(value); found != sources_.end())
            return found->second;
        const Value &known = graph_.value(value);
        if (unknown_.contains(value) || !known.shape)
            throw NoLayer{
                fmt::format("'{}' is of no known shape of an image or a sequence", value)};
        if (input_ && *input_ != value)
            throw NoLayer{fmt::format("it takes '{}', a second input of the network", value)};
        constexpr std::size_t of_an_image = 4;
        const Shape &shape = *known.shape;
        const std::size_t axis =
            shape.size() == of_an_image ? 1 : std::max<std::size_t>(shape.size(), 1) - 1;
        const auto tensor = tensor_of(shape, axis);
        if (!tensor)
            throw NoLayer{fmt::format("'{}' is no image and no sequence", value)};
        candidate_ = value;
        return {std::string(network_input), *tensor, shape, axis};
    }

    void take(const Node &node) {
        const std::vector<std::string> computed = computed_inputs(node);
        if (computed.empty())
            throw NoLayer{};
        const bool before = std::ranges::all_of(
            computed, [&](const std::string &value) { return is_before_layers(value); });
        const bool view = is_one_of(node.op, views) || node.op == "Transpose";
        if (before && view)
            return;
        if (before && std::set<std::string>(computed.begin(), computed.end()).size() > 1)
            throw NoLayer{"it takes several inputs"};
        if (view)
            return take_view(node);
        if (const auto activation = activation_of(graph_, node))
            return fuse(node, *activation);
        if (node.op == "BatchNormalization")
            return fold(node, computed.front(), true);
        if (node.op == "Conv")
            return add_layer(node, convolution(graph_, node, source(node.inputs.front())));
        if (node.op == "Gemm" || node.op == "MatMul")
            return add_layer(node, dense(graph_, node, source(computed.front())));
        if (node.op == "MaxPool" || node.op == "AveragePool")
            return add_layer(node, pool(graph_, node, source(node.inputs.front())));
        if (is_one_of(node.op, global_pools))
            return add_layer(node, global_pool(graph_, node, source(node.inputs.front())));
        if (node.op == merged_attention)
            return add_layer(node, attention(node, source(node.inputs.front())));
        if (node.op == "LayerNormalization")
            return add_layer(node, layer_norm(node, source(node.inputs.front())));
        if ((node.op == "Add" || node.op == "Sum") && computed.size() == node.inputs.size())
            return add_sum(node);
        const bool linear = node.op == "Add" || node.op == "Sub" || node.op == "Mul" ||
                            (node.op == "Div" && computed.front() == node.inputs.front());
        if (linear && computed.size() == 1 && node.inputs.size() == 2)
            return fold(node, computed.front(), node.op == "Add" || node.op == "Sub");
        throw NoLayer{};
    }

    void take_view(const Node &node) {
        const std::string &from = node.inputs.front();
        const Source taken = source(from);
        const auto &shape = graph_.value(node.outputs.front()).shape;
        if (!shape)
            throw NoLayer{"the shape of what it computes is not known"};
        auto view = node.op == "Transpose"
                        ? transposed(taken, node.list("perm", reversed_order(taken)))
                        : reshaped(taken, *shape);
        if (!view)
            throw NoLayer{"it splits channels or changes their order"};
        view->fusable = taken.fusable && uses_.at(from) == 1;
        sources_[node.outputs.front()] = *std::move(view);
    }

    [[nodiscard]] static std::vector<double> reversed_order(const Source &source) {
        std::vector<double> order;
        for (std::size_t i = source.shape.size(); i-- > 0;)
            order.push_back(static_cast<double>(i));
        return order;
    }

    /// The layer that computes it and can still take more in; null where there is none.
    [[nodiscard]] Layer *open_layer(const Source &source, const std::string &value) {
        if (!source.fusable || uses_.at(value) != 1)
            return nullptr;
        const auto found = std::ranges::find(network_.layers, source.layer, &Layer::name);
        const bool open = found != network_.layers.end() && found->activation == Activation::none;
        return open ? &*found : nullptr;
    }

    void fuse(const Node &node, Activation activation) {
        const std::string &from = node.inputs.front();
        const Source taken = source(from);
        Layer *const layer = open_layer(taken, from);
        if (layer == nullptr || !(multiplies(layer->op) || layer->op == Operator::add))
            throw NoLayer{"no layer before it takes it in"};
        layer->activation = activation;
        sources_[node.outputs.front()] = taken;
    }

    /// A scale and a shift of each channel go into the weights of the layer before.
    void fold(const Node &node, const std::string &from, bool shifts) {
        const Source taken = source(from);
        Layer *const layer = open_layer(taken, from);
        if (layer == nullptr || !multiplies(layer->op) || !is_of_channels(node, taken))
            throw NoLayer{"no convolution or dense layer before it takes it in"};
        layer->bias |= shifts;
        sources_[node.outputs.front()] = taken;
    }

    /// Whether the node's constants have a number for each channel, or one for all.
    [[nodiscard]] bool is_of_channels(const Node &node, const Source &taken) const {
        if (node.op == "BatchNormalization")
            return taken.axis == 1;
        for (const std::string &input : node.inputs) {
            const Value &value = graph_.value(input);
            if (!value.constant)
                continue;
            if (!value.shape || value.shape->size() > taken.shape.size())
                return false;
            const std::size_t left_out = taken.shape.size() - value.shape->size();
            for (std::size_t i = 0; i < value.shape->size(); ++i)
                if ((*value.shape)[i] != 1 && i + left_out != taken.axis)
                    return false;
        }
        return graph_.value(node.outputs.front()).shape == taken.shape;
    }

    void add_sum(const Node &node) {
        std::vector<Source> inputs;
        for (const std::string &input : node.inputs)
            inputs.push_back(source(input));
        for (const Source &input : inputs)
            if (input.tensor != inputs.front().tensor || input.axis != inputs.front().axis ||
                input.shape != inputs.front().shape || input.flat)
                throw NoLayer{"it adds different shapes"};
        if (inputs.size() < 2)
            throw NoLayer{"it adds nothing"};
        FoundLayer found;
        found.layer.op = Operator::add;
        found.output = inputs.front().tensor;
        found.axis = inputs.front().axis;
        add_layer(node, std::move(found), inputs);
    }

    void add_layer(const Node &node, FoundLayer found) {
        // Those that take one input have it first; the rest are weights.
        add_layer(node, std::move(found), {source(computed_inputs(node).front())});
    }

    void add_layer(const Node &node, FoundLayer found, const std::vector<Source> &inputs) {
        const auto &shape = graph_.value(node.outputs.front()).shape;
        if (!shape || found.axis >= shape->size())
            throw NoLayer{"the shape of what it computes is not known"};
        Layer &layer = found.layer;
        layer.name = free_name(node.name);
        bool complete = true;
        for (const Source &input : inputs) {
            layer.inputs.push_back(input.layer);
            complete &= input.complete;
        }
        if (candidate_ && !input_) {
            input_ = candidate_;
            network_.input = inputs.front().tensor;
        }
        if (!found.note.empty())
            notes_.push_back(fmt::format("{}: {}", described(node), found.note));
        if (!complete)
            incomplete_.insert(layer.name);
        descriptions_[layer.name] = described(node);
        outputs_[layer.name] = found.output;
        sources_[node.outputs.front()] = {layer.name, found.output, *shape,  found.axis,
                                          false,      true,         complete};
        network_.layers.push_back(std::move(layer));
    }

    [[nodiscard]] std::string free_name(const std::string &wanted) const {
        std::string name = wanted.empty() ? "layer" : wanted;
        for (int number = 2; name == network_input || outputs_.contains(name); ++number)
            name = fmt::format("{} ({})", wanted, number);
        return name;
    }

    /// "'up' (Resize, 1x64x56x56)".
    [[nodiscard]] std::string described(const Node &node) const {
        const auto &shape = graph_.value(node.outputs.front()).shape;
        return fmt::format("'{}' ({}{})", node.name, node.op,
                           shape ? fmt::format(", {}", fmt::join(*shape, "x")) : "");
    }

    /// Whether it would be part of a layer, or need none, were there a layer for those before it.
    [[nodiscard]] bool only_follows(const Node &node,
                                    const std::vector<std::string> &computed) const {
        constexpr std::array<std::string_view, 6> folded = {
            "BatchNormalization", "Transpose", "Add", "Sub", "Mul", "Div"};
        return computed.size() == 1 &&
               (is_one_of(node.op, views) || is_one_of(node.op, folded) ||
                activation_of(graph_, node)) &&
               (unknown_.contains(computed.front()) || !sources_.at(computed.front()).complete);
    }

    /// What follows is looked at all the same, so that all such nodes are found at once.
    void take_without_layer(const Node &node, const std::string &reason) {
        const std::vector<std::string> computed = computed_inputs(node);
        const auto known = std::ranges::find_if(
            computed, [&](const std::string &value) { return sources_.contains(value); });
        const bool before = std::ranges::all_of(
            computed, [&](const std::string &value) { return is_before_layers(value); });
        const std::string text =
            described(node) + (reason.empty() ? std::string() : fmt::format(": {}", reason));
        if (before && !is_one_of(node.op, multiplying)) {
            left_out_.push_back(text);
            return;
        }
        if (!only_follows(node, computed)) {
            without_layer_.push_back(text);
            multiplying_without_layer_ |= is_one_of(node.op, multiplying);
        }
        for (const std::string &output : node.outputs) {
            const auto &shape = graph_.value(output).shape;
            constexpr std::size_t of_an_image = 4;
            std::size_t axis = !shape || shape->empty()       ? 0
                               : shape->size() == of_an_image ? 1
                                                              : shape->size() - 1;
            if (known != computed.end() && shape &&
                sources_.at(*known).shape.size() == shape->size())
                axis = sources_.at(*known).axis;
            const auto tensor = shape ? tensor_of(*shape, axis) : std::nullopt;
            if (tensor)
                sources_[output] = {node.name, *tensor, *shape, axis, false, false, false};
            else
                unknown_.insert(output);
        }
    }

    /// Without what no layer is there for: it may end the network, but not divide it.
    Imported cut() {
        const bool divided = std::ranges::any_of(network_.layers, [&](const Layer &layer) {
            return incomplete_.contains(layer.name) && multiplies(layer.op);
        });
        if (divided || multiplying_without_layer_)
            throw InputError(fmt::format("{} without a kernel:\n  {}",
                                         counted(without_layer_.size(), "node"),
                                         fmt::join(without_layer_, "\n  ")));
        left_out_.insert(left_out_.end(), without_layer_.begin(), without_layer_.end());
        for (const Layer &layer : network_.layers)
            if (incomplete_.contains(layer.name))
                left_out_.push_back(descriptions_.at(layer.name) + ": it follows one of them");
        std::erase_if(network_.layers,
                      [&](const Layer &layer) { return incomplete_.contains(layer.name); });
        if (network_.layers.empty())
            throw InputError(fmt::format("none of its nodes is a layer of clprobe's:\n  {}",
                                         fmt::join(left_out_, "\n  ")));
        name_outputs();
        for (std::size_t i = 0; i < network_.layers.size(); ++i) {
            const std::string before =
                i == 0 ? std::string(network_input) : network_.layers[i - 1].name;
            if (network_.layers[i].inputs == std::vector{before})
                network_.layers[i].inputs.clear();
        }
        for (const SizedLayer &sized : sized_layers(network_))
            if (const TensorShape expected = outputs_.at(sized.layer.name);
                sized.output.channels != expected.channels ||
                sized.output.positions() != expected.positions())
                throw Error(fmt::format("layer '{}' has another shape than ONNX's inference finds",
                                        sized.layer.name));
        notes_.insert(notes_.begin(), graph_.notes.begin(), graph_.notes.end());
        return {std::move(network_), std::move(left_out_), std::move(notes_)};
    }

    void name_outputs() {
        std::set<std::string> taken;
        for (const Layer &layer : network_.layers)
            taken.insert(layer.inputs.begin(), layer.inputs.end());
        std::set<std::string> results;
        for (const std::string &output : graph_.outputs)
            if (const auto found = sources_.find(output); found != sources_.end())
                results.insert(found->second.layer);
        std::vector<std::string> outputs;
        for (const Layer &layer : network_.layers)
            if (!taken.contains(layer.name) || results.contains(layer.name))
                outputs.push_back(layer.name);
        if (outputs != std::vector{network_.layers.back().name})
            network_.outputs = std::move(outputs);
    }

    Graph graph_;
    std::map<std::string, std::size_t> uses_;
    Network network_;
    std::optional<std::string> input_;     ///< the value that is the network's input
    std::optional<std::string> candidate_; ///< what becomes it with the node's layer
    std::map<std::string, Source> sources_;
    std::set<std::string> unknown_;              ///< values behind layers that no layer can take
    std::set<std::string> incomplete_;           ///< layers behind a node that has none
    std::map<std::string, TensorShape> outputs_; ///< of layers
    std::map<std::string, std::string> descriptions_; ///< of the nodes that are layers
    std::vector<std::string> without_layer_;
    std::vector<std::string> left_out_;
    std::vector<std::string> notes_;
    bool multiplying_without_layer_ = false;
};

} // namespace

Imported imported(Graph graph) {
    remove_unneeded(graph);
    merge_patterns(graph);
    merge_attentions(graph);
    return Importer(std::move(graph)).take();
}

} // namespace clprobe::onnx_import
