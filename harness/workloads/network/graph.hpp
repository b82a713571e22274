#pragma once
#include <clprobe/network.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes::network {

/// Which layer takes what. Tensor 0 is the network's input, and each layer computes the one that is
/// numbered after it: layer 0 tensor 1. A tensor is an image, or the rows of a sequence, a token
/// each, as one whose input has a single column is; the average over an image is one token. A batch
/// is an image of as many times the rows, or as many times the tokens.
class Graph {
public:
    /// So many pixels are added to all images' halos.
    explicit Graph(const BatchedNetwork &network, std::uint32_t more_halo = 0);

    [[nodiscard]] std::uint32_t batch() const { return batch_; }

    [[nodiscard]] const std::vector<SizedLayer> &layers() const { return layers_; }
    [[nodiscard]] std::size_t tensors() const { return layers_.size() + 1; }
    /// Tensors that the layer takes.
    [[nodiscard]] const std::vector<std::size_t> &inputs(std::size_t layer) const {
        return inputs_[layer];
    }
    /// Layers that take the tensor.
    [[nodiscard]] const std::vector<std::size_t> &readers(std::size_t tensor) const {
        return readers_[tensor];
    }
    /// Tensors that the network returns.
    [[nodiscard]] const std::vector<std::size_t> &outputs() const { return outputs_; }
    /// Of one input's.
    [[nodiscard]] const TensorShape &shape(std::size_t tensor) const {
        return tensor == 0 ? input_ : layers_[tensor - 1].output;
    }
    /// Of those of all inputs, one below the other.
    [[nodiscard]] TensorShape batch_shape(std::size_t tensor) const {
        TensorShape all = shape(tensor);
        all.rows *= batch_;
        return all;
    }
    [[nodiscard]] bool is_image(std::size_t tensor) const { return is_image_[tensor]; }
    /// Pixels of zeros that the convolutions that take an image need around it.
    [[nodiscard]] std::uint32_t halo(std::size_t tensor) const { return halos_[tensor]; }

    /// Whether the layer is an addition that is made by the launches of the dense layer before it,
    /// whose result nobody else takes.
    [[nodiscard]] bool is_fused(std::size_t layer) const;
    /// What the layer's launches compute: its own tensor, or that of the addition behind it.
    [[nodiscard]] std::size_t result(std::size_t layer) const {
        return layer + 1 < layers_.size() && is_fused(layer + 1) ? layer + 2 : layer + 1;
    }
    /// What is added to a dense layer whose launches make an addition too.
    [[nodiscard]] std::optional<std::size_t> addend(std::size_t layer) const;

private:
    std::uint32_t batch_;
    TensorShape input_;
    std::vector<SizedLayer> layers_;
    std::vector<std::vector<std::size_t>> inputs_;
    std::vector<std::vector<std::size_t>> readers_;
    std::vector<std::size_t> outputs_;
    std::vector<bool> is_image_;
    std::vector<std::uint32_t> halos_;
};

/// Why this program cannot run the network, naming the first layer that it has no kernel for; empty
/// where it can.
[[nodiscard]] std::string without_kernel(const BatchedNetwork &network);
/// Why that layer has none; empty where it has.
[[nodiscard]] std::string unfit_layer(const Graph &graph, std::size_t layer);

/// Small ones, for tests of the kernels at the profile `tiny`: of images, one and several, of
/// several tokens, of one.
[[nodiscard]] const std::vector<BatchedNetwork> &small_networks();

/// Those that come with clprobe, for one input, and some for a batch.
[[nodiscard]] const std::vector<BatchedNetwork> &measured_networks();

/// The small ones and the measured ones, which rows of series number in this order.
[[nodiscard]] const std::vector<BatchedNetwork> &numbered_networks();
/// Their names, and behind these one for a network that a run was asked for.
[[nodiscard]] const std::vector<std::string> &network_names();
/// That network's number, or the one behind all where it has none.
[[nodiscard]] std::uint32_t number_of(const BatchedNetwork &network);

} // namespace clprobe::probes::network
