// The networks that come with clprobe against what is published of them.

#include <clprobe/network.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <string>
#include <vector>

using namespace clprobe;

namespace {

const Network &network_of(const std::string &name) {
    const auto found = std::ranges::find(known_networks(), name, &Network::name);
    REQUIRE(found != known_networks().end());
    return *found;
}

std::vector<SizedLayer> layers_of(const std::string &name) {
    return sized_layers(network_of(name));
}

std::vector<SizedLayer> with(std::initializer_list<Operator> operators,
                             const std::vector<SizedLayer> &layers) {
    std::vector<SizedLayer> chosen;
    for (const SizedLayer &layer : layers)
        if (std::ranges::find(operators, layer.layer.op) != operators.end())
            chosen.push_back(layer);
    return chosen;
}

std::vector<SizedLayer> convolutions_of(const std::vector<SizedLayer> &layers) {
    return with({Operator::convolution, Operator::depthwise_convolution}, layers);
}

/// What a training form has besides: a batch norm behind each convolution has a scale and a shift
/// a channel; deployed, the scale is in the weights, and the shift is the convolution's bias.
std::uint64_t scales_of_batch_norms(const std::vector<SizedLayer> &layers) {
    std::uint64_t scales = 0;
    for (const SizedLayer &layer : convolutions_of(layers))
        scales += layer.output.channels;
    return scales;
}

/// What the column `infer_macts` of timm counts, in millions: the outputs of convolutions and dense
/// layers.
double activations_of(const std::vector<SizedLayer> &layers) {
    const Work work = total_of(
        with({Operator::convolution, Operator::depthwise_convolution, Operator::dense}, layers));
    return static_cast<double>(work.outputs) / 1e6;
}

double millions_of_multiply_adds(const std::vector<SizedLayer> &layers) {
    return static_cast<double>(total_of(layers).multiply_adds) / 1e6;
}

} // namespace

// Ding et al., arXiv:2101.03697: RepVGG-A2 has 25.49 M parameters and 5.1 G multiply-adds (table
// 4).
TEST_CASE("unit.network.RepVGG-A2 is the write-up's") {
    const auto layers = layers_of("repvgg-a2");
    const auto convolutions = convolutions_of(layers);
    const Work work = total_of(convolutions);
    CHECK(convolutions.size() == 22);
    CHECK(total_of(layers).parameters() == 25'499'944);
    CHECK(work.multiply_adds == 5'115'543'552);
    CHECK(total_of(layers).multiply_adds == 5'116'951'552);
    CHECK(work.weights * size_of(ElementType::fp16) / 1024 == 47'037);
    CHECK(work.inputs * size_of(ElementType::fp16) == 6'272 * 1024);
    std::size_t of_384 = 0;
    for (const SizedLayer &layer : layers)
        of_384 += layer.input == TensorShape{384, 14, 14} && layer.output == layer.input ? 1U : 0U;
    CHECK(of_384 == 13);
}

// Howard et al., arXiv:1704.04861, tables 4 and 8: 569 million mult-adds, 4.2 million parameters.
TEST_CASE("unit.network.MobileNetV1 is the paper's") {
    const auto layers = layers_of("mobilenet-v1");
    CHECK(millions_of_multiply_adds(layers) == Catch::Approx(569).margin(0.5));
    const std::uint64_t trained = total_of(layers).parameters() + scales_of_batch_norms(layers);
    CHECK(static_cast<double>(trained) / 1e6 == Catch::Approx(4.2).margin(0.05));
    // Table 2: 94.86 % of the mult-adds and 74.59 % of the parameters are in 1x1 convolutions.
    std::vector<SizedLayer> pointwise;
    for (const SizedLayer &layer : layers)
        if (layer.layer.op == Operator::convolution && layer.layer.kernel == 1)
            pointwise.push_back(layer);
    CHECK(millions_of_multiply_adds(pointwise) / millions_of_multiply_adds(layers) ==
          Catch::Approx(0.9486).margin(0.001));
    CHECK(static_cast<double>(total_of(pointwise).weights) / static_cast<double>(trained) ==
          Catch::Approx(0.7459).margin(0.005));
    CHECK(layers.at(layers.size() - 3).output == TensorShape{1024, 7, 7}); // table 1
}

// Sandler et al., arXiv:1801.04381, table 4: 3.4 M parameters, 300 M multiply-adds. torchvision's
// mobilenet_v2 has 3 504 872 parameters, timm's mobilenetv2_100 6.68 M activations
// (results/benchmark-infer-amp-nhwc-pt210-cu121-rtx3090.csv of pytorch-image-models).
TEST_CASE("unit.network.MobileNetV2 is the paper's") {
    const auto layers = layers_of("mobilenet-v2");
    CHECK(millions_of_multiply_adds(layers) == Catch::Approx(300).margin(1));
    CHECK(total_of(layers).parameters() + scales_of_batch_norms(layers) == 3'504'872);
    CHECK(activations_of(layers) == Catch::Approx(6.68).margin(0.005));
    CHECK(with({Operator::add}, layers).size() == 10);
}

// He et al., arXiv:1512.03385, table 1: 1.8 G multiply-adds. torchvision's resnet18 has 11 689 512
// parameters, 1.814 G multiply-adds; timm's 2.48 M activations.
TEST_CASE("unit.network.ResNet-18 is torchvision's") {
    const auto layers = layers_of("resnet-18");
    CHECK(total_of(layers).parameters() + scales_of_batch_norms(layers) == 11'689'512);
    CHECK(total_of(layers).parameters() == 11'684'712);
    CHECK(millions_of_multiply_adds(layers) == Catch::Approx(1814).margin(0.5));
    CHECK(activations_of(layers) == Catch::Approx(2.48).margin(0.005));
    CHECK(with({Operator::add}, layers).size() == 8);
}

// Howard et al., arXiv:1704.04861, table 13: SSD 300 with MobileNet has 1.2 billion mult-adds and
// 6.8 million parameters, the box predictors included: 1x1 convolutions on each feature map, with
// 3 anchors a place on the first and 6 on the others, 4 coordinates and 91 classes an anchor.
TEST_CASE("unit.network.SSD-MobileNet's backbone is the paper's, once it has box predictors") {
    Network network = network_of("ssd-mobilenet-backbone");
    const std::vector<std::string> maps = network.outputs;
    const auto backbone = sized_layers(network);
    std::vector<std::uint64_t> sides;
    for (const SizedLayer &layer : backbone)
        if (std::ranges::find(maps, layer.layer.name) != maps.end())
            sides.push_back(layer.output.rows);
    CHECK(sides == std::vector<std::uint64_t>{19, 10, 5, 3, 2, 1});
    for (const std::string &map : maps) {
        Layer boxes;
        boxes.name = "boxes of " + map;
        boxes.inputs = {map};
        boxes.channels = (&map == &maps.front() ? 3 : 6) * (4 + 91);
        boxes.kernel = 1;
        network.layers.push_back(boxes);
        network.outputs.push_back(boxes.name);
    }
    const auto whole = sized_layers(network);
    CHECK(millions_of_multiply_adds(whole) / 1000 == Catch::Approx(1.2).margin(0.05));
    CHECK(static_cast<double>(total_of(whole).parameters()) / 1e6 ==
          Catch::Approx(6.8).margin(0.05));
}

// timm's vit_small_patch16_224 has 22 050 664 parameters, 4.25 G multiply-adds without those of
// the attention, and 8.25 M activations. Besides twelve blocks it has patches of 16 x 16 x 3, the
// class token, positions, a last norm and a classifier.
TEST_CASE("unit.network.twelve blocks of ViT-S make the model") {
    const auto layers = layers_of("vit-s-block");
    const std::uint64_t patches = 3 * 16 * 16 * 384 + 384;
    const std::uint64_t classifier = 384 * 1000 + 1000;
    CHECK(12 * total_of(layers).parameters() + patches + 384 + 197 * 384 + 2 * 384 + classifier ==
          22'050'664);
    const auto dense = with({Operator::dense}, layers);
    CHECK((12 * millions_of_multiply_adds(dense) + 196 * 3 * 16 * 16 * 384 / 1e6 + 0.384) / 1000 ==
          Catch::Approx(4.25).margin(0.01));
    CHECK(12 * activations_of(layers) + (196 * 384 + 1000) / 1e6 ==
          Catch::Approx(8.25).margin(0.005));
    const auto attention = with({Operator::attention}, layers);
    CHECK(total_of(attention).multiply_adds == 2 * 197 * 197 * 384);
}

// Radford et al. 2019; the smallest model as released has 124 439 808 parameters. Here the table of
// 1024 positions is left out, and that of the tokens counts once, as the head.
// Kaplan et al., arXiv:2001.08361, table 1: 12 x layers x width^2 multiply-adds a token without the
// head, and layers x tokens x width in the attention of a whole context.
TEST_CASE("unit.network.GPT-2's prefill and token are the published model's") {
    for (const char *name : {"gpt2-prefill", "gpt2-token"})
        CHECK(total_of(layers_of(name)).parameters() == 124'439'808 - 1024 * 768);
    const auto multiply_adds = [](const char *name, Operator op) {
        return total_of(with({op}, layers_of(name))).multiply_adds;
    };
    const std::uint64_t head = 768 * 50257;
    CHECK(multiply_adds("gpt2-token", Operator::dense) == 12 * 12 * 768 * 768 + head);
    CHECK(multiply_adds("gpt2-prefill", Operator::dense) ==
          512 * multiply_adds("gpt2-token", Operator::dense));
    // Pairs of a token and one that it attends to: itself and those before it.
    CHECK(multiply_adds("gpt2-prefill", Operator::attention) ==
          std::uint64_t{12} * 768 * 512 * 513);
    CHECK(multiply_adds("gpt2-token", Operator::attention) == 12 * 2 * 768 * 512);
    CHECK(total_of(layers_of("gpt2-token")).cached == 12 * 2 * 768 * 511);
}

TEST_CASE("unit.network.a batch repeats the activations, not the weights") {
    const Network &network = network_of("resnet-18");
    const Work one = total_of(sized_layers(network));
    const Work eight = total_of(sized_layers(network, 8));
    CHECK(eight.parameters() == one.parameters());
    CHECK(eight.multiply_adds == 8 * one.multiply_adds);
    CHECK(eight.inputs == 8 * one.inputs);
    CHECK(eight.outputs == 8 * one.outputs);
}

TEST_CASE("unit.network.activations live until the last layer that takes them") {
    const auto live = [](const std::string &name, std::uint64_t batch = 1) {
        const Network &network = network_of(name);
        return live_activations(network, sized_layers(network, batch), batch);
    };
    // A chain needs what the layer takes and what it makes: stage0 in, stage1.0 out.
    CHECK(live("repvgg-a2") == 64 * 112 * 112 + 96 * 56 * 56);
    // conv1 and what the pool makes of it.
    CHECK(live("resnet-18") == 64 * 112 * 112 + 64 * 56 * 56);
    CHECK(live("resnet-18", 4) == 4 * live("resnet-18"));
    // The block's first sum waits for the perceptron, of whose two layers the first is the wider.
    CHECK(live("vit-s-block") == 197 * (384 + 384 + 1536));
}
