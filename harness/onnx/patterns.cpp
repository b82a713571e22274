#include "graph.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

namespace clprobe::onnx_import {
namespace {

bool is_about(std::optional<double> number, double expected) {
    constexpr double tolerance =
        1e-3; // constants are written with few digits, or in half precision
    return number && std::abs(*number - expected) <= tolerance * std::abs(expected);
}

/// Finds what ends at a node, upwards from there.
class Matcher {
public:
    explicit Matcher(Graph &graph) : graph_(graph), uses_(graph.uses()) {
        for (std::size_t i = 0; i < graph.nodes.size(); ++i)
            for (const std::string &output : graph.nodes[i].outputs)
                producers_[output] = i;
    }

    /// Merges what ends at that node, where it is one of the patterns.
    void merge_at(std::size_t place) {
        const Node &last = graph_.nodes[place];
        if (last.op == "Mul" || last.op == "Div") {
            if (const auto x = hard_swish_input(last))
                return replace(place, "HardSwish", *x);
            if (const auto x = gelu_input(last))
                return replace(place, "Gelu", *x);
        }
        if (last.op == "Div")
            if (const auto x = normalized(last))
                replace(place, "Normalized", *x);
    }

    /// A normalisation takes its scale and its shift along.
    void finish_norm(std::size_t place) {
        Node &norm = graph_.nodes[place];
        if (norm.op != "Normalized")
            return;
        norm.op = "LayerNormalization";
        for (const char *op : {"Mul", "Add"}) {
            const auto next = only_user(norm.outputs.front());
            if (!next || graph_.nodes[*next].op != op || !constant_beside(*next, norm))
                return;
            norm.outputs = graph_.nodes[*next].outputs;
            graph_.nodes[*next].op.clear();
        }
    }

private:
    [[nodiscard]] const Node *producer(const std::string &value) const {
        const auto found = producers_.find(value);
        return found == producers_.end() ? nullptr : &graph_.nodes[found->second];
    }
    /// Where it has that operator.
    [[nodiscard]] const Node *producer(const std::string &value, std::string_view op) const {
        const Node *const node = producer(value);
        return node != nullptr && node->op == op ? node : nullptr;
    }

    [[nodiscard]] std::optional<std::size_t> only_user(const std::string &value) const {
        if (const auto count = uses_.find(value); count == uses_.end() || count->second != 1)
            return std::nullopt;
        for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
            if (std::ranges::count(graph_.nodes[i].inputs, value) > 0)
                return i;
        return std::nullopt;
    }

    [[nodiscard]] bool constant_beside(std::size_t place, const Node &other) const {
        return std::ranges::all_of(graph_.nodes[place].inputs, [&](const std::string &input) {
            return input == other.outputs.front() || graph_.value(input).constant;
        });
    }

    /// Of a node with two inputs, the one beside that constant.
    [[nodiscard]] std::optional<std::string> beside(const Node *node, double constant) const {
        if (node == nullptr || node->inputs.size() != 2)
            return std::nullopt;
        const bool ordered = node->op == "Div" || node->op == "Pow" || node->op == "Sub";
        if (is_about(graph_.scalar(node->inputs[1]), constant))
            return node->inputs[0];
        if (!ordered && is_about(graph_.scalar(node->inputs[0]), constant))
            return node->inputs[1];
        return std::nullopt;
    }

    /// x of min(max(x + 3, 0), 6).
    [[nodiscard]] std::optional<std::string> clipped(const std::string &value) const {
        const Node *const clip = producer(value, "Clip");
        if (clip == nullptr || clip->inputs.empty())
            return std::nullopt;
        const auto bound = [&](std::size_t input, const char *attribute) {
            return input < clip->inputs.size()
                       ? graph_.scalar(clip->inputs[input])
                       : std::optional{clip->number(attribute, std::nan(""))};
        };
        if (bound(1, "min") != 0.0 || bound(2, "max") != 6.0)
            return std::nullopt;
        return beside(producer(clip->inputs.front(), "Add"), 3);
    }

    /// x of what is HardSigmoid with a slope of a sixth.
    [[nodiscard]] std::optional<std::string> hard_sigmoid(const std::string &value) const {
        const Node *const node = producer(value);
        if (node == nullptr)
            return std::nullopt;
        if (node->op == "HardSigmoid" && is_about(node->number("alpha", 0.2), 1.0 / 6) &&
            is_about(node->number("beta", 0.5), 0.5))
            return node->inputs.front();
        if (node->op == "Div")
            if (const auto numerator = beside(node, 6))
                return clipped(*numerator);
        if (node->op == "Mul")
            if (const auto factor = beside(node, 1.0 / 6))
                return clipped(*factor);
        return std::nullopt;
    }

    [[nodiscard]] std::optional<std::string> hard_swish_input(const Node &last) const {
        if (last.inputs.size() != 2)
            return std::nullopt;
        const auto of_product = [&](const Node &product, const auto &other_factor) {
            for (const std::size_t i : {0u, 1u})
                if (const auto x = other_factor(product.inputs[i]);
                    x && *x == product.inputs[1 - i])
                    return x;
            return std::optional<std::string>();
        };
        const auto sigmoid = [&](const std::string &value) { return hard_sigmoid(value); };
        const auto clip = [&](const std::string &value) { return clipped(value); };
        if (last.op == "Mul")
            if (auto x = of_product(last, sigmoid))
                return x;
        // x * clip(x + 3) first, then the division
        const auto product = last.op == "Div" ? beside(&last, 6) : beside(&last, 1.0 / 6);
        const Node *const inner = product ? producer(*product, "Mul") : nullptr;
        return inner != nullptr && inner->inputs.size() == 2 ? of_product(*inner, clip)
                                                             : std::nullopt;
    }

    /// The factors of a product of products.
    void collect_factors(const Node &product, std::vector<std::string> &factors,
                         int depth = 0) const {
        constexpr int deepest = 3;
        for (const std::string &input : product.inputs) {
            const Node *const inner = producer(input, "Mul");
            if (inner != nullptr && depth < deepest && uses_.at(input) == 1)
                collect_factors(*inner, factors, depth + 1);
            else
                factors.push_back(input);
        }
    }

    /// Whether all that the value is computed from, up to `x`, are sums, products and powers with
    /// constants. Notes these.
    [[nodiscard]] bool is_polynomial(const std::string &value, const std::string &x,
                                     std::vector<double> &constants, int depth = 0) const {
        constexpr int deepest = 8;
        if (value == x)
            return true;
        if (const auto number = graph_.scalar(value)) {
            constants.push_back(*number);
            return true;
        }
        const Node *const node = producer(value);
        constexpr std::array<std::string_view, 4> arithmetic = {"Mul", "Div", "Add", "Pow"};
        if (node == nullptr || depth == deepest ||
            std::ranges::find(arithmetic, node->op) == arithmetic.end())
            return false;
        return std::ranges::all_of(node->inputs, [&](const std::string &input) {
            return is_polynomial(input, x, constants, depth + 1);
        });
    }

    /// x of x * (1 + erf(x / sqrt 2)) / 2, or of its approximation by tanh.
    [[nodiscard]] std::optional<std::string> gelu_input(const Node &last) const {
        std::vector<std::string> factors;
        collect_factors(last, factors);
        const auto half = std::ranges::find_if(factors, [&](const std::string &factor) {
            return is_about(graph_.scalar(factor), 0.5);
        });
        if (last.op != "Mul" || factors.size() != 3 || half == factors.end())
            return std::nullopt;
        factors.erase(half);
        for (const std::size_t i : {0u, 1u}) {
            const std::string &x = factors[1 - i];
            const auto curve = beside(producer(factors[i], "Add"), 1);
            const Node *const node = curve ? producer(*curve) : nullptr;
            std::vector<double> constants;
            if (node == nullptr || (node->op != "Erf" && node->op != "Tanh") ||
                !is_polynomial(node->inputs.front(), x, constants))
                continue;
            const auto has = [&](double expected) {
                return std::ranges::any_of(
                    constants, [&](double number) { return is_about(number, expected); });
            };
            if (node->op == "Erf" ? has(std::sqrt(2)) || has(std::sqrt(0.5))
                                  : has(0.044715) && has(std::sqrt(2 / 3.14159265358979)))
                return x;
        }
        return std::nullopt;
    }

    /// The mean over the last axis of what?
    [[nodiscard]] std::optional<std::string> averaged(const std::string &value) const {
        const Node *const mean = producer(value, "ReduceMean");
        if (mean == nullptr || mean->inputs.empty() || !graph_.value(mean->inputs.front()).shape)
            return std::nullopt;
        std::vector<double> axes = mean->list("axes", {});
        if (mean->inputs.size() > 1)
            axes = graph_.value(mean->inputs[1]).numbers;
        const auto last = static_cast<double>(graph_.value(mean->inputs.front()).shape->size()) - 1;
        if (axes.size() != 1 || (axes.front() != -1 && axes.front() != last))
            return std::nullopt;
        return mean->inputs.front();
    }

    /// x of (x - mean) / sqrt(mean of the squares of that + epsilon).
    [[nodiscard]] std::optional<std::string> normalized(const Node &last) const {
        const Node *const difference =
            last.inputs.size() == 2 ? producer(last.inputs[0], "Sub") : nullptr;
        const Node *const root = difference ? producer(last.inputs[1], "Sqrt") : nullptr;
        const Node *const sum = root ? producer(root->inputs.front(), "Add") : nullptr;
        if (sum == nullptr || averaged(difference->inputs[1]) != difference->inputs[0])
            return std::nullopt;
        for (const std::size_t i : {0u, 1u}) {
            const auto squares = averaged(sum->inputs[i]);
            if (!squares || !graph_.scalar(sum->inputs[1 - i]))
                continue;
            const Node *const power = producer(*squares, "Pow");
            const Node *const product = producer(*squares, "Mul");
            if ((power && beside(power, 2) == last.inputs[0]) ||
                (product && product->inputs[0] == last.inputs[0] &&
                 product->inputs[1] == last.inputs[0]))
                return difference->inputs[0];
        }
        return std::nullopt;
    }

    /// What the node has left unneeded goes with `remove_unneeded`.
    void replace(std::size_t place, const char *op, const std::string &input) {
        Node &node = graph_.nodes[place];
        node.op = op;
        node.inputs = {input};
        node.numbers.clear();
        node.texts.clear();
    }

    Graph &graph_;
    std::map<std::string, std::size_t> uses_;
    std::map<std::string, std::size_t> producers_;
};

} // namespace

std::map<std::string, std::size_t> Graph::uses() const {
    std::map<std::string, std::size_t> counts;
    for (const Node &node : nodes)
        for (const std::string &input : node.inputs)
            ++counts[input];
    for (const std::string &output : outputs)
        ++counts[output];
    return counts;
}

void remove_unneeded(Graph &graph) {
    std::set<std::string> needed(graph.outputs.begin(), graph.outputs.end());
    std::vector<Node> kept;
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        const bool takes_part = std::ranges::any_of(node->outputs, [&](const std::string &output) {
            return needed.contains(output) && !graph.value(output).constant;
        });
        if (!takes_part)
            continue;
        needed.insert(node->inputs.begin(), node->inputs.end());
        kept.push_back(std::move(*node));
    }
    std::ranges::reverse(kept);
    graph.nodes = std::move(kept);
}

void merge_patterns(Graph &graph) {
    Matcher matcher(graph);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
        matcher.merge_at(i);
    for (std::size_t i = 0; i < graph.nodes.size(); ++i)
        matcher.finish_norm(i);
    std::erase_if(graph.nodes, [](const Node &node) { return node.op.empty(); });
    remove_unneeded(graph);
}

} // namespace clprobe::onnx_import
