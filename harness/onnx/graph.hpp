#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// An ONNX model as plain data: which operators it has, what they take, and how large that is. What
// its weights are does not matter, and the ONNX library is behind `read_graph` alone.
namespace clprobe::onnx_import {

using Shape = std::vector<std::int64_t>;

/// What a node computes, or what the model holds.
struct Value {
    std::optional<Shape> shape;       ///< where it is known
    bool constant = false;            ///< the same for each input of the model
    std::vector<double> numbers = {}; ///< of small constants; empty for others
    bool data_outside = false;        ///< a constant whose numbers another file has
};

/// An operator's use, by the names of ONNX. Attributes that are no numbers and no text are left
/// out.
struct Node {
    std::string name; ///< of the node, else of what it computes
    std::string op;   ///< "Conv"; with its domain where that is not ONNX's own: "com.acme.Conv"
    std::vector<std::string> inputs; ///< names of values; empty for one that is left out
    std::vector<std::string> outputs;
    std::map<std::string, std::vector<double>> numbers = {};
    std::map<std::string, std::string> texts = {};
    bool has_graphs = false; ///< If, Loop and their kin

    /// The attribute, or what ONNX takes where it is left out.
    [[nodiscard]] double number(const std::string &attribute, double otherwise) const {
        const auto found = numbers.find(attribute);
        return found == numbers.end() || found->second.empty() ? otherwise : found->second.front();
    }
    [[nodiscard]] std::vector<double> list(const std::string &attribute,
                                           const std::vector<double> &otherwise) const {
        const auto found = numbers.find(attribute);
        return found == numbers.end() ? otherwise : found->second;
    }
    [[nodiscard]] std::string text(const std::string &attribute,
                                   const std::string &otherwise) const {
        const auto found = texts.find(attribute);
        return found == texts.end() ? otherwise : found->second;
    }
};

struct Graph {
    std::string producer; ///< "pytorch 2.1"; may be empty
    std::vector<std::string> outputs;
    std::vector<Node> nodes; ///< each behind those that it takes
    std::map<std::string, Value> values;
    std::vector<std::string> notes = {}; ///< where something else is meant than the model says

    /// With nothing known where there is none of that name.
    [[nodiscard]] const Value &value(const std::string &name) const {
        static const Value unknown;
        const auto found = values.find(name);
        return found == values.end() ? unknown : found->second;
    }
    /// The number that a constant holds; nothing where it holds several, or where it is none.
    [[nodiscard]] std::optional<double> scalar(const std::string &name) const {
        const Value &held = value(name);
        return held.numbers.size() == 1 ? std::optional{held.numbers.front()} : std::nullopt;
    }
    /// How many nodes take it, and whether the model's user does.
    [[nodiscard]] std::map<std::string, std::size_t> uses() const;
};

/// The model in that file, with the shapes that ONNX's own inference finds for a batch of 1. Never
/// opens a file of weights beside it. Throws InputError, saying what is wrong in it.
[[nodiscard]] Graph read_graph(const std::string &file);

/// Without nodes that no output depends on, and without those that compute constants.
void remove_unneeded(Graph &graph);

/// With one node in the place of several that together are an operator for which ONNX has a name,
/// as exporters write them: HardSwish, Gelu, LayerNormalization.
void merge_patterns(Graph &graph);

/// The operator of a node in the place of a whole attention: its input's channels are queries, keys
/// and values; `heads`, and `causal` where it is so.
inline constexpr const char *merged_attention = "clprobe.Attention";
/// Those whose queries, keys and values come from one dense layer, or from three of one input.
void merge_attentions(Graph &graph);

} // namespace clprobe::onnx_import
