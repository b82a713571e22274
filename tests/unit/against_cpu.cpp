// Devices beside the processor's libraries: what tables make of times that are made up, and what is
// read from the data of `workloads/*`.

#include "analysis/against_cpu.hpp"
#include "io/against_cpu.hpp"
#include "io/network.hpp"
#include "model/termination.hpp"

#include <clprobe/row.hpp>
#include <clprobe/workloads_convolution.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace clprobe;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::Equals;

namespace {

const Network &known(const std::string &name) {
    return *std::ranges::find(known_networks(), name, &Network::name);
}

Finding found_as(const std::string &key, Unit unit, double value) {
    return measured({key, unit, Better::higher, {}}, value, {0.9 * value, 1.1 * value});
}

/// 1 Tflop/s, memory of 100 GB/s, 10 us a launch.
TimedSide device_taking(const Network &network, double seconds) {
    DeviceRecord record;
    record.device.slug = "gpu0-made-up";
    record.probes.emplace_back().findings = {
        found_as("fma.fp32.rate", Unit::flop_per_second, 1e12),
        found_as("buffer.memory.read_bandwidth", Unit::byte_per_second, 1e11),
        found_as("buffer.memory.write_bandwidth", Unit::byte_per_second, 1e11),
        found_as("transfer.write.pageable", Unit::byte_per_second, 1e9),
        found_as("transfer.write.pageable.fixed", Unit::second, 1e-5),
        found_as("transfer.read.pageable", Unit::byte_per_second, 1e9),
        found_as("transfer.read.pageable.fixed", Unit::second, 2e-5),
        found_as("launch.back_to_back", Unit::second, 1e-5)};
    return {"gpu0", "made up", 1e12, record, {{network.name, {{seconds}, "", ""}}}};
}

TimedSide library_taking(const Network &network, double seconds, double roof = 1e11) {
    return {"oneDNN", "oneDNN 2.6.3", roof, {}, {{network.name, {{seconds}, "22 jit:avx2", ""}}}};
}

/// A record whose only series has these points, with samples of one value each.
struct RecordedPoint {
    std::vector<double> at;
    std::vector<double> samples;
};
DeviceRecord record_of(const std::string &probe, Series series,
                       const std::vector<RecordedPoint> &points) {
    DeviceRecord record;
    ProbeRecord &made = record.probes.emplace_back();
    made.probe = probe;
    for (const RecordedPoint &point : points) {
        Point &added = series.point(point.at);
        added.samples = point.samples;
        added.block.assign(point.samples.size(), 0);
    }
    made.data.series.push_back(std::move(series));
    return record;
}

Series series_over(const std::string &name, std::vector<Axis> axes) {
    Series series;
    series.name = name;
    series.axes = std::move(axes);
    return series;
}

} // namespace

TEST_CASE("unit.against_cpu shows quantiles, rates and shares of the own roof") {
    const Network &network = known("repvgg-a2");
    TimedSide device = device_taking(network, 0);
    device.times[network.name].seconds = {0.01, 0.02, 0.03, 0.04, 0.05};
    const auto figures = figures_of(network, device);
    REQUIRE(figures);
    CHECK(figures->p50 == 0.03);
    CHECK(figures->p90 == Approx(0.046));
    CHECK(figures->rate == Approx(2 * 5116.95e6 / 0.03).epsilon(1e-4));
    CHECK(*figures->share == Approx(figures->rate / 1e12));
    CHECK_FALSE(figures_of(known("resnet-18"), device));
}

TEST_CASE("unit.against_cpu says why a device takes longer") {
    const Network &network = known("repvgg-a2");
    const TimedSide library = library_taking(network, 0.15); // 68 % of its roof
    CHECK(why_slower(network, device_taking(network, 0.1), library).empty());
    // At 5 % of its roof.
    CHECK_THAT(why_slower(network, device_taking(network, 0.2), library),
               Equals("its kernels reach 5 % of its rate, the library 68 % of its own"));
    // 24 launches of 10 us.
    CHECK_THAT(why_slower(network, device_taking(network, 4e-4), library_taking(network, 3e-4)),
               ContainsSubstring("24 launches of 10 us are 60 % of it"));
    // 10 ms of arithmetic at 1 Tflop/s.
    CHECK_THAT(
        why_slower(network, device_taking(network, 0.012), library_taking(network, 0.009, 2e12)),
        ContainsSubstring("its compute alone takes 10.2 ms") &&
            ContainsSubstring("its rate of multiply-adds is 0.5 of the processors'"));
    TimedSide winograd = library;
    winograd.times[network.name].implementation = "17 jit_wino:avx512_core";
    CHECK_THAT(why_slower(network, device_taking(network, 0.2), winograd),
               ContainsSubstring("by Winograd's algorithm"));
}

TEST_CASE("unit.against_cpu says what half precision would change") {
    const Network &network = known("repvgg-a2");
    const TimedSide library = library_taking(network, 0.15);
    TimedSide device = device_taking(network, 0.2);
    std::vector<Finding> &findings = device.device->probes.front().findings;
    const FindingKey half{"fma.fp16.rate", Unit::flop_per_second, Better::higher, {}};
    findings.push_back(without_value(half, Status::unsupported, "no half precision"));
    CHECK_THAT(why_slower(network, device, library),
               ContainsSubstring("it has no half precision to gain by"));
    findings.back() = measured(half, 1.9e12, {1.8e12, 2e12});
    CHECK_THAT(why_slower(network, device, library),
               ContainsSubstring("its rate is 1.9 times as high"));
}

TEST_CASE("unit.against_cpu counts transfers by what was measured of them") {
    const Network &network = known("repvgg-a2");
    const TimedSide device = device_taking(network, 0.2);
    // 150528 numbers there and 1000 back, at 1 GB/s.
    CHECK(*transfer_seconds(network, *device.device) == Approx(3e-5 + 4e-9 * 151528));
    CHECK_FALSE(transfer_seconds(network, {}));
}

TEST_CASE("unit.against_cpu takes the library with the least time") {
    const Network &network = known("repvgg-a2");
    AgainstCpu table{
        {network},
        {device_taking(network, 0.01), library_taking(network, 0.3), library_taking(network, 0.2)},
        3};
    CHECK(fastest_library(table, network) == &table.sides[2]);
    CHECK(fastest_library(table, known("resnet-18")) == nullptr);
}

TEST_CASE("unit.against_cpu reads convolutions from a report, those with most calls in a row") {
    using workloads::ConvolutionShape;
    Series series = series_over("call", axes<ConvolutionShape>());
    series.axes.push_back({"calls", Unit::one, {}});
    const ConvolutionShape shape{16, 32, 14, 14, 3, 2};
    const auto at = [&](double calls) {
        std::vector<double> coordinates_of = coordinates(shape);
        coordinates_of.push_back(calls);
        return coordinates_of;
    };
    const DeviceRecord record =
        record_of("workloads/convolution", series, {{at(2), {9, 9}}, {at(4), {0.4, 0.8}}});
    const std::vector<Network> networks = computations_of(record);
    REQUIRE(networks.size() == 1);
    CHECK(networks.front().name == "conv 3x3/2 16->32x7x7");
    CHECK(total_of(sized_layers(networks.front())).flop() == shape.flops());
    CHECK(networks.front().layers.front().activation == Activation::relu);
    TimedSide side;
    add_times(side, networks, nullptr, record);
    add_times(side, networks, nullptr, record); // another round
    CHECK(side.of(networks.front()).seconds == std::vector{0.1, 0.2, 0.1, 0.2});
}

TEST_CASE("unit.against_cpu adds up the stages of a product of matrices") {
    const Series series = series_over("call", {{"m", Unit::one, {}},
                                               {"n", Unit::one, {}},
                                               {"k", Unit::one, {}},
                                               {"stage", Unit::one, {"pack_left", "gemm"}}});
    const DeviceRecord record = record_of("workloads/gemm", series,
                                          {{{64, 32, 16, 0}, {1, 2}}, {{64, 32, 16, 1}, {10, 20}}});
    const std::vector<Network> networks = computations_of(record);
    REQUIRE(networks.size() == 1);
    CHECK(networks.front().name == "gemm 64x32x16");
    CHECK(total_of(sized_layers(networks.front())).multiply_adds == 64 * 32 * 16);
    TimedSide side;
    add_times(side, networks, nullptr, record);
    CHECK(side.of(networks.front()).seconds == std::vector<double>{11, 22});
}

TEST_CASE("unit.against_cpu reads attention and layer norms from a report") {
    const Axis causal{"causal", Unit::one, {"no", "yes"}};
    DeviceRecord record = record_of("workloads/attention",
                                    series_over("call", {{"heads", Unit::one, {}},
                                                         {"length", Unit::one, {}},
                                                         {"width", Unit::one, {}},
                                                         causal,
                                                         {"calls", Unit::one, {}}}),
                                    {{{8, 1024, 64, 1, 2}, {0.4}}, {{6, 197, 64, 0, 4}, {0.4}}});
    record.probes.push_back(
        record_of("workloads/softmax_norm",
                  series_over("call", {{"operator", Unit::one, {"softmax", "layer_norm"}},
                                       {"rows", Unit::one, {}},
                                       {"length", Unit::one, {}},
                                       {"calls", Unit::one, {}}}),
                  {{{0, 64, 40, 2}, {0.2}}, {{1, 197, 384, 2}, {0.6}}})
            .probes.front());
    const std::vector<Network> networks = computations_of(record);
    REQUIRE(networks.size() == 3); // a softmax is no layer
    CHECK(networks[0].name == "attention 8x1024x64.causal");
    CHECK(total_of(sized_layers(networks[0])).multiply_adds == 8 * 64 * 1024 * 1025);
    CHECK(networks[1].name == "attention 6x197x64");
    CHECK(networks[2].name == "layer norm 384x197");
    TimedSide side;
    add_times(side, networks, nullptr, record);
    CHECK(side.of(networks[0]).seconds == std::vector{0.2});
    CHECK(side.of(networks[1]).seconds == std::vector{0.1});
    CHECK(side.of(networks[2]).seconds == std::vector{0.3});
}

TEST_CASE("unit.against_cpu reads dense layers of tokens from a report") {
    const Network &network = known("vit-s-block");
    const std::vector<SizedLayer> sized = sized_layers(network);
    const auto dense = std::ranges::find(sized, Operator::dense,
                                         [](const SizedLayer &each) { return each.layer.op; });
    REQUIRE(dense != sized.end());
    const DeviceRecord record =
        record_of("workloads/network",
                  series_over("product", {{"network", Unit::one, {network.name}},
                                          {"layer", Unit::one, {}},
                                          {"rounds", Unit::one, {}}}),
                  {{{0, static_cast<double>(dense - sized.begin()), 8}, {0.8}}});
    const std::vector<Network> layers = single_layers(network);
    TimedSide side;
    add_times(side, layers, &network, record);
    const auto timed = std::ranges::count_if(
        layers, [&](const Network &layer) { return side.of(layer).seconds == std::vector{0.1}; });
    CHECK(timed == 1);
}

TEST_CASE("unit.against_cpu tells attentions by their heads and masks") {
    Network network = known("vit-s-block");
    Layer attention = *std::ranges::find(network.layers, Operator::attention, &Layer::op);
    attention.inputs.clear();
    network.input = {1152, 197, 1};
    network.layers.clear();
    for (const bool causal : {false, true})
        for (const std::uint64_t heads : {6u, 12u}) {
            Layer &layer = network.layers.emplace_back(attention);
            layer.name = fmt::format("{}{}", causal, heads);
            layer.inputs = {"input"};
            layer.heads = heads;
            layer.causal = causal;
        }
    Layer &sum = network.layers.emplace_back();
    sum.name = "sum";
    sum.op = Operator::add;
    for (std::size_t i = 0; i < 4; ++i)
        sum.inputs.push_back(network.layers[i].name);
    network.outputs.clear();
    const std::vector<Network> layers = single_layers(network);
    REQUIRE(layers.size() == 4);
    CHECK(layers.back().name == "attention 1152->384x197 by 12 causal heads");
}

TEST_CASE("unit.against_cpu reads a network and its layers from a report") {
    const Network &network = known("repvgg-a2");
    const std::vector<Axis> axes{{"network", Unit::one, {"other", "repvgg-a2"}},
                                 {"layer", Unit::one, {}},
                                 {"rounds", Unit::one, {}}};
    const std::vector<Network> layers = single_layers(network);
    const auto is_first = [](const Network &layer) {
        return layer.name == "conv 3x3/2 3->64x112x112";
    };
    CHECK(std::ranges::count_if(layers, is_first) == 1);
    CHECK(layers.size() == 10); // of 24, as most are equal
    TimedSide side;
    add_times(side, layers, &network,
              record_of("workloads/network", series_over("layer", axes),
                        {{{1, 0, 8}, {0.8}}, {{1, 3, 8}, {8}}, {{0, 0, 8}, {80}}}));
    CHECK(side.of(layers.front()).seconds == std::vector{0.1});
    add_times(side, {network}, &network,
              record_of("workloads/network", series_over("run", {axes[0]}),
                        {{{1}, {0.5, 0.6}}, {{0}, {7}}}));
    CHECK(side.of(network).seconds == std::vector{0.5, 0.6});
    Network own = network;
    own.name = "mine";
    add_times(side, {own}, nullptr, {});
    CHECK_THAT(side.of(own).absent, ContainsSubstring("not run"));
    // One that the run was asked for has a name in its data alone.
    DeviceRecord asked = record_of(
        "workloads/network",
        series_over("run", {{"network", Unit::one, {"other", std::string(asked_network)}}}),
        {{{1}, {0.7}}, {{0}, {7}}});
    asked.probes.front().data.text_attributes[std::string(asked_network)] = "mine";
    add_times(side, {own}, &own, asked);
    CHECK(side.of(own).seconds == std::vector{0.7});
}

TEST_CASE("unit.against_cpu leaves out the times of a run with a wrong result") {
    const Network &network = known("repvgg-a2");
    const Network layer = single_layers(network).front();
    const Axis names{"network", Unit::one, {network.name}};
    const Axis numbers{"layer", Unit::one, {}};
    const Axis rounds{"rounds", Unit::one, {}};
    const auto timed = [&](bool wrong) {
        DeviceRecord record =
            record_of("workloads/network", series_over("layer", {names, numbers, rounds}),
                      {{{0, 0, 8}, {0.8}}});
        Dataset &data = record.probes.front().data;
        data.series.push_back(series_over("run", {names}));
        data.series.back().points = {{{0}, {0.5}, {}}};
        if (wrong)
            set_termination(data, {Status::failed, "element 3 is 7 and not 8", true});
        TimedSide side;
        add_times(side, {network, layer}, &network, record);
        return side;
    };
    CHECK(timed(false).of(network).seconds == std::vector{0.5});
    CHECK(timed(false).of(layer).seconds == std::vector{0.1});
    for (const Network &each : {network, layer}) {
        CHECK(timed(true).of(each).seconds.empty());
        CHECK_THAT(timed(true).of(each).absent, ContainsSubstring("element 3 is 7"));
    }

    DeviceRecord products = record_of("workloads/gemm",
                                      series_over("call", {{"m", Unit::one, {}},
                                                           {"n", Unit::one, {}},
                                                           {"k", Unit::one, {}},
                                                           {"calls", Unit::one, {}}}),
                                      {{{4, 4, 4, 2}, {0.4}}});
    const std::vector<Network> found = computations_of(products);
    REQUIRE(found.size() == 1);
    TimedSide side;
    add_times(side, found, nullptr, products);
    CHECK(side.of(found.front()).seconds == std::vector{0.2});
    set_termination(products.probes.front().data, {Status::failed, "wrong", true});
    TimedSide none;
    add_times(none, found, nullptr, products);
    CHECK(none.of(found.front()).seconds.empty());
    CHECK(none.of(found.front()).absent == "wrong");
}

TEST_CASE("unit.against_cpu is text, Markdown and data") {
    const Network &network = known("repvgg-a2");
    TimedSide other = library_taking(network, 0.3);
    other.name = "a | b";
    other.times[network.name] = {{}, "", "no kernel"};
    const AgainstCpu table{
        {network}, {device_taking(network, 0.2), library_taking(network, 0.15), other}, 3};
    const std::string text = against_cpu_text(table, {.width = 100});
    CHECK_THAT(text, ContainsSubstring("200 (200)") && ContainsSubstring("51.2 (5 %)") &&
                         ContainsSubstring("1.33 times that of oneDNN: its kernels reach 5 %") &&
                         ContainsSubstring("22 jit:avx2") && ContainsSubstring("0.636 ms") &&
                         ContainsSubstring("no kernel"));
    CHECK_THAT(against_cpu_markdown(table),
               ContainsSubstring("| repvgg-a2 | 200 \\(200\\) |") && ContainsSubstring("a \\| b"));
    const Json json = to_json(table);
    const Json &cells = json.at("rows").at(0).at("cells");
    CHECK(cells.at(0).at("p50") == 0.2);
    CHECK(cells.at(0).contains("why_slower"));
    CHECK(cells.at(1).at("implementation") == "22 jit:avx2");
    CHECK(cells.at(2).at("absent") == "no kernel");
    CHECK(json.at("sides").at(1).at("library") == true);
}

TEST_CASE("unit.network.json writes what it reads") {
    for (const Network &network : known_networks())
        CHECK(read_network(to_json(network).dump(), "file") == network);
}
