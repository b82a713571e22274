#pragma once
#include "graph.hpp"

#include <clprobe/network.hpp>

namespace clprobe::onnx_import {

/// Where a value of the model is in the network: what a layer computes, or the network's input.
struct Source {
    std::string layer;    ///< or `network_input`
    TensorShape tensor;   ///< as the network has it
    Shape shape;          ///< as the model has it
    std::size_t axis = 1; ///< which of its dimensions the channels are
    bool flat = false;    ///< the channels hold all rows and columns
    bool fusable = false; ///< nothing else takes what the layer computes
    bool complete = true; ///< no node without a layer comes before it

    [[nodiscard]] std::size_t last_axis() const { return shape.size() - 1; }
};

/// That shape, with channels at that axis, as the network has it; nothing where it is no image and
/// no sequence.
[[nodiscard]] std::optional<TensorShape> tensor_of(const Shape &shape, std::size_t axis);

/// The same values in another shape, or with their dimensions in another order; nothing where
/// positions or channels would come into another order.
[[nodiscard]] std::optional<Source> reshaped(const Source &source, const Shape &shape);
[[nodiscard]] std::optional<Source> transposed(const Source &source,
                                               const std::vector<double> &order);

} // namespace clprobe::onnx_import
