// A network on a device whose findings are made up, so that all times are known.

#include "io/network.hpp"
#include "model/termination.hpp"

#include <clprobe/error.hpp>
#include <clprobe/teardown.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <string>

using namespace clprobe;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

Finding found(const std::string &key, Unit unit, double value, double spread) {
    return measured({key, unit, Better::higher, {}}, value,
                    {value * (1 - spread), value * (1 + spread)});
}

/// 1 Tflop/s; 64 KiB at 1 TB/s, 1 MiB at 400 GB/s; memory 100 GB/s to read and 50 GB/s to write;
/// 2 us a launch. All within 10 %.
DeviceRecord made_up_device() {
    DeviceRecord record;
    record.device.slug = "gpu0-made-up";
    record.device.name = "made up";
    record.probes.emplace_back().findings = {
        found("fma.fp32.rate", Unit::flop_per_second, 1e12, 0.1),
        found("buffer.l1.size", Unit::byte, 65536, 0.1),
        found("buffer.l1.read_bandwidth", Unit::byte_per_second, 1e12, 0.1),
        found("buffer.l2.size", Unit::byte, 1048576, 0.1),
        found("buffer.l2.read_bandwidth", Unit::byte_per_second, 4e11, 0.1),
        found("buffer.memory.read_bandwidth", Unit::byte_per_second, 1e11, 0.1),
        found("buffer.memory.write_bandwidth", Unit::byte_per_second, 5e10, 0.1),
        found("launch.back_to_back", Unit::second, 2e-6, 0.1)};
    return record;
}

/// The device without that finding.
DeviceRecord without(const std::string &key) {
    DeviceRecord record = made_up_device();
    std::erase_if(record.probes[0].findings,
                  [&](const Finding &finding) { return finding.key == key; });
    return record;
}

Layer layer(const std::string &name, Operator op, std::uint64_t channels = 0,
            std::uint64_t kernel = 0) {
    Layer made;
    made.name = name;
    made.op = op;
    made.channels = channels;
    made.kernel = kernel;
    made.bias = false;
    return made;
}

std::vector<SizedLayer> sized(const TensorShape &input, const std::vector<Layer> &layers) {
    return sized_layers({"n", "t", "s", input, layers, {}});
}

std::vector<SizedLayer> one(const TensorShape &input, const Layer &only) {
    return sized(input, {only});
}

double seconds_of(const LayerTeardown &layer, const std::string &by) {
    const auto floor = std::ranges::find(layer.floors, by, &TimeFloor::by);
    REQUIRE(floor != layer.floors.end());
    return floor->time.seconds;
}

bool has_floor(const LayerTeardown &layer, const std::string &by) {
    return std::ranges::find(layer.floors, by, &TimeFloor::by) != layer.floors.end();
}

} // namespace

TEST_CASE("unit.teardown.a layer with many multiply-adds a byte is bound by compute") {
    const auto layers = one({256, 32, 32}, layer("a", Operator::convolution, 256, 3));
    const Teardown teardown = teardown_of(layers, made_up_device(), ElementType::fp32);
    const LayerTeardown &a = teardown.layers.at(0);
    const double compute = 2.0 * 256 * 256 * 9 * 30 * 30 / 1e12;
    CHECK(a.bound == "compute");
    CHECK(seconds_of(a, "compute") == Approx(compute));
    CHECK(seconds_of(a, "memory") > 0);
    REQUIRE(a.predicted);
    CHECK(a.predicted->seconds == Approx(compute + 2e-6));
    CHECK(a.predicted->interval.low == Approx(compute / 1.1 + 1.8e-6));
    CHECK(a.predicted->interval.high == Approx(compute / 0.9 + 2.2e-6));
    CHECK(a.share.value_or(0) == Approx(compute / (compute + 2e-6)));
    CHECK(teardown.launches == 1);
    CHECK(teardown.absent.empty());
}

TEST_CASE("unit.teardown.a layer with more weights than work is bound by memory") {
    const auto layers = one({4096, 1}, layer("a", Operator::dense, 4096));
    const Teardown teardown = teardown_of(layers, made_up_device(), ElementType::fp32);
    const LayerTeardown &a = teardown.layers.at(0);
    const double memory = 4.0 * 4096 * 4096 / 1e11;
    CHECK(a.bound == "memory");
    CHECK(seconds_of(a, "memory") == Approx(memory));
    CHECK(seconds_of(a, "L1") == Approx(4.0 * 2 * 4096 / 1e12)); // 32 KiB in and out
    CHECK(a.predicted.value().seconds == Approx(memory + 2e-6));
}

TEST_CASE("unit.teardown.a small layer is bound by its launch") {
    const auto layers = one({8, 8, 8}, layer("a", Operator::convolution, 8, 1));
    const Teardown teardown = teardown_of(layers, made_up_device(), ElementType::fp32);
    CHECK(teardown.layers.at(0).bound == "launch");
    CHECK(seconds_of(teardown.layers[0], "launch") == 2e-6);
}

TEST_CASE("unit.teardown.activations come from the smallest level that holds them") {
    const auto floors = [](std::uint64_t side) {
        const auto layers = one({1, side, side}, layer("a", Operator::layer_norm));
        return teardown_of(layers, made_up_device(), ElementType::fp32).layers.at(0);
    };
    const LayerTeardown small = floors(64); // 16 KiB in, 16 KiB out
    CHECK(seconds_of(small, "L1") == Approx(32768 / 1e12));
    CHECK_FALSE(has_floor(small, "L2"));
    CHECK_FALSE(has_floor(small, "compute"));
    CHECK_FALSE(small.share);
    const LayerTeardown middle = floors(128);
    CHECK(seconds_of(middle, "L2") == Approx(131072 / 4e11));
    CHECK_FALSE(has_floor(middle, "L1"));
    const LayerTeardown large = floors(1024); // 4 MiB each: read from and written to memory
    CHECK(seconds_of(large, "memory") == Approx(4194304 / 1e11 + 4194304 / 5e10).epsilon(1e-5));
    CHECK(large.bound == "memory");
}

TEST_CASE("unit.teardown.cached keys and values come from memory") {
    Layer attention = layer("a", Operator::attention);
    attention.cached = 1000;
    const auto layers = one({96, 1}, attention);
    const Teardown teardown = teardown_of(layers, made_up_device(), ElementType::fp32);
    CHECK(seconds_of(teardown.layers.at(0), "memory") == Approx(4.0 * 2 * 32 * 1000 / 1e11));
}

TEST_CASE("unit.teardown.the whole is the sum of the layers") {
    const auto layers = sized({256, 32, 32}, {layer("a", Operator::convolution, 256, 3),
                                              layer("b", Operator::average_pool),
                                              layer("c", Operator::dense, 1000)});
    const Teardown teardown = teardown_of(layers, made_up_device(), ElementType::fp32);
    double sum = 0;
    for (const LayerTeardown &each : teardown.layers)
        sum += each.predicted.value().seconds;
    CHECK(teardown.whole.predicted.value().seconds == Approx(sum));
    CHECK(teardown.whole.bound == "compute");
    CHECK(seconds_of(teardown.whole, "launch") == Approx(6e-6));
    CHECK(seconds_of(teardown.whole, "compute") == Approx(total_of(layers).flop() / 1e12));
    CHECK(teardown.whole.share.value() == Approx(total_of(layers).flop() / 1e12 / sum));
    CHECK(teardown.launches == 3);
}

TEST_CASE("unit.teardown.launches are made while the device works") {
    const auto layers = sized({256, 32, 32}, {layer("a", Operator::convolution, 256, 3),
                                              layer("b", Operator::average_pool),
                                              layer("c", Operator::dense, 1000)});
    DeviceRecord record = made_up_device();
    const Teardown before = teardown_of(layers, record, ElementType::fp32);
    record.probes[0].findings.push_back(found("launch.gap", Unit::second, 5e-7, 0.1));
    const Teardown ahead = teardown_of(layers, record, ElementType::fp32);
    const double work = before.whole.predicted->seconds - 3 * 2e-6;
    CHECK(ahead.whole.predicted->seconds == Approx(work + 3 * 5e-7));
    CHECK(seconds_of(ahead.layers[0], "launch") == Approx(5e-7));
    CHECK(ahead.layers[1].predicted->seconds ==
          Approx(before.layers[1].predicted->seconds - 2e-6 + 5e-7));
    CHECK(seconds_of(ahead.whole, "launch") == Approx(6e-6)); // at least what the host needs
    CHECK(ahead.absent.empty());

    record.probes[0].findings[7] = found("launch.back_to_back", Unit::second, 1, 0.1);
    const Teardown behind = teardown_of(layers, record, ElementType::fp32);
    CHECK(behind.whole.predicted->seconds == Approx(3));
    CHECK(behind.whole.predicted->interval.high == Approx(3.3));
    CHECK(behind.whole.bound == "launch");
    CHECK(behind.layers[0].predicted == ahead.layers[0].predicted);

    // That a gap does not show says that there is hardly one.
    Finding &gap = record.probes[0].findings.back();
    record.probes[0].findings[7] = found("launch.back_to_back", Unit::second, 2e-6, 0.1);
    gap.value = 0;
    gap.interval = Interval{0, 1e-7};
    const Teardown none = teardown_of(layers, record, ElementType::fp32);
    CHECK(none.absent.empty());
    CHECK(none.whole.predicted->seconds == Approx(work));
    gap.interval = Interval{-1e-7, 1e-7};
    CHECK(teardown_of(layers, record, ElementType::fp32).whole.predicted->seconds ==
          Approx(work + 3 * 2e-6));
    gap.value = -1; // as a report may have it that nobody checked
    gap.interval = Interval{0, 1e-6};
    CHECK(teardown_of(layers, record, ElementType::fp32).whole.predicted->seconds ==
          Approx(work + 3 * 2e-6));
}

TEST_CASE("unit.teardown.what is not measured is absent with its reason, never 0") {
    const auto layers = one({256, 32, 32}, layer("a", Operator::convolution, 256, 3));
    const auto absent = [](const Teardown &teardown, const std::string &key) {
        const auto found = std::ranges::find(teardown.absent, key, &AbsentFinding::key);
        return found == teardown.absent.end() ? "" : found->reason;
    };

    const Teardown no_rate = teardown_of(layers, made_up_device(), ElementType::fp16);
    CHECK(absent(no_rate, "fma.fp16.rate") == "the report has none");
    CHECK_FALSE(no_rate.layers[0].predicted);
    CHECK_FALSE(no_rate.layers[0].share);
    CHECK_FALSE(no_rate.whole.predicted);
    CHECK_FALSE(has_floor(no_rate.layers[0], "compute"));
    CHECK(has_floor(no_rate.layers[0], "memory"));

    DeviceRecord suspect = made_up_device();
    make_suspect(suspect.probes[0].findings[0], "the clock moved");
    CHECK(absent(teardown_of(layers, suspect, ElementType::fp32), "fma.fp32.rate") ==
          "suspect: the clock moved");

    const Teardown no_write =
        teardown_of(layers, without("buffer.memory.write_bandwidth"), ElementType::fp32);
    CHECK_FALSE(no_write.layers[0].predicted);
    // Where a cache holds what is written, its bandwidth is not needed.
    const Teardown small = teardown_of(one({16, 32, 32}, layer("a", Operator::convolution, 16, 3)),
                                       without("buffer.memory.write_bandwidth"), ElementType::fp32);
    CHECK(small.layers[0].predicted);
    CHECK(small.whole.predicted == small.layers[0].predicted);

    const Teardown no_launch =
        teardown_of(layers, without("launch.back_to_back"), ElementType::fp32);
    CHECK(absent(no_launch, "launch.back_to_back") == "the report has none");
    CHECK(no_launch.layers[0].predicted.value().seconds ==
          Approx(2.0 * 256 * 256 * 9 * 900 / 1e12));
    CHECK_FALSE(has_floor(no_launch.layers[0], "launch"));

    // Without the second level what it would hold comes from memory.
    const Teardown no_level = teardown_of(one({1, 128, 128}, layer("a", Operator::layer_norm)),
                                          without("buffer.l2.read_bandwidth"), ElementType::fp32);
    CHECK(absent(no_level, "buffer.l2.read_bandwidth") == "the report has none");
    CHECK(seconds_of(no_level.layers[0], "memory") > 65536 / 5e10);

    const Teardown nothing = teardown_of(layers, DeviceRecord(), ElementType::fp32);
    CHECK(nothing.layers.at(0).floors.empty());
    CHECK_FALSE(nothing.whole.predicted);
}

TEST_CASE("unit.teardown.a round trip stands for a launch where that was not measured") {
    DeviceRecord record = without("launch.back_to_back");
    record.probes.emplace_back().findings = {
        found("launch.round_trip.p50", Unit::second, 9e-6, 0.1)};
    const auto layers = one({8, 8, 8}, layer("a", Operator::convolution, 8, 1));
    const Teardown teardown = teardown_of(layers, record, ElementType::fp32);
    CHECK(seconds_of(teardown.layers.at(0), "launch") == 9e-6);
    REQUIRE(teardown.absent.size() == 1);
    CHECK(teardown.absent[0].key == "launch.back_to_back");
}

TEST_CASE("unit.teardown.rates that no measurement has are no roofs") {
    DeviceRecord record = made_up_device();
    record.probes[0].findings[0] = found("fma.fp32.rate", Unit::flop_per_second, 1e-300, 0.1);
    record.probes[0].findings[5].interval = Interval{0, 2e11};
    record.probes[0].findings[7].unit = Unit::byte;
    const auto layers = one({8, 8, 8}, layer("a", Operator::convolution, 8, 1));
    const Teardown teardown = teardown_of(layers, record, ElementType::fp32);
    REQUIRE(teardown.absent.size() == 3);
    CHECK_THAT(teardown.absent[0].reason, ContainsSubstring("no number that a measurement has"));
    CHECK(teardown.absent[1].reason == "it is not above 0");
    CHECK(teardown.absent[2].reason == "it is in B, not in s");
    CHECK_FALSE(teardown.whole.predicted);
}

TEST_CASE("unit.teardown.equal layers share a row, and each network fits into 100 columns") {
    const DeviceRecord device = made_up_device();
    for (const Network &network : known_networks()) {
        const NetworkTable table(network, ElementType::fp32, 1);
        const std::vector<Teardown> teardowns = {teardown_of(table.layers, device, table.type)};
        for (const auto &shown : {network_text(table, {}, {.width = 100}),
                                  network_text(table, teardowns, {.width = 100})}) {
            CAPTURE(network.name, shown);
            std::size_t longest = 0;
            for (std::size_t at = 0; at < shown.size(); at = shown.find('\n', at) + 1)
                longest = std::max(longest, shown.find('\n', at) - at);
            CHECK(longest <= 100);
        }
        if (network.name != "repvgg-a2")
            continue;
        const std::string text = network_text(table, teardowns, {.width = 100});
        CHECK_THAT(text, ContainsSubstring("13 x conv 3x3") && ContainsSubstring("64->96x56x56") &&
                             ContainsSubstring("22 convolutions") && ContainsSubstring("5115.54") &&
                             ContainsSubstring("compute") && ContainsSubstring("24 launches"));
        const std::string markdown = network_markdown(table, teardowns);
        CHECK_THAT(markdown, ContainsSubstring("On made up:") && ContainsSubstring("| bound |"));
        const Json json = to_json(table, teardowns);
        const Json &layer = json.at("devices").at(0).at("layers").at(1);
        CHECK(layer.at("bound") == "compute");
        CHECK(layer.at("floors").at("compute").at("seconds") > 0);
        CHECK(json.at("devices").at(0).at("whole").at("predicted").at("interval").size() == 2);
        CHECK_NOTHROW(to_text(json));
    }
}

namespace {

/// The device where RepVGG-A2 took 20 ms, and its layers 100 us and a tenth of that each further
/// one.
DeviceRecord device_that_ran_a_network() {
    DeviceRecord record = made_up_device();
    ProbeRecord &probe = record.probes.emplace_back();
    probe.probe = "workloads/network";
    probe.findings = {found("network.repvgg_a2.time", Unit::second, 0.02, 0.1),
                      found("network.repvgg_a2.cold", Unit::second, 0.03, 0.1)};
    const Axis networks{"network", Unit::one, {"small", "repvgg-a2"}};
    Series &series =
        probe.data.add("layer", {networks, {"layer", Unit::one, {}}, {"rounds", Unit::one, {}}},
                       {"time", Unit::second, {}});
    for (int layer = 0; layer < 24; ++layer)
        for (const double rounds : {10.0, 20.0}) {
            series.point({1, double(layer), rounds}) = {
                {1, double(layer), rounds},
                std::vector(3, 1e-6 + rounds * 1e-4 * (1 + 0.1 * layer)),
                {0, 1, 2}};
            series.point({0, double(layer), rounds}) = {
                {0, double(layer), rounds}, {rounds, rounds}, {0, 1}};
        }
    return record;
}

/// The device that was asked to run a network of its own, and has another's runs beside.
DeviceRecord device_that_was_asked() {
    DeviceRecord record = made_up_device();
    ProbeRecord &probe = record.probes.emplace_back();
    probe.probe = "workloads/network";
    probe.data.text_attributes[std::string(asked_network)] = "mine";
    const Axis networks{"network", Unit::one, {"small", std::string(asked_network)}};
    Series &series =
        probe.data.add("network", {networks, {"runs", Unit::one, {}}}, {"time", Unit::second, {}});
    for (const double runs : {10.0, 20.0}) {
        series.point({0, runs}) = {{0, runs}, std::vector(3, 7 * runs), {0, 1, 2}};
        series.point({1, runs}) = {{1, runs}, std::vector(3, 0.02 * runs), {0, 1, 2}};
    }
    return record;
}

const Network &repvgg() {
    return *std::ranges::find(known_networks(), "repvgg-a2", &Network::name);
}

Teardown measured_teardown(const Network &network, const DeviceRecord &record) {
    Teardown teardown = teardown_of(sized_layers(network), record, ElementType::fp32);
    add_measured(teardown, {network}, record);
    return teardown;
}

} // namespace

TEST_CASE("unit.teardown.of a network that was asked for its own runs count") {
    Network network = repvgg();
    network.name = "mine";
    DeviceRecord record = device_that_was_asked();
    CHECK(measured_teardown(network, record).whole.measured.value() == Approx(0.02));
    CHECK_FALSE(measured_teardown(repvgg(), record).whole.measured);
    set_termination(record.probes.back().data, {Status::failed, "element 3 is wrong", true});
    CHECK_FALSE(measured_teardown(network, record).whole.measured);
    CHECK(why_unmeasured(record, {network}) == "element 3 is wrong");
}

TEST_CASE("unit.teardown.what the device took stands beside the prediction") {
    const Teardown teardown = measured_teardown(repvgg(), device_that_ran_a_network());
    CHECK(teardown.whole.measured.value() == 0.02);
    CHECK(teardown.whole.measured_share.value() == Approx(2 * 5116.95e6 / 1e12 / 0.02));
    CHECK(teardown.layers.at(0).measured.value() == Approx(1e-4));
    CHECK(teardown.layers.at(10).measured.value() == Approx(2e-4));
    CHECK_FALSE(teardown.layers.at(22).measured_share); // the pool has no multiply-adds
    const std::string text =
        network_text({repvgg(), ElementType::fp32, 1}, {&teardown, 1}, {.width = 100});
    CHECK_THAT(text, ContainsSubstring("measured"));
    // The mean of thirteen layers, the ninth to the 21st.
    CHECK_THAT(text, ContainsSubstring("240 us"));
    CHECK_THAT(text, ContainsSubstring("20 ms"));
    CHECK_THAT(text, ContainsSubstring("cold 30"));
    CHECK(teardown.runs.size() == 2);
    CHECK(to_json({repvgg(), ElementType::fp32, 1}, {&teardown, 1})
              .at("devices")
              .at(0)
              .at("whole")
              .at("measured") == 0.02);
}

TEST_CASE("unit.teardown.a time that is in doubt is not shown") {
    DeviceRecord record = device_that_ran_a_network();
    make_suspect(record.probes.back().findings.front(), "a busy machine");
    const Teardown teardown = measured_teardown(repvgg(), record);
    CHECK_FALSE(teardown.whole.measured);
    CHECK_FALSE(teardown.layers.at(0).measured);
}

TEST_CASE("unit.teardown.another network of that name has no measured time") {
    Network other = repvgg();
    other.layers.at(0).channels = 32;
    const Teardown teardown = measured_teardown(other, device_that_ran_a_network());
    CHECK_FALSE(teardown.whole.measured);
}

TEST_CASE("unit.teardown.a report without samples has the network's time alone") {
    DeviceRecord record = device_that_ran_a_network();
    record.probes.back().data = {};
    const Teardown teardown = measured_teardown(repvgg(), record);
    CHECK(teardown.whole.measured);
    CHECK_FALSE(teardown.layers.at(0).measured);
}
