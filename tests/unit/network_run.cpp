#include "interpreted.hpp"
#include "workloads/network/network.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <set>

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
    add_fact(facts, "buffer.memory.read_bandwidth", 4.6e12);
    return facts;
}

std::optional<ConvolutionPlan> none_kept(const ConvolutionShape &,
                                         const std::vector<ConvolutionPlan> &) {
    return std::nullopt;
}

/// That the shapes' plans were found, and each layer reads what the one before writes.
void check_chain(const std::vector<ConvolutionShape> &shapes,
                 const std::optional<std::vector<ConvolutionPlan>> &plans) {
    REQUIRE(plans.has_value());
    REQUIRE(plans->size() == shapes.size());
    for (std::size_t i = 0; i + 1 < shapes.size(); ++i) {
        INFO(shapes[i].name() << " by " << (*plans)[i].describe() << ", then "
                              << shapes[i + 1].name() << " by " << (*plans)[i + 1].describe());
        CHECK(Convolution(shapes[i], (*plans)[i]).output() ==
              Convolution(shapes[i + 1], (*plans)[i + 1]).input());
    }
}

/// Runs of RepVGG-A2 in a row, each of which takes so long, and as long where it is waited for.
Dataset synthetic_runs(double seconds) {
    const std::uint32_t network = number_of("repvgg-a2");
    Dataset data;
    data.number_attributes = {
        {"verified", 24}, {"launches.repvgg-a2", 30}, {"memory.repvgg-a2", 1e8}};
    const Axis time{"time", Unit::second, {}};
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
    }
    return data;
}

} // namespace

TEST_CASE("unit.network_run.networks_whose_layers_all_have_kernels_are_run") {
    CHECK(without_kernel(known("repvgg-a2")).empty());
    CHECK(without_kernel(known("mobilenet-v1")).empty());
    CHECK(network_names() == std::vector<std::string>{"small", "mobilenet-v1", "repvgg-a2"});
}

TEST_CASE("unit.network_run.the_first_layer_without_a_kernel_is_named") {
    CHECK_THAT(without_kernel(known("resnet-18")), ContainsSubstring("maxpool, max_pool"));
    CHECK_THAT(without_kernel(known("mobilenet-v2")), ContainsSubstring("add3, add"));
    CHECK_THAT(without_kernel(known("vit-s-block")), ContainsSubstring("layer_norm"));
    Network changed = known("repvgg-a2");
    changed.layers[4].activation = Activation::gelu;
    CHECK_THAT(without_kernel(changed), ContainsSubstring("gelu"));
    changed = known("repvgg-a2");
    changed.layers[3].kernel = 5;
    CHECK_THAT(without_kernel(changed), ContainsSubstring("stage2.0"));
    changed = known("repvgg-a2");
    changed.layers.pop_back();
    CHECK_THAT(without_kernel(changed), ContainsSubstring("stage4.0"));
}

TEST_CASE("unit.network_run.each_convolution_has_the_halo_that_the_next_one_needs") {
    for (const Network &network : run_networks()) {
        const auto shapes = convolutions_of(network);
        INFO(network.name);
        for (std::size_t i = 0; i + 1 < shapes.size(); ++i) {
            CHECK(shapes[i].output_halo == shapes[i + 1].input_halo);
            CHECK(shapes[i].output_channels == shapes[i + 1].input_channels);
            CHECK(shapes[i].output_height() == shapes[i + 1].input_height);
        }
        CHECK(shapes.back().output_halo == 0);
    }
    CHECK(convolutions_of(known("repvgg-a2")).size() == 22);
}

TEST_CASE("unit.network_run.plans_are_chained_on_every_kind_of_device") {
    Facts cpu = facts_of(DeviceType::cpu);
    for (const Network &network : run_networks()) {
        INFO(network.name);
        const auto shapes = convolutions_of(network);
        check_chain(shapes, chained_plans(shapes, none_kept, cpu));
        check_chain(shapes, chained_plans(shapes, none_kept, facts_of(DeviceType::gpu)));
        const auto wide = chained_plans(shapes, none_kept, wide_gpu());
        check_chain(shapes, wide);
        if (network.name == "repvgg-a2") // and the kernels of local memory with one another
            CHECK(std::ranges::count(*wide, KernelFamily::local_memory, &ConvolutionPlan::family) >
                  10);
    }
}

TEST_CASE("unit.network_run.a_plan_that_was_kept_is_taken_where_it_fits") {
    const auto shapes = convolutions_of(known("repvgg-a2"));
    Facts facts = facts_of(DeviceType::cpu);
    add_fact(facts, "fma.fp32.rate", 3e11);
    const auto predicted = chained_plans(shapes, none_kept, facts);
    const ConvolutionShape &kept_shape = shapes[10];
    const std::vector<ConvolutionPlan> all = convolution_plans(kept_shape, facts);
    const ConvolutionPlan &kept = all.back();
    REQUIRE(predicted.has_value());
    REQUIRE((*predicted)[10] != kept);
    const auto keep = [&](const ConvolutionShape &shape, const std::vector<ConvolutionPlan> &) {
        return shape.name() == kept_shape.name() ? std::optional(kept) : std::nullopt;
    };
    const auto plans = chained_plans(shapes, keep, facts);
    check_chain(shapes, plans);
    CHECK((*plans)[10] == kept);
    CHECK((*plans)[2] == (*predicted)[2]);
}

TEST_CASE("unit.network_run.plans_that_read_other_blocks_are_passed_over") {
    // The fastest of each by itself: one that writes blocks of 16, and one that reads blocks of 4.
    const std::vector<ConvolutionShape> shapes{{16, 64, 14, 14}, {64, 64, 14, 14}};
    Facts facts = facts_of(DeviceType::cpu);
    ConvolutionPlan other = convolution_plans(shapes[1], facts).front();
    other.tile.step = 4;
    const auto keep = [&](const ConvolutionShape &shape, const std::vector<ConvolutionPlan> &) {
        return shape == shapes[1] ? std::optional(other) : std::nullopt;
    };
    const auto plans = chained_plans(shapes, keep, facts);
    check_chain(shapes, plans);
    CHECK((*plans)[1] != other);
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
    CHECK(finding(findings, "network.resnet_18.time").status == Status::unsupported);
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
    const Network &network = known("repvgg-a2");
    const auto shapes = convolutions_of(network);
    const auto plans = chained_plans(shapes, none_kept, facts);
    REQUIRE(plans.has_value());
    CHECK_FALSE(predicted_seconds(network, *plans, facts).has_value());
    add_fact(facts, "fma.fp32.rate", 1e12);
    const auto computed = predicted_seconds(network, *plans, facts);
    REQUIRE(computed.has_value());
    CHECK(*computed >= 2 * 5115.5e6 / 1e12);
    add_fact(facts, "launch.back_to_back", 1e-3);
    add_fact(facts, "buffer.memory.read_bandwidth", 1e9);
    // The dense layer's weights and biases besides.
    CHECK(*predicted_seconds(network, *plans, facts) >= *computed + 24e-3 + 4 * 1409e3 / 1e9);
    CHECK_FALSE(predicted_seconds(network, {plans->front()}, facts).has_value());
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
