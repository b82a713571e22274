#pragma once
#include "graph.hpp"

#include <clprobe/network.hpp>

namespace clprobe::onnx_import {

struct Imported {
    Network network;                   ///< without a name, a title and a source
    std::vector<std::string> left_out; ///< before the first layer and behind the last one
    std::vector<std::string> notes;    ///< where a layer computes something else than the model
};

/// The network that the model is: activations and normalisations of a batch are fused with the
/// layer before them. Throws InputError, naming each node that no layer of clprobe's computes and
/// why, where layers with weights need what such nodes compute.
[[nodiscard]] Imported imported(Graph graph);

} // namespace clprobe::onnx_import
