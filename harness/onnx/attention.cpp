// Attention, as exporters write it: two products around a softmax, and before and behind them what
// splits the channels into heads.

#include "graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace clprobe::onnx_import {
namespace {

class Attentions {
public:
    explicit Attentions(Graph &graph) : graph_(graph) { index(); }

    void merge() {
        for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
            if (graph_.nodes[i].op == "Softmax" && merge_around(i)) {
                index();
                i = 0; // a node may have been added before it
            }
    }

private:
    void index() {
        producers_.clear();
        users_.clear();
        for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
            for (const std::string &output : graph_.nodes[i].outputs)
                producers_[output] = i;
            for (const std::string &input : graph_.nodes[i].inputs)
                users_[input].push_back(i);
        }
    }

    [[nodiscard]] const Node *producer(const std::string &value) const {
        const auto found = producers_.find(value);
        return found == producers_.end() ? nullptr : &graph_.nodes[found->second];
    }

    /// Nothing where the shape is not known.
    [[nodiscard]] Shape shape(const std::string &value) const {
        return graph_.value(value).shape.value_or(Shape());
    }

    /// Whether the node hands its first input on, in parts or in another order.
    [[nodiscard]] static bool is_view(const Node &node) {
        constexpr std::array<std::string_view, 10> ops = {
            "Reshape", "Transpose", "Split",    "Slice", "Gather",
            "Squeeze", "Unsqueeze", "Identity", "Cast",  "Dropout"};
        return std::ranges::find(ops, node.op) != ops.end();
    }

    /// A product with a number, such as attention's scale: the place of the other factor.
    [[nodiscard]] std::optional<std::size_t> scaled(const Node &node) const {
        if ((node.op != "Mul" && node.op != "Div") || node.inputs.size() != 2)
            return std::nullopt;
        for (const std::size_t i : {0u, 1u})
            if (const Value &factor = graph_.value(node.inputs[1 - i]);
                factor.constant && factor.shape &&
                std::ranges::count(*factor.shape, 1) == std::ssize(*factor.shape))
                return i;
        return std::nullopt;
    }

    /// What the value is a part of, with its dimensions in whatever order.
    [[nodiscard]] std::string origin(std::string value) const {
        for (const Node *node = producer(value); node != nullptr; node = producer(value)) {
            if (is_view(*node))
                value = node->inputs.front();
            else if (const auto factor = scaled(*node))
                value = node->inputs[*factor];
            else
                break;
        }
        return value;
    }

    /// The product of queries and keys that these are the scores of.
    [[nodiscard]] const Node *scores(std::string value, std::vector<std::string> &masks) const {
        for (const Node *node = producer(value); node != nullptr; node = producer(value)) {
            if (node->op == "MatMul")
                return node;
            if (node->op == "Cast" || node->op == "Identity")
                value = node->inputs.front();
            else if (const auto factor = scaled(*node))
                value = node->inputs[*factor];
            else if (node->op == "Where" && node->inputs.size() == 3) {
                masks.push_back(node->inputs[0]);
                value = node->inputs[graph_.value(node->inputs[1]).constant ? 2 : 1];
            } else if (node->op == "Add" && node->inputs.size() == 2) {
                const std::size_t mask =
                    shape(node->inputs[0]) == shape(node->outputs.front()) ? 1 : 0;
                masks.push_back(node->inputs[mask]);
                value = node->inputs[1 - mask];
            } else
                return nullptr;
        }
        return nullptr;
    }

    /// The only node that takes it, where it has one of these operators.
    template <std::size_t Count>
    [[nodiscard]] std::optional<std::size_t>
    next(const std::string &value, const std::array<std::string_view, Count> &ops) const {
        const auto users = users_.find(value);
        if (users == users_.end() || users->second.size() != 1)
            return std::nullopt;
        const std::string &op = graph_.nodes[users->second.front()].op;
        return std::ranges::find(ops, op) == ops.end() ? std::nullopt
                                                       : std::optional{users->second.front()};
    }

    struct Found {
        std::size_t last = 0;             ///< the node that joins the heads
        std::array<std::string, 3> parts; ///< what queries, keys and values are parts of
        std::int64_t heads = 0;
        std::int64_t channels = 0;
        std::int64_t tokens = 0;
        std::vector<std::string> masks = {};
    };

    [[nodiscard]] std::optional<Found> around(const Node &softmax) const {
        Found found;
        const Node *const product = scores(softmax.inputs.front(), found.masks);
        std::string value = softmax.outputs.front();
        while (const auto passed =
                   next(value, std::array<std::string_view, 3>{"Dropout", "Identity", "Cast"}))
            value = graph_.nodes[*passed].outputs.front();
        const auto second = next(value, std::array<std::string_view, 1>{"MatMul"});
        if (product == nullptr || !second || graph_.nodes[*second].inputs.front() != value)
            return std::nullopt;
        const Node &sums = graph_.nodes[*second];
        const Shape of_heads = shape(sums.outputs.front()); // [1, heads, tokens, size]
        if (of_heads.size() < 3 || of_heads.size() > 4)
            return std::nullopt;
        found.heads = of_heads[of_heads.size() - 3];
        found.tokens = of_heads[of_heads.size() - 2];
        found.channels = found.heads * of_heads.back();
        found.parts = {origin(product->inputs[0]), origin(product->inputs[1]),
                       origin(sums.inputs[1])};
        std::optional<std::size_t> last;
        value = sums.outputs.front();
        while (const auto passed =
                   next(value, std::array<std::string_view, 2>{"Transpose", "Reshape"})) {
            value = graph_.nodes[*passed].outputs.front();
            if (shape(value) == Shape{1, found.tokens, found.channels} ||
                shape(value) == Shape{found.tokens, found.channels})
                last = passed;
        }
        if (!last)
            return std::nullopt;
        found.last = *last;
        return found;
    }

    /// Whether the value is a row of that many channels for each token.
    [[nodiscard]] bool is_sequence(const std::string &value, std::int64_t tokens,
                                   std::int64_t channels) const {
        return shape(value) == Shape{1, tokens, channels} ||
               shape(value) == Shape{tokens, channels};
    }

    /// Whether the masks are ones that an attention can do with, which is noted.
    [[nodiscard]] bool take_masks(const Found &found, Node &attention) {
        for (const std::string &mask : found.masks) {
            const Shape size = shape(mask);
            const bool of_pairs = size.size() >= 2 && size[size.size() - 2] == found.tokens &&
                                  size.back() == found.tokens && found.tokens > 1;
            const bool of_keys = size.size() >= 2 && size[size.size() - 2] == 1;
            if (!(of_pairs && graph_.value(mask).constant) && !of_keys && !size.empty())
                return false;
            if (of_pairs)
                attention.numbers["causal"] = {1};
            graph_.notes.push_back(fmt::format(
                "'{}' (Softmax): its mask '{}' {}", attention.name, mask,
                of_pairs ? "is taken as causal" : "is left out: shapes and work are the same"));
        }
        return true;
    }

    bool merge_around(std::size_t place) {
        const auto found = around(graph_.nodes[place]);
        if (!found)
            return false;
        Node attention;
        attention.name = graph_.nodes[place].name;
        attention.op = merged_attention;
        attention.outputs = graph_.nodes[found->last].outputs;
        attention.numbers["heads"] = {static_cast<double>(found->heads)};
        const auto &[queries, keys, values] = found->parts;
        const bool together = queries == keys && keys == values &&
                              is_sequence(queries, found->tokens, 3 * found->channels);
        const auto from = together ? std::nullopt : common_input(*found);
        if ((!together && !from) || !take_masks(*found, attention))
            return false;
        std::size_t last = found->last;
        attention.inputs = {together ? queries : attention.name + "/qkv"};
        graph_.nodes[last] = attention;
        if (!together) {
            graph_.notes.push_back(fmt::format(
                "'{}' (Softmax): three dense layers for its queries, keys and values are taken as "
                "one: the work is the same",
                attention.name));
            add_dense(*found, *from, attention.inputs.front(), place);
        }
        return true;
    }

    /// The dense layer that computes it: its product, and whether it has a bias.
    [[nodiscard]] const Node *product_of(const std::string &value, bool &bias) const {
        const Node *node = producer(value);
        bias = node != nullptr && node->op == "Add" && node->inputs.size() == 2;
        if (bias) {
            const std::size_t computed = graph_.value(node->inputs[0]).constant ? 1 : 0;
            bias = graph_.value(node->inputs[1 - computed]).constant;
            node = bias ? producer(node->inputs[computed]) : nullptr;
        }
        const bool dense =
            node != nullptr && node->op == "MatMul" && graph_.value(node->inputs[1]).constant;
        return dense ? node : nullptr;
    }

    /// What three dense layers take, where queries, keys and values are theirs.
    [[nodiscard]] std::optional<std::string> common_input(const Found &found) const {
        std::optional<std::string> common;
        for (const std::string &part : found.parts) {
            bool bias = false;
            const Node *const product = product_of(part, bias);
            if (product == nullptr || !is_sequence(part, found.tokens, found.channels) ||
                common.value_or(product->inputs.front()) != product->inputs.front())
                return std::nullopt;
            common = product->inputs.front();
        }
        return common;
    }

    /// A dense layer for all three, before the node at that place.
    void add_dense(const Found &found, const std::string &from, const std::string &output,
                   std::size_t place) {
        bool bias = false;
        static_cast<void>(product_of(found.parts.front(), bias));
        const std::string weights = output + "/weights";
        graph_.values[weights] = {Shape{shape(from).back(), 3 * found.channels}, true};
        Shape size = shape(from);
        size.back() = 3 * found.channels;
        graph_.values[output] = {std::move(size)};
        Node dense;
        dense.name = output;
        dense.op = "MatMul";
        dense.inputs = {from, weights};
        if (bias) // as Gemm has it
            dense.inputs.push_back(weights);
        dense.outputs = {output};
        graph_.nodes.insert(graph_.nodes.begin() + static_cast<std::ptrdiff_t>(place),
                            std::move(dense));
    }

    Graph &graph_;
    std::map<std::string, std::size_t> producers_;
    std::map<std::string, std::vector<std::size_t>> users_;
};

} // namespace

void merge_attentions(Graph &graph) {
    Attentions(graph).merge();
    remove_unneeded(graph);
}

} // namespace clprobe::onnx_import
