#pragma once
#include <clprobe/network.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace clprobe::cpu_libraries {

/// One image or sequence, channel after channel.
struct Tensor {
    TensorShape shape;
    std::vector<float> values;

    [[nodiscard]] float at(std::uint64_t channel, std::uint64_t position) const {
        return values[channel * shape.positions() + position];
    }
};

/// Those of a convolution are [outputs][inputs of a group][rows][columns], of a dense layer
/// [outputs][inputs]; other layers have none.
struct Weights {
    std::vector<float> weights;
    std::vector<float> biases; ///< as many as outputs, also where the layer has none: zeros then
};

/// What a network is run on.
struct Operands {
    Tensor input;
    std::vector<Weights> layers;
};

/// Random ones that leave activations of the order of one (He et al. 2015).
[[nodiscard]] Operands random_operands(const Network &network, std::uint64_t seed);

/// The layers that a layer takes, by their number; `from_input` is the network's own input.
inline constexpr std::size_t from_input = static_cast<std::size_t>(-1);
[[nodiscard]] std::vector<std::size_t> sources_of(const Network &network, std::size_t layer);

/// What is wrong with a layer's output: its first element that is further from the sum in double
/// precision than `growth` times what rounding explains, of 64 and those in the corners. Empty
/// where it is right. An attention of the layer's has no kept keys.
[[nodiscard]] std::string wrong_output(const SizedLayer &layer, const Weights &weights,
                                       const std::vector<const Tensor *> &inputs,
                                       const Tensor &output, double growth, std::uint64_t seed);

} // namespace clprobe::cpu_libraries
