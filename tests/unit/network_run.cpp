#include "interpreted.hpp"
#include "measure/session.hpp"
#include "workloads/network/network.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <map>

using namespace clprobe;
using namespace clprobe::probes::network;
using namespace clprobe::workloads;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

const Network &known(const std::string &name) {
    return *std::ranges::find(known_networks(), name, &Network::name);
}

std::uint32_t number_of(const std::string &name) {
    const auto &names = network_names();
    return static_cast<std::uint32_t>(std::ranges::find(names, name) - names.begin());
}

Facts facts_of(DeviceType type) {
    Facts facts;
    facts.device.emplace();
    facts.device->type = type;
    facts.device->native_float_width = 16;
    facts.device->local_memory_dedicated = type == DeviceType::gpu;
    facts.device->local_memory = 49152;
    facts.device->max_work_group_size = 1024;
    return facts;
}

void add_fact(Facts &facts, const char *key, double value) {
    facts.findings.push_back(measured({key, Unit::one, Better::none, ""}, value, {value, value}));
}

/// An H200 as far as predictions ask.
Facts wide_gpu() {
    Facts facts = facts_of(DeviceType::gpu);
    add_fact(facts, "fma.fp32.rate", 66e12);
    add_fact(facts, "local.own_memory", 1);
    add_fact(facts, "compute_units", 132);
    add_fact(facts, "local.bandwidth", 33e12);
    add_fact(facts, "buffer.l1.size", 224e3);
    add_fact(facts, "buffer.l1.read_bandwidth", 33e12);
    add_fact(facts, "buffer.l2.size", 30e6);
    add_fact(facts, "buffer.l2.read_bandwidth", 8e12);
    add_fact(facts, "buffer.l2.latency", 147e-9);
    add_fact(facts, "buffer.memory.read_bandwidth", 4.6e12);
    return facts;
}

std::optional<ConvolutionPlan> none_kept(const ConvolutionShape &,
                                         const std::vector<ConvolutionPlan> &) {
    return std::nullopt;
}

/// That plans were found, and all that take a tensor read it as it is written.
void check_chain(const std::vector<NetworkConvolution> &convolutions,
                 const std::optional<std::vector<ConvolutionPlan>> &plans) {
    REQUIRE(plans.has_value());
    REQUIRE(plans->size() == convolutions.size());
    std::map<std::size_t, ActivationLayout> layouts; // by tensor
    for (std::size_t i = 0; i < convolutions.size(); ++i) {
        const NetworkConvolution &each = convolutions[i];
        INFO(each.shape.name() << " by " << (*plans)[i].describe());
        const Convolution convolution(each.shape, (*plans)[i]);
        const auto input = layouts.try_emplace(each.input, convolution.input()).first->second;
        CHECK(input == convolution.input());
        CHECK(layouts.try_emplace(each.output, convolution.output()).second);
    }
}

std::vector<NetworkConvolution> convolutions_of(const std::string &name) {
    return convolutions_of(Graph({known(name)}));
}

/// Runs of RepVGG-A2 in a row, each of which takes so long, and as long where it is waited for.
Dataset synthetic_runs(double seconds) {
    const std::uint32_t network = number_of("repvgg-a2");
    Dataset data;
    data.number_attributes = {
        {"verified", 24}, {"launches.repvgg-a2", 30}, {"memory.repvgg-a2", 1e8}};
    data.number_attributes["swept"] = 1 << 26;
    const Axis time{"time", Unit::second, {}};
    data.add(series::first, axes<RunRow>(), time).point(coordinates(RunRow{network})) = {
        coordinates(RunRow{network}), {0.03}, {0}};
    for (int part = 0; part < 5; ++part) {
        const double off = 1 + 0.002 * (part - 2);
        for (const double runs : {10.0, 20.0}) {
            Point &point = data.add(series::network, axes<NetworkRow>(), time)
                               .point(coordinates(NetworkRow{network}, runs));
            point.samples.push_back(5e-5 + runs * seconds * off);
            point.block.push_back(part);
        }
        for (int run = 0; run < 10; ++run) {
            Point &point =
                data.add(series::run, axes<RunRow>(), time).point(coordinates(RunRow{network}));
            point.samples.push_back(seconds * off * (run == 9 ? 2 : 1) * (1 + 1e-3 * run));
            point.block.push_back(part);
        }
        for (int run = 0; run < 3; ++run) {
            Point &point =
                data.add(series::cold, axes<RunRow>(), time).point(coordinates(RunRow{network}));
            point.samples.push_back((seconds + 5e-4) * off);
            point.block.push_back(part);
        }
    }
    return data;
}

} // namespace

TEST_CASE("unit.network_run.all_networks_that_come_with_it_are_run") {
    for (const BatchedNetwork &network : numbered_networks())
        CHECK(without_kernel(network) == "");
    CHECK(numbered_networks().size() == measured_networks().size() + small_networks().size());
    CHECK(network_names().size() == numbered_networks().size() + 1); // of one that was asked for
}

TEST_CASE("unit.network_run.the_first_layer_without_a_kernel_is_named") {
    const auto refused = [](const std::string &name, std::size_t layer, const auto &change,
                            const std::string &why) {
        Network changed = known(name);
        change(changed.layers.at(layer));
        CHECK_THAT(without_kernel({changed}),
                   ContainsSubstring(changed.layers[layer].name + ", ") && ContainsSubstring(why));
    };
    refused(
        "repvgg-a2", 4, [](Layer &layer) { layer.activation = Activation::gelu; }, "gelu");
    refused(
        "repvgg-a2", 3, [](Layer &layer) { layer.padding = 0; }, "padding");
    refused(
        "repvgg-a2", 22, [](Layer &layer) { layer.kernel = 7; }, "average");
    refused(
        "resnet-18", 1, [](Layer &layer) { layer.activation = Activation::relu; }, "activation");
    refused(
        "resnet-18", 4, [](Layer &layer) { layer.inputs.push_back("maxpool"); }, "two");
    refused(
        "vit-s-block", 2, [](Layer &layer) { layer.heads = 48; }, "heads");
    refused(
        "vit-s-block", 2, [](Layer &layer) { layer.cached = 5; }, "behind others");
    refused(
        "vit-s-block", 4, [](Layer &layer) { layer.activation = Activation::relu; }, "dense layer");
    refused(
        "vit-s-block", 6, [](Layer &layer) { layer.activation = Activation::hard_swish; },
        "hard_swish");
    Network changed = known("repvgg-a2");
    changed.layers.erase(changed.layers.begin() + 22);
    CHECK_THAT(without_kernel({changed}), ContainsSubstring("tokens only"));
}

TEST_CASE("unit.network_run.token_layers_are_operators_with_plans") {
    const Graph block({known("vit-s-block")});
    const auto norm = norm_of(block, 0);
    REQUIRE(norm);
    CHECK(norm->name() == "layer_norm.197x384");
    CHECK_FALSE(norm_of(block, 1));
    const auto attention = attention_of(block, 2);
    REQUIRE(attention);
    CHECK(attention->name() == "6x197x64");
    CHECK_FALSE(attention_of(block, 1));
    // Of one token there is a kernel that reads what was cached.
    const Graph of_one({known("gpt2-token")});
    for (std::size_t layer = 0; layer < of_one.layers().size(); ++layer) {
        CHECK_FALSE(attention_of(of_one, layer));
        if (const auto of_token = norm_of(of_one, layer))
            CHECK(of_token->rows == 1);
    }
    // Several sequences are so many more rows to a norm.
    CHECK(norm_of(Graph({known("vit-s-block"), 4}), 0)->name() == "layer_norm.788x384");
}

TEST_CASE("unit.network_run.rows_of_tokens_are_known_when_kernels_are_built") {
    const probes::attention::AttentionShape shape{6, 197, 64};
    CHECK(
        probes::attention::Attention(shape, {}, true).build_options().ends_with("-DCHANNELS=384"));
    CHECK(probes::attention::Attention(shape, {}).build_options().find("CHANNELS") ==
          std::string::npos);
}

TEST_CASE("unit.network_run.each_image_has_the_halo_that_its_readers_need") {
    for (const BatchedNetwork &network : numbered_networks()) {
        INFO(network.name());
        const Graph graph(network);
        for (const NetworkConvolution &each : convolutions_of(graph)) {
            CHECK(each.shape.input_halo >= each.shape.kernel / 2);
            CHECK(each.shape.input_halo == graph.halo(each.input));
            CHECK(each.shape.output_halo == graph.halo(each.output));
            CHECK(each.shape.output_height() == graph.shape(each.output).rows);
        }
    }
    CHECK(convolutions_of("repvgg-a2").size() == 22);
    CHECK(convolutions_of("repvgg-a2").back().shape.output_halo == 0);
    CHECK(convolutions_of("resnet-18").size() == 20);
    CHECK(Graph({known("resnet-18")}, 1).halo(1) == 1); // which the pool needs none of
}

TEST_CASE("unit.network_run.a_batch_is_as_many_images_or_tokens") {
    const BatchedNetwork batched{known("repvgg-a2"), 32};
    CHECK(batched.name() == "repvgg-a2.b32");
    const Graph graph(batched);
    CHECK(graph.batch_shape(1) == TensorShape{64, 32 * 112, 112});
    for (const NetworkConvolution &each : convolutions_of(graph))
        CHECK(each.shape.images == 32);
    CHECK(product_of(graph, 23) == GemmShape{32, 1000, 1408});
    CHECK(number_of(batched) < numbered_networks().size());
    CHECK(number_of({known("repvgg-a2"), 31}) == numbered_networks().size());
    CHECK_THAT(without_kernel({known("vit-s-block"), 2}), ContainsSubstring("single sequence"));
    const auto shapes = distinct_convolutions(batched);
    CHECK(shapes.size() == 8);
    CHECK(shapes.front().name() == "3x3.3-64.112x112.s2.b32");
    CHECK(distinct_products(batched).size() == 1);
}

TEST_CASE("unit.network_run.an_addition_goes_with_the_dense_layer_before_it") {
    const Graph block({known("vit-s-block")});
    CHECK(block.is_fused(4));
    CHECK(block.result(3) == 5);
    CHECK(block.addend(3) == std::size_t{0}); // the network's input
    CHECK(block.addend(7) == std::size_t{5});
    CHECK_FALSE(block.is_fused(3));
    CHECK_FALSE(block.addend(1).has_value());
    const Graph images({known("resnet-18")});
    for (std::size_t layer = 0; layer < images.layers().size(); ++layer)
        CHECK_FALSE(images.is_fused(layer));
    // Where another one takes the dense layer's result, that has to be kept.
    Network changed = known("vit-s-block");
    changed.outputs = {"projection", "add2"};
    CHECK_FALSE(Graph({changed}).is_fused(4));
}

TEST_CASE("unit.network_run.plans_are_chained_on_every_kind_of_device") {
    const Facts cpu = facts_of(DeviceType::cpu);
    for (const BatchedNetwork &network : numbered_networks()) {
        INFO(network.name());
        const Graph graph(network);
        const auto convolutions = convolutions_of(graph);
        check_chain(convolutions, chained_plans(convolutions, none_kept, cpu));
        check_chain(convolutions,
                    chained_plans(convolutions, none_kept, facts_of(DeviceType::gpu)));
        const auto wide = chained_plans(convolutions, none_kept, wide_gpu());
        check_chain(convolutions, wide);
        if (network.name() == "repvgg-a2") // and the kernels of local memory with one another
            CHECK(std::ranges::count(*wide, KernelFamily::local_memory, &ConvolutionPlan::family) >
                  10);
        const auto layouts = layouts_of(graph, *wide);
        for (std::size_t tensor = 0; tensor < graph.tensors(); ++tensor)
            CHECK(layouts[tensor].has_value() == graph.is_image(tensor));
    }
}

TEST_CASE("unit.network_run.a_plan_that_was_kept_is_taken_where_it_fits") {
    const auto convolutions = convolutions_of("repvgg-a2");
    Facts facts = facts_of(DeviceType::cpu);
    add_fact(facts, "fma.fp32.rate", 3e11);
    const auto predicted = chained_plans(convolutions, none_kept, facts);
    const ConvolutionShape &kept_shape = convolutions[10].shape;
    const std::vector<ConvolutionPlan> all = convolution_plans(kept_shape, facts);
    const ConvolutionPlan &kept = all.back();
    REQUIRE(predicted.has_value());
    REQUIRE((*predicted)[10] != kept);
    const auto keep = [&](const ConvolutionShape &shape, const std::vector<ConvolutionPlan> &) {
        return shape.name() == kept_shape.name() ? std::optional(kept) : std::nullopt;
    };
    const auto plans = chained_plans(convolutions, keep, facts);
    check_chain(convolutions, plans);
    CHECK((*plans)[10] == kept);
    CHECK((*plans)[2] == (*predicted)[2]);
}

TEST_CASE("unit.network_run.plans_that_read_other_blocks_are_passed_over") {
    // The fastest of each by itself: one that writes blocks of 16, and one that reads blocks of 4.
    const std::vector<NetworkConvolution> chain{{0, 1, {16, 64, 14, 14}}, {1, 2, {64, 64, 14, 14}}};
    Facts facts = facts_of(DeviceType::cpu);
    ConvolutionPlan other = convolution_plans(chain[1].shape, facts).front();
    other.tile.step = 4;
    const auto keep = [&](const ConvolutionShape &shape, const std::vector<ConvolutionPlan> &) {
        return shape == chain[1].shape ? std::optional(other) : std::nullopt;
    };
    const auto plans = chained_plans(chain, keep, facts);
    check_chain(chain, plans);
    CHECK((*plans)[1] != other);
    // What another layer wrote is in any blocks, but in the same for all that read it.
    const std::vector<NetworkConvolution> alone{chain[1]};
    CHECK(chained_plans(alone, keep, facts)->front() == other);
    const std::vector<NetworkConvolution> both{chain[1], {1, 3, {64, 96, 14, 14}}};
    check_chain(both, chained_plans(both, keep, facts));
}

TEST_CASE("unit.network_run.what_a_run_adds_to_others_in_a_row_is_its_time") {
    Facts facts = facts_of(DeviceType::gpu);
    add_fact(facts, "fma.fp32.rate", 60e12);
    const auto findings = findings_of(synthetic_runs(4e-4), facts);
    const Finding &time = finding(findings, "network.repvgg_a2.time");
    CHECK(time.status == Status::measured);
    CHECK(*time.value == Approx(4e-4).epsilon(0.01));
    // 5116.95 M multiply-adds.
    CHECK(*finding(findings, "network.repvgg_a2.rate").value ==
          Approx(2 * 5116.95e6 / 4e-4).epsilon(0.01));
    CHECK(*finding(findings, "network.repvgg_a2.roof_share").value ==
          Approx(2 * 5116.95e6 / 4e-4 / 60e12).epsilon(0.01));
    CHECK(*finding(findings, "network.repvgg_a2.launches").value == 30);
    CHECK(*finding(findings, "network.repvgg_a2.memory").value == 1e8);
    CHECK(*finding(findings, "network.repvgg_a2.p50").value == Approx(4e-4).epsilon(0.02));
    CHECK(*finding(findings, "network.repvgg_a2.p90").value > 4.05e-4);
    CHECK(finding(findings, "network.mobilenet_v1.time").status == Status::inconclusive);
    CHECK(*finding(findings, "network.repvgg_a2.cold").value == Approx(9e-4).epsilon(0.02));
    CHECK(*finding(findings, "network.repvgg_a2.first").value == 0.03);
}

TEST_CASE("unit.network_run.a_time_without_verification_is_suspect") {
    Dataset data = synthetic_runs(4e-4);
    data.number_attributes.erase("verified");
    const auto findings = findings_of(data, facts_of(DeviceType::gpu));
    CHECK(finding(findings, "network.repvgg_a2.time").status == Status::suspect);
}

TEST_CASE("unit.network_run.each_layer_has_a_place_on_the_curve") {
    Dataset data;
    Series &layers = data.add(series::layer, axes<LayerRow>(), {"time", Unit::second, {}});
    const std::uint32_t network = number_of("repvgg-a2");
    for (std::uint32_t layer = 0; layer < 24; ++layer)
        for (const double rounds : {10.0, 20.0}) {
            Point &point = layers.point(coordinates(LayerRow{network, layer, {}}, rounds));
            point.samples = {rounds * 1e-5, rounds * 2e-5, rounds * 3e-5};
            point.block = {0, 1, 2};
        }
    const auto curves = curves_of(data);
    REQUIRE(curves.size() == 1);
    CHECK(curves.front().label == "repvgg-a2");
    REQUIRE(curves.front().points.size() == 24);
    CHECK(curves.front().points.back().x == 24);
    CHECK(curves.front().points.back().y == Approx(2e-5));
}

TEST_CASE("unit.network_run.a_network_takes_the_times_of_its_layers") {
    Facts facts = facts_of(DeviceType::cpu);
    const Graph graph({known("repvgg-a2")});
    const auto plans = chained_plans(convolutions_of(graph), none_kept, facts);
    REQUIRE(plans.has_value());
    const NetworkPlan plan{*plans, {}};
    CHECK_FALSE(predicted_seconds(graph, plan, facts).has_value());
    add_fact(facts, "fma.fp32.rate", 1e12);
    const auto computed = predicted_seconds(graph, plan, facts);
    REQUIRE(computed.has_value());
    CHECK(*computed >= 2 * 5115.5e6 / 1e12);
    add_fact(facts, "launch.back_to_back", 1e-3);
    add_fact(facts, "buffer.memory.read_bandwidth", 1e9);
    // The dense layer's weights and biases besides.
    CHECK(*predicted_seconds(graph, plan, facts) >= *computed + 24e-3 + 4 * 1409e3 / 1e9);
    CHECK_FALSE(predicted_seconds(graph, {{plans->front()}, {}}, facts).has_value());
    // The host's time for all launches, where that is longer than the device's.
    const double added = *predicted_seconds(graph, plan, facts);
    add_fact(facts, "launch.gap", 1e-4);
    CHECK(*predicted_seconds(graph, plan, facts) == Approx(24e-3));
    CHECK(added > 24e-3);
    facts.findings.back().value = 1e3;
    CHECK(*predicted_seconds(graph, plan, facts) >= 24e3);
    facts.findings.pop_back();
    // Products of several tokens have plans of their own.
    const Graph block({known("vit-s-block")});
    const GemmPlan product = gemm_plans(*product_of(block, 1), facts).front();
    CHECK_FALSE(predicted_seconds(block, {}, facts).has_value());
    CHECK(*predicted_seconds(block, {{}, {4, product}}, facts) >=
          2 * 197.0 * 384 * (1152 + 384 + 2 * 1536) / 1e12);
    CHECK_FALSE(product_of(graph, graph.layers().size() - 1).has_value()); // of one token
}

TEST_CASE("unit.network_run.a_report_with_other_networks_is_read_by_their_names") {
    const Facts facts = facts_of(DeviceType::gpu);
    Dataset data = synthetic_runs(4e-4);
    ProbeRecord record;
    record.data = data;
    const auto expected = interpret(builtin("workloads/network"), record, &*facts.device);
    // By a program that has fewer networks, in another order, and one that is not known here.
    for (Series &each : record.data.series) {
        each.axes[0].labels = {"unknown-net", "repvgg-a2", "small"};
        Point other;
        for (Point &point : each.points) {
            point.at[0] = 1;
            other = point;
        }
        other.at[0] = 0;
        each.points.push_back(other);
    }
    CHECK(interpret(builtin("workloads/network"), record, &*facts.device) == expected);
    CHECK(finding(expected, "network.repvgg_a2.time").status == Status::measured);
}

TEST_CASE("unit.network_run.groups_cover_all_results") {
    DeviceInfo device;
    device.type = DeviceType::gpu;
    for (const std::uint64_t most : {1u, 16u, 100u, 256u, 1024u}) {
        device.max_work_group_size = most;
        const HeadTile head = head_tile(device);
        const NdRange range = head.range(1000);
        CHECK(range.group_size() <= most);
        CHECK(range.work_items() >= std::size_t{1000} * head.lanes);
    }
}
