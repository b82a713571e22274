// What the results of the processor's libraries are held against.

#include "cpu_libraries/reference.hpp"
#include "io/network.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace clprobe;
using namespace clprobe::cpu_libraries;
using Catch::Matchers::ContainsSubstring;

namespace {

Network network_of(const std::string &layers, const std::string &input = "[4, 5, 6]") {
    return read_network(R"({"network_version": "1.0.0", "name": "n", "title": "t", "source": "s",
                            "input": )" +
                            input + R"(, "layers": [)" + layers + "]}",
                        "file");
}

/// A layer on an input of ones with weights and biases of ones.
struct AllOnes {
    explicit AllOnes(const std::string &layer, const std::string &input = "[4, 5, 6]")
        : network(network_of(layer, input)), sized(sized_layers(network).front()),
          operands(random_operands(network, 1)) {
        std::ranges::fill(operands.input.values, 1.0f);
        std::ranges::fill(operands.layers.front().weights, 1.0f);
        std::ranges::fill(operands.layers.front().biases, 1.0f);
    }
    /// What is wrong with an output that has this value everywhere, but at the corners that one.
    [[nodiscard]] std::string wrong(float inside, float corner) const {
        Tensor output{sized.output, {}};
        const TensorShape &shape = output.shape;
        for (std::uint64_t channel = 0; channel < shape.channels; ++channel)
            for (std::uint64_t row = 0; row < shape.rows; ++row)
                for (std::uint64_t column = 0; column < shape.columns; ++column) {
                    const bool at_edge = (row == 0 || row + 1 == shape.rows) &&
                                         (column == 0 || column + 1 == shape.columns);
                    output.values.push_back(at_edge ? corner : inside);
                }
        std::vector<const Tensor *> inputs(std::max<std::size_t>(sized.layer.inputs.size(), 1),
                                           &operands.input);
        return wrong_output(sized, operands.layers.front(), inputs, output, 1, 7);
    }

    Network network;
    SizedLayer sized;
    Operands operands;
};

} // namespace

TEST_CASE("unit.cpu_reference knows each operator") {
    const AllOnes convolution(
        R"({"name": "a", "operator": "convolution", "channels": 3, "kernel": 3})");
    CHECK(convolution.wrong(37, 37).empty());
    CHECK_THAT(convolution.wrong(37, 36), ContainsSubstring("layer a: channel 0, row 0, column 0"));
    CHECK_FALSE(convolution.wrong(36.9f, 37).empty());
    const AllOnes strided(R"({"name": "a", "operator": "convolution", "channels": 3, "kernel": 1,
                              "stride": 2, "groups": 1, "activation": "relu6"})");
    CHECK(strided.wrong(5, 5).empty());
    const AllOnes depthwise(R"({"name": "a", "operator": "depthwise_convolution", "kernel": 3,
                                "activation": "relu6"})");
    CHECK(depthwise.wrong(6, 6).empty());
    const AllOnes grouped(
        R"({"name": "a", "operator": "convolution", "channels": 2, "kernel": 1, "groups": 2})");
    CHECK(grouped.wrong(3, 3).empty());
    const AllOnes dense(R"({"name": "a", "operator": "dense", "channels": 7})", "[4, 5]");
    CHECK(dense.wrong(5, 5).empty());
    const AllOnes pool(R"({"name": "a", "operator": "average_pool"})");
    CHECK(pool.wrong(1, 1).empty());
    CHECK_FALSE(pool.wrong(0.99f, 0.99f).empty());
    const AllOnes sum(
        R"({"name": "a", "operator": "add", "inputs": ["input", "input"], "activation": "hard_swish"})");
    CHECK(sum.wrong(5.0f / 3, 5.0f / 3).empty());
}

TEST_CASE("unit.cpu_reference knows attention and norms") {
    for (const char *causal : {"false", "true"}) {
        // Equal keys weigh the same, and their values are ones.
        const AllOnes attention(R"({"name": "a", "operator": "attention", "heads": 2, "causal": )" +
                                    std::string(causal) + "}",
                                "[12, 5]");
        CHECK(attention.wrong(1, 1).empty());
        CHECK_FALSE(attention.wrong(1, 0.999f).empty());
    }
    // No channel differs from the mean: what is left are the biases.
    const AllOnes norm(R"({"name": "a", "operator": "layer_norm"})", "[6, 5]");
    CHECK(norm.wrong(1, 1).empty());
    CHECK_FALSE(norm.wrong(1, 1.1f).empty());
}

TEST_CASE("unit.cpu_reference weighs the keys that a query sees") {
    // One head of one channel, three tokens: queries 1, keys 0, 1 and 2, values 1, 2 and 4.
    const Network network = network_of(
        R"({"name": "a", "operator": "attention", "heads": 1, "causal": true})", "[3, 3]");
    const SizedLayer sized = sized_layers(network).front();
    const Tensor input{network.input, {1, 1, 1, 0, 1, 2, 1, 2, 4}};
    const float e = std::exp(1.0f);
    Tensor output{sized.output,
                  {1, (1 + 2 * e) / (1 + e), (1 + 2 * e + 4 * e * e) / (1 + e + e * e)}};
    CHECK(wrong_output(sized, {}, {&input}, output, 1, 7).empty());
    output.values[1] = (1 + 2 * e + 4 * e * e) / (1 + e + e * e); // as if it saw the last one
    CHECK_THAT(wrong_output(sized, {}, {&input}, output, 1, 7), ContainsSubstring("row 1"));
}

TEST_CASE("unit.cpu_reference scales scores, and keeps heads apart") {
    // Two heads of four channels and two tokens: queries 1, the first token's keys 0, the second's
    // 1 in the first head and 2 in the other, so that scores are 0 and 2, or 0 and 4.
    const Network network =
        network_of(R"({"name": "a", "operator": "attention", "heads": 2})", "[24, 2]");
    const SizedLayer sized = sized_layers(network).front();
    Tensor input{network.input, {}};
    for (std::size_t channel = 0; channel < 24; ++channel) {
        const float of_head = channel / 4 % 2 == 0 ? 1.0f : 2.0f;
        const bool query = channel < 8;
        const bool key = !query && channel < 16;
        input.values.push_back(query ? 1.0f : key ? 0.0f : 1.0f);
        input.values.push_back(query ? 1.0f : key ? of_head : 3.0f);
    }
    const auto weighed = [](float score) {
        return (1 + 3 * std::exp(score)) / (1 + std::exp(score));
    };
    Tensor output{sized.output, {}};
    for (std::size_t channel = 0; channel < 8; ++channel)
        output.values.insert(output.values.end(), 2, weighed(channel < 4 ? 2.0f : 4.0f));
    CHECK(wrong_output(sized, {}, {&input}, output, 1, 7).empty());
    output.values[8] = weighed(2.0f); // by the other head's keys
    CHECK_THAT(wrong_output(sized, {}, {&input}, output, 1, 7), ContainsSubstring("channel 4"));
    output.values.assign(16, weighed(8.0f)); // as if nothing scaled them
    CHECK_FALSE(wrong_output(sized, {}, {&input}, output, 1, 7).empty());
}

TEST_CASE(
    "unit.cpu_reference takes the mean off, divides by the deviation, and multiplies by the gain") {
    const Network network = network_of(R"({"name": "a", "operator": "layer_norm"})", "[2, 3]");
    const SizedLayer sized = sized_layers(network).front();
    const Tensor input{network.input, {5, 5, 5, 3, 3, 3}};
    const Weights weights{{2, 4}, {1, 7}};
    CHECK(
        wrong_output(sized, weights, {&input}, {sized.output, {3, 3, 3, 3, 3, 3}}, 200, 7).empty());
    CHECK_FALSE(
        wrong_output(sized, weights, {&input}, {sized.output, {2, 2, 2, 3, 3, 3}}, 200, 7).empty());
    CHECK_FALSE(
        wrong_output(sized, weights, {&input}, {sized.output, {3, 3, 3, 6, 6, 6}}, 200, 7).empty());
}

TEST_CASE("unit.cpu_reference leaves the padding out") {
    const AllOnes convolution(
        R"({"name": "a", "operator": "convolution", "channels": 1, "kernel": 3, "padding": 1})",
        "[2, 2, 2]");
    CHECK(convolution.wrong(0, 9).empty()); // four of nine taps of two channels, and the bias
    CHECK_FALSE(convolution.wrong(0, 19).empty());
}

TEST_CASE("unit.cpu_reference refuses what is no number") {
    const AllOnes dense(R"({"name": "a", "operator": "dense", "channels": 7})", "[4, 5]");
    CHECK_FALSE(dense.wrong(std::numeric_limits<float>::quiet_NaN(), 5).empty());
}

TEST_CASE("unit.cpu_reference follows the network's edges") {
    const Network network = network_of(
        R"({"name": "a", "operator": "max_pool", "kernel": 1}, {"name": "b", "operator": "max_pool", "kernel": 1},
           {"name": "c", "operator": "add", "inputs": ["a", "input", "b"]})");
    CHECK(sources_of(network, 0) == std::vector{from_input});
    CHECK(sources_of(network, 1) == std::vector<std::size_t>{0});
    CHECK(sources_of(network, 2) == std::vector<std::size_t>{0, from_input, 1});
}
