#pragma once
#include "source.hpp"

#include <string>

namespace clprobe::onnx_import {

/// Why clprobe has no layer for a node; may be empty where there is nothing like it at all.
struct NoLayer {
    std::string reason;
};

/// A layer that a node is, from what the network has so far.
struct FoundLayer {
    Layer layer; ///< without a name and inputs
    TensorShape output;
    std::size_t axis = 1;  ///< of the channels, in the shape that the model gives the output
    std::string note = {}; ///< where it computes something else than the node
};

// Each takes what the node's first input is in the network, and throws NoLayer.

[[nodiscard]] FoundLayer convolution(const Graph &graph, const Node &node, const Source &from);
[[nodiscard]] FoundLayer pool(const Graph &graph, const Node &node, const Source &from);
/// Of all positions: GlobalAveragePool, GlobalMaxPool and ReduceMean.
[[nodiscard]] FoundLayer global_pool(const Graph &graph, const Node &node, const Source &from);
/// Gemm and MatMul. A flattened image makes it a convolution as large as that.
[[nodiscard]] FoundLayer dense(const Graph &graph, const Node &node, const Source &from);
/// Of `merge_attentions`.
[[nodiscard]] FoundLayer attention(const Node &node, const Source &from);
[[nodiscard]] FoundLayer layer_norm(const Node &node, const Source &from);

/// Nothing where the node is none.
[[nodiscard]] std::optional<Activation> activation_of(const Graph &graph, const Node &node);

} // namespace clprobe::onnx_import
