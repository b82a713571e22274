// Files of networks, which anybody may have written.

#include "io/network.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

/// A file with these layers and further members.
std::string file_with(const std::string &layers, const std::string &input = "[3, 8, 8]",
                      const std::string &more = "") {
    return R"({"network_version": "1.0.0", "name": "n", "title": "t", "source": "s", "input": )" +
           input + more + R"(, "layers": [)" + layers + "]}";
}

const std::string convolution =
    R"({"name": "a", "operator": "convolution", "channels": 4, "kernel": 3})";

Network read_text(const std::string &text) {
    return read_network(text, "file.json");
}

void check_refused(const std::string &text, const std::string &message) {
    INFO(text.substr(0, 300));
    CHECK_THROWS_MATCHES(
        static_cast<void>(read_text(text)), InputError,
        MessageMatches(ContainsSubstring("'file.json': ") && ContainsSubstring(message)));
}

} // namespace

TEST_CASE("unit.network.every member of the sample is read") {
    const Network network = read_network(CLPROBE_NETWORK_SAMPLE);
    CHECK(network.input == TensorShape{6, 16, 16});
    REQUIRE(network.layers.size() == 8);
    const Layer &grouped = network.layers[0];
    CHECK(grouped.op == Operator::convolution);
    CHECK(grouped.inputs == std::vector<std::string>{"input"});
    CHECK(grouped.channels == 8);
    CHECK(grouped.kernel == 3);
    CHECK(grouped.stride == 2);
    CHECK(grouped.padding == 1);
    CHECK(grouped.groups == 2);
    CHECK_FALSE(grouped.bias);
    CHECK(grouped.activation == Activation::hard_swish);
    const auto attention = std::ranges::find(network.layers, Operator::attention, &Layer::op);
    REQUIRE(attention != network.layers.end());
    CHECK(attention->heads == 2);
    CHECK(attention->cached == 16);
    CHECK(attention->causal);
    CHECK(network.outputs.size() == 2);
}

TEST_CASE("unit.network.shapes are inferred from the layers before") {
    const auto layers = sized_layers(read_text(file_with(
        R"({"name": "a", "operator": "convolution", "channels": 4, "kernel": 3, "stride": 2,
            "padding": 1},
           {"name": "b", "operator": "depthwise_convolution", "kernel": 3},
           {"name": "c", "operator": "convolution", "channels": 4, "kernel": 1, "inputs": ["b"]},
           {"name": "d", "operator": "add", "inputs": ["b", "c"]},
           {"name": "e", "operator": "average_pool"},
           {"name": "f", "operator": "dense", "channels": 10, "bias": false})",
        "[3, 9, 7]")));
    REQUIRE(layers.size() == 6);
    CHECK(layers[0].output == TensorShape{4, 5, 4});
    CHECK(layers[0].work == Work{.multiply_adds = 4 * 3 * 9 * 20,
                                 .weights = 108,
                                 .biases = 4,
                                 .inputs = 189,
                                 .outputs = 80});
    CHECK(layers[1].output == TensorShape{4, 3, 2});
    CHECK(layers[1].work.weights == 36);
    CHECK(layers[1].work.multiply_adds == 36 * 6);
    CHECK(layers[3].work.inputs == 2 * 24);
    CHECK(layers[3].work.multiply_adds == 0);
    CHECK(layers[4].output == TensorShape{4, 1, 1});
    CHECK(layers[5].work.parameters() == 40);
}

TEST_CASE("unit.network.layers that do not fit are named with the way out") {
    check_refused(file_with(R"({"name": "a", "operator": "convolution", "channels": 4,
                                "kernel": 9})"),
                  "layer 'a': a kernel of 9 does not fit into a side of 8 with a padding of 0");
    check_refused(file_with(R"({"name": "a", "operator": "convolution", "channels": 4, "kernel": 1,
                                "groups": 2})"),
                  "layer 'a': 2 groups divide 3 and 4 channels with a rest");
    check_refused(file_with(convolution + R"(, {"name": "a", "operator": "layer_norm"})"),
                  "layer 'a': a second one of that name");
    check_refused(file_with(R"({"name": "input", "operator": "layer_norm"})"),
                  "layer 'input': a second one of that name");
    check_refused(file_with(R"({"name": "a", "operator": "add", "inputs": ["input", "b"]})"),
                  "layer 'a': no layer before it is called 'b'");
    check_refused(file_with(R"({"name": "a", "operator": "layer_norm", "inputs": ["a"]})"),
                  "no layer before it is called 'a'");
    check_refused(
        file_with(convolution + R"(, {"name": "b", "operator": "add", "inputs": ["a", "input"]})"),
        "layer 'b': it adds 3x8x8 to 4x6x6");
    check_refused(file_with(R"({"name": "a", "operator": "add", "inputs": ["input"]})"),
                  "layer 'a': it adds one input alone");
    check_refused(file_with(R"({"name": "a", "operator": "dense", "channels": 1,
                                "inputs": ["input", "input"]})"),
                  "layer 'a': it takes one input, and 2 are named");
    check_refused(file_with(R"({"name": "a", "operator": "attention", "heads": 2})"),
                  "layer 'a': 3 channels are no queries, keys and values of 2 heads");
    check_refused(file_with(convolution +
                            R"(, {"name": "b", "operator": "layer_norm", "inputs": ["input"]})"),
                  "layer 'a': no layer takes what it computes");
    check_refused(file_with(convolution, "[3, 8, 8]", R"(, "outputs": ["c"])"),
                  "no layer is called 'c', which the outputs name");
}

TEST_CASE("unit.network.sizes that no device has room for are refused") {
    check_refused(file_with(convolution, "[3, 0, 8]"), "number of rows is 0");
    check_refused(file_with(convolution, "[3, 18446744073709551615, 8]"),
                  "layer 'input': its number of rows is 18446744073709551615");
    check_refused(file_with(convolution, "[3, -1, 8]"), "/input/1: expected a whole number");
    check_refused(file_with(convolution, "[3, 1.5, 8]"), "/input/1: expected a whole number");
    check_refused(file_with(convolution, "[1048576, 1048576, 1048576]"), "more than 10^15");
    check_refused(file_with(R"({"name": "a", "operator": "dense", "channels": 1048577})"),
                  "number of channels is 1048577");
    check_refused(file_with(R"({"name": "a", "operator": "dense", "channels": 1048576})",
                            "[1048576, 1048576]"),
                  "layer 'a': more than 10^15");
    check_refused(file_with(R"({"name": "a", "operator": "convolution", "channels": 1, "kernel": 1,
                                "stride": 0})"),
                  "its stride is 0");
    check_refused(file_with(""), "a network of 0 layers");
    std::string many = convolution;
    for (int i = 0; i < 1000; ++i)
        many += R"(, {"name": ")" + std::to_string(i) + R"(", "operator": "layer_norm"})";
    check_refused(file_with(many), "a network of 1001 layers: expected 1 to 1000");
    CHECK_THROWS_AS(sized_layers(read_text(file_with(convolution)), 0), InputError);
    CHECK_THROWS_AS(sized_layers(read_text(file_with(convolution)), 1U << 21U), InputError);
}

TEST_CASE("unit.network.members are those of the operator") {
    check_refused(file_with(R"({"name": "a", "operator": "convolutoin"})"),
                  "/layers/0/operator: no operator is called \"convolutoin\" (did you mean "
                  "convolution?)");
    check_refused(file_with(R"({"name": "a", "operator": "dense", "channels": 4, "kernel": 3})"),
                  "/layers/0: no member is called \"kernel\"");
    check_refused(file_with(R"({"name": "a", "operator": "dense", "chanels": 4})"),
                  "did you mean channels?");
    check_refused(file_with(R"({"name": "a", "operator": "dense"})"),
                  "/layers/0: member 'channels' is missing");
    check_refused(file_with(R"({"name": "a", "operator": "dense", "channels": 4,
                                "activation": "relu7"})"),
                  "no activation is called \"relu7\" (did you mean relu?)");
    check_refused(file_with(R"({"name": "a", "operator": "max_pool", "stride": 2})"),
                  "/layers/0: a stride or a padding needs a kernel");
    check_refused(file_with(R"({"name": "a", "operator": "layer_norm", "inputs": []})"),
                  "/layers/0/inputs: expected the name of a layer");
}

TEST_CASE("unit.network.what is no such file is refused") {
    check_refused("", "not a JSON document");
    check_refused("[]", "expected an object");
    check_refused(R"({"schema_version": "1.1.0"})", "no network, as it lacks 'network_version'");
    check_refused(R"({"network_version": "2.0.0"})",
                  "it is 2.0.0, and this program reads version 1.0.0");
    check_refused(file_with(convolution, "[3]"), "/input: expected [channels, rows, columns]");
    check_refused(file_with(convolution, "[3, 8, 8]", R"(, "tittle": "")"), "did you mean title?");
    CHECK_THROWS_AS(read_network(std::filesystem::path("/no/such/file.json")), InputError);
}

TEST_CASE("unit.network.as text it holds nothing that a terminal or Markdown acts on") {
    Network network = read_text(file_with(convolution));
    network.title = "\x1b[31m| <b>";
    const NetworkTable table(network, ElementType::fp32, 1);
    CHECK_THAT(network_text(table, {}, {.utf8 = true}), ContainsSubstring("?[31m| <b>"));
    CHECK_THAT(network_markdown(table, {}), ContainsSubstring("?\\[31m\\| \\<b\\>"));
    const Json json = to_json(table, {});
    CHECK(json.at("total").at("parameters") == 112);
    CHECK(json.at("layers").at(0).at("output") == Json::array({4, 6, 6}));
    CHECK(json.at("devices").empty());
}
