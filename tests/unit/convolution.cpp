#include "interpreted.hpp"
#include "workloads/convolution/convolution.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <set>

using namespace clprobe;
using namespace clprobe::probes::convolution;
using namespace clprobe::workloads;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

const ConvolutionShape plain{384, 384, 14, 14};
const ConvolutionPlan plain_plan{{7, 2, 16, 16, 1}, 1, false, 1, 1};

Facts cpu_facts(std::uint64_t width = 16) {
    Facts facts;
    facts.device.emplace();
    facts.device->type = DeviceType::cpu;
    facts.device->native_float_width = width;
    return facts;
}

void add_fact(Facts &facts, const char *key, double value) {
    facts.findings.push_back(measured({key, Unit::one, Better::none, ""}, value, {value, value}));
}

/// Calls that take so long, off by up to a hundredth.
Dataset timed_calls(const ConvolutionShape &shape, const ConvolutionPlan &plan, double seconds) {
    Dataset data;
    data.number_attributes["verified"] = 5;
    Series &series = data.add(series::call, axes<CallRow>(), {"time", Unit::second, {}});
    Point &point = series.point(coordinates(CallRow{shape, plan}, 1));
    for (int block = 0; block < 5; ++block) {
        point.samples.push_back(seconds * (1 + 0.005 * (block - 2)));
        point.block.push_back(block);
    }
    return data;
}

/// Calls in a row, each of which takes so long beyond what waiting for the last one takes.
Dataset chained_calls(const ConvolutionShape &shape, const ConvolutionPlan &plan, double seconds) {
    Dataset data;
    data.number_attributes["verified"] = 5;
    Series &series = data.add(series::call, axes<CallRow>(), {"time", Unit::second, {}});
    for (int block = 0; block < 5; ++block)
        for (const double calls : {20.0, 40.0}) {
            Point &point = series.point(coordinates(CallRow{shape, plan}, calls));
            point.samples.push_back(5e-5 + calls * seconds * (1 + 0.002 * (block - 2)));
            point.block.push_back(block);
        }
    return data;
}

/// Random whole numbers for a small shape.
HostOperands random_operands(const ConvolutionShape &shape) {
    std::mt19937_64 random(7);
    const std::size_t image =
        std::size_t{shape.input_channels} * shape.input_height * shape.input_width;
    const std::size_t weights = std::size_t{shape.output_channels} * shape.kernel * shape.kernel *
                                (shape.depthwise ? 1 : shape.input_channels);
    return {probes::small_integers(image, random), probes::small_integers(weights, random),
            probes::small_integers(shape.output_channels, random)};
}

const std::array<ConvolutionShape, 6> odd_shapes{
    {{3, 5, 7, 9},
     {5, 3, 8, 11, 3, 2},
     {2, 4, 5, 5, 1},
     {6, 6, 7, 5, 3, 1, true},
     {4, 4, 9, 6, 3, 2, true},
     {3, 2, 15, 11, 7, 2, false, Activation::none, 3}}};

} // namespace

TEST_CASE("unit.convolution.shapes_are_named_by_kernel_channels_output_and_stride") {
    CHECK(plain.name() == "3x3.384-384.14x14");
    CHECK(ConvolutionShape{64, 96, 112, 112, 3, 2}.name() == "3x3.64-96.56x56.s2");
    CHECK(ConvolutionShape{512, 512, 14, 14, 3, 1, true}.name() == "dw3x3.512-512.14x14");
    std::set<std::string> names;
    for (const ConvolutionShape &shape : shapes)
        CHECK(names.insert(shape.name()).second);
}

TEST_CASE("unit.convolution.an_odd_size_is_halved_upwards") {
    const ConvolutionShape shape{1, 1, 15, 224, 3, 2};
    CHECK(shape.output_height() == 8);
    CHECK(shape.output_width() == 112);
}

TEST_CASE("unit.convolution.a_multiply_add_counts_two") {
    CHECK(plain.flops() == 2.0 * 9 * 384 * 384 * 14 * 14);
    CHECK(ConvolutionShape{512, 512, 14, 14, 3, 1, true}.flops() == 2.0 * 9 * 512 * 14 * 14);
}

TEST_CASE("unit.convolution.launches_cover_the_output_whatever_divides_it") {
    for (const ConvolutionShape &shape : odd_shapes)
        for (const std::uint64_t width : {4u, 16u})
            for (const ConvolutionPlan &plan : convolution_plans(shape, cpu_facts(width))) {
                if (plan.winograd)
                    continue;
                const Convolution convolution(shape, plan);
                const NdRange all = convolution.convolve(convolution.panels());
                INFO(shape.name() << " by " << plan.describe());
                CHECK(plan.tile.rows <= shape.output_width());
                CHECK(all.global[0] * plan.tiles * plan.tile.rows >=
                      std::size_t{shape.output_width()} * shape.output_height());
                CHECK(all.global[1] * plan.tile.row_elements() >= shape.output_channels);
                CHECK(all.global[0] % all.local[0] == 0);
                CHECK(all.global[1] % all.local[1] == 0);
                const ActivationLayout output = convolution.output();
                CHECK(output.index(shape.output_channels - 1, shape.output_height() - 1,
                                   shape.output_width() - 1) < output.elements());
                CHECK(static_cast<double>(convolution.weights_bytes()) >=
                      sizeof(float) * shape.products() * shape.output_channels);
            }
}

TEST_CASE("unit.convolution.each_element_of_a_layout_has_a_place_of_its_own") {
    const ActivationLayout layout{5, 3, 4, 2, 1};
    CHECK(layout.blocks() == 3);
    CHECK(layout.elements() == 3 * 5 * 6 * 2);
    CHECK(layout.index(0, 0, 0) == (1 * 6 + 1) * 2);
    CHECK(layout.index(3, 1, 2) == (30 + 2 * 6 + 3) * 2 + 1);
    // Of two images: those of a block one behind the other.
    const ActivationLayout both{5, 3, 4, 2, 1, 2};
    CHECK(both.elements() == 2 * layout.elements());
    CHECK(both.index(3, 1, 2) == (2 * 30 + 2 * 6 + 3) * 2 + 1);
    CHECK(both.index(3, 4, 2) == (3 * 30 + 2 * 6 + 3) * 2 + 1);
    CHECK(both.planar_index(3, 4, 2) == (5 + 3) * 12 + 1 * 4 + 2);
    std::set<std::size_t> places;
    for (std::uint32_t channel = 0; channel < 5; ++channel)
        for (std::uint32_t y = 0; y < 3; ++y)
            for (std::uint32_t x = 0; x < 4; ++x)
                CHECK(places.insert(layout.index(channel, y, x)).second);
}

TEST_CASE("unit.convolution.what_one_writes_the_next_one_reads") {
    const ConvolutionShape next{384, 96, 14, 14, 1};
    CHECK(Convolution(plain, plain_plan).output() == Convolution(next, plain_plan).input());
}

TEST_CASE("unit.convolution.plans_that_are_none_for_the_shape_are_refused") {
    const auto refusal = [](const ConvolutionShape &shape, const ConvolutionPlan &plan) {
        CHECK_THROWS_AS(Convolution(shape, plan), InputError);
        return Convolution::unfit(shape, plan);
    };
    CHECK_THAT(refusal({8, 8, 6, 6}, plain_plan), ContainsSubstring("more pixels than a row"));
    CHECK_THAT(refusal({8, 8, 9, 9, 2}, plain_plan), ContainsSubstring("odd number of taps"));
    CHECK_THAT(refusal({8, 8, 9, 9, 7}, plain_plan), ContainsSubstring("less than half a kernel"));
    CHECK_THAT(refusal({8, 9, 9, 9, 3, 1, true}, plain_plan), ContainsSubstring("depthwise"));
    CHECK_THAT(refusal({8, 8, 9, 9, 3, 1, true}, plain_plan), ContainsSubstring("one vector"));
    CHECK_THAT(refusal({8, 8, 9, 9, 3, 1, false, Activation::gelu}, plain_plan),
               ContainsSubstring("gelu"));
    CHECK(Convolution::unfit(plain, plain_plan).empty());
}

TEST_CASE("unit.convolution.the_host_leaves_out_what_is_padding") {
    // One channel of 2 x 2 pixels, all taps 1 but the middle one.
    const ConvolutionShape shape{1, 1, 2, 2};
    const HostOperands operands{{1, 2, 3, 4}, {1, 1, 1, 1, 10, 1, 1, 1, 1}, {-5}};
    const probes::ExactSum corner = host_sum(shape, operands, 0, 0, 0);
    CHECK(corner.value == -5 + 10 * 1 + 2 + 3 + 4);
    CHECK(corner.magnitude == 5 + 10 * 1 + 2 + 3 + 4);
    CHECK(corner.terms == 10);
    CHECK(host_sum(shape, operands, 0, 1, 0).value == -5 + 10 * 3 + 1 + 2 + 4);
}

TEST_CASE("unit.convolution.a_projection_is_that_of_all_outputs") {
    std::mt19937_64 random(3);
    for (const ConvolutionShape &shape : odd_shapes) {
        INFO(shape.name());
        const HostOperands operands = random_operands(shape);
        const std::vector<double> factors =
            probes::random_projection(shape.output_channels, random);
        const std::vector<double> projected = host_projection(shape, operands, factors);
        REQUIRE(projected.size() == std::size_t{shape.output_height()} * shape.output_width());
        for (std::uint32_t y = 0; y < shape.output_height(); ++y)
            for (std::uint32_t x = 0; x < shape.output_width(); ++x) {
                double sum = 0;
                for (std::uint32_t channel = 0; channel < shape.output_channels; ++channel)
                    sum += factors[channel] * host_sum(shape, operands, channel, y, x).value;
                CHECK(projected[std::size_t{y} * shape.output_width() + x] == sum);
            }
    }
}

TEST_CASE("unit.convolution.no_factor_of_a_projection_is_0") {
    std::mt19937_64 random(3);
    for (const double factor : probes::random_projection(1000, random))
        CHECK(std::fmod(std::abs(factor), 2) == 1);
}

TEST_CASE("unit.convolution.activations_cut_where_they_say") {
    CHECK(activated(Activation::none, -3) == -3);
    CHECK(activated(Activation::relu, -3) == 0);
    CHECK(activated(Activation::relu, 9) == 9);
    CHECK(activated(Activation::relu6, 9) == 6);
    CHECK(activated(Activation::hard_swish, -4) == 0);
    CHECK(activated(Activation::hard_swish, 9) == Approx(9));
    CHECK(activated(Activation::hard_swish, 1) == Approx(4.0 / 6));
}

TEST_CASE("unit.convolution.the_slowest_part_is_what_it_takes") {
    Facts facts = cpu_facts();
    const Convolution convolution(plain, plain_plan);
    CHECK_FALSE(convolution.predicted_seconds(facts));
    add_fact(facts, "fma.fp32.rate", 1e11);
    CHECK(convolution.predicted_seconds(facts) == Approx(plain.flops() / 1e11));
    // Each factor is loaded as a vector: 7 x 16 + 32 floats for 7 x 32 multiply-adds.
    add_fact(facts, "buffer.l1.read_bandwidth", 1e10);
    CHECK(convolution.predicted_seconds(facts) ==
          Approx(plain.flops() / 2 / (7 * 32) * (7 * 16 + 32) * sizeof(float) / 1e10));
    add_fact(facts, "launch.back_to_back", 1);
    CHECK(convolution.predicted_seconds(facts).value() > 1);
}

TEST_CASE("unit.convolution.what_a_tile_pads_is_computed_too") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", 1e11);
    // Two tiles of 12 for rows of 14, and two panels of 32 channels for 33.
    const ConvolutionShape shape{16, 33, 14, 14};
    CHECK(Convolution(shape, {{12, 2, 16, 16, 1}, 1, false, 1, 1}).predicted_seconds(facts) ==
          Approx(2.0 * 9 * 16 * (2 * 32) * 14 * (2 * 12) / 1e11));
}

TEST_CASE("unit.convolution.weights_beyond_a_cache_are_read_for_each_work_item") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", 1e15);
    add_fact(facts, "buffer.l1.read_size", 1e5);
    add_fact(facts, "buffer.memory.read_bandwidth", 1e9);
    const ConvolutionShape shape{1024, 1024, 7, 7};
    const ConvolutionPlan rows{{7, 2, 16, 16, 1}, 1, false, 1, 1};
    ConvolutionPlan planes = rows;
    planes.tiles = 7;
    const Convolution by_rows(shape, rows);
    const double weights = static_cast<double>(by_rows.weights_bytes());
    const double image = static_cast<double>(by_rows.input().bytes());
    CHECK(by_rows.predicted_seconds(facts) == Approx((7 * weights + 32 * image) / 1e9));
    CHECK(Convolution(shape, planes).predicted_seconds(facts) ==
          Approx((weights + 32 * image) / 1e9));
    // A cache that holds a panel and the image.
    facts.findings[1].value = 1e8;
    CHECK(by_rows.predicted_seconds(facts) == Approx((weights + image) / 1e9));
}

TEST_CASE("unit.convolution.a_depthwise_one_reads_each_channel_once") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", 1e15);
    add_fact(facts, "buffer.l1.read_size", 1e5);
    add_fact(facts, "buffer.memory.read_bandwidth", 1e9);
    const Convolution depthwise({512, 512, 14, 14, 3, 1, true},
                                {{14, 1, 16, 16, 1}, 1, false, 1, 1});
    const auto bytes = static_cast<double>(depthwise.weights_bytes() + depthwise.input().bytes());
    CHECK(depthwise.predicted_seconds(facts) == Approx(bytes / 1e9));
}

TEST_CASE("unit.convolution.findings_of_nothing_predict_nothing") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", 0);
    CHECK_FALSE(Convolution(plain, plain_plan).predicted_seconds(facts));
    facts.findings.front().value = 1e11;
    for (const char *key :
         {"compute_units", "buffer.l1.read_bandwidth", "buffer.memory.read_bandwidth"})
        add_fact(facts, key, 0);
    CHECK(std::isfinite(Convolution(plain, plain_plan).predicted_seconds(facts).value()));
}

TEST_CASE("unit.convolution.plans_suit_the_shape_and_the_device") {
    for (const DeviceType type : {DeviceType::cpu, DeviceType::gpu})
        for (const ConvolutionShape &shape : shapes) {
            Facts facts = cpu_facts();
            facts.device->type = type;
            facts.device->max_work_group_size = 20;
            add_fact(facts, "fma.fp32.rate", 1e11);
            const std::vector<ConvolutionPlan> plans = convolution_plans(shape, facts);
            INFO(shape.name());
            REQUIRE_FALSE(plans.empty());
            CHECK(plans.size() <= 200);
            CHECK(fits_registers(plans.front(), facts));
            for (const ConvolutionPlan &plan : plans) {
                CHECK(Convolution::unfit(shape, plan).empty());
                CHECK(plan.group_tiles * plan.group_panels <= 20);
                CHECK(std::ranges::count(plans, plan) == 1);
            }
        }
}

TEST_CASE("unit.convolution.a_call_is_set_against_the_roof_and_the_prediction") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", 1e12);
    const auto findings = findings_of(timed_calls(plain, plain_plan, 1e-3), facts);
    const Finding &time = finding(findings, "conv.fp32.3x3.384_384.14x14.time");
    CHECK(time.status == Status::measured);
    CHECK(time.value == Approx(1e-3));
    CHECK(time.interval->low < 1e-3);
    CHECK(time.interval->high > 1e-3);
    CHECK_THAT(time.method, ContainsSubstring("7 rows of 2 float16"));
    CHECK(finding(findings, "conv.fp32.3x3.384_384.14x14.rate").value ==
          Approx(plain.flops() / 1e-3));
    CHECK(finding(findings, "conv.fp32.3x3.384_384.14x14.roof_share").value ==
          Approx(plain.flops() / 1e-3 / 1e12));
    const Finding &predicted = finding(findings, "conv.fp32.3x3.384_384.14x14.predicted_share");
    CHECK(predicted.value == Approx(plain.flops() / 1e12 / 1e-3));
    CHECK_THAT(predicted.note, ContainsSubstring("wrong here by more than a quarter"));
    CHECK(finding(findings, "conv.fp32.3x3.16_16.14x14.time").status == Status::inconclusive);
}

TEST_CASE("unit.convolution.a_short_call_is_what_it_adds_to_those_in_a_row") {
    const auto findings = findings_of(chained_calls(plain, plain_plan, 2e-5), cpu_facts());
    const Finding time = finding(findings, "conv.fp32.3x3.384_384.14x14.time");
    CHECK(time.status == Status::measured);
    CHECK(time.value == Approx(2e-5).epsilon(0.005));
    CHECK_THAT(time.method, ContainsSubstring("up to 40 calls in a row"));
}

TEST_CASE("unit.convolution.local_memory_has_one_block_of_channels_and_a_multiple_of_a_slice") {
    const ConvolutionShape shape{17, 70, 9, 11, 3, 2};
    const GroupTile tile{.tile_rows = 32, .tile_columns = 64, .slice = 16, .splits = 3};
    const Convolution convolution(shape, ConvolutionPlan::by_local_memory(tile));
    CHECK(convolution.input().block == 32);
    CHECK(convolution.input().blocks() == 1);
    CHECK(convolution.output().block == 72);
    CHECK(convolution.columns() == 72);
    CHECK(convolution.pixels() == 5 * 6);
    CHECK(convolution.weight_rows() == 1 + 9 * 32);
    CHECK(convolution.weights_bytes() == 4 * (1 + 9 * 32) * 72);
    CHECK(convolution.panels() == 1);
    const NdRange range = convolution.convolve(1);
    CHECK(range.global == std::array<std::size_t, 3>{2 * tile.items(), 1, 3});
    CHECK(convolution.parts_bytes() == 4 * 30 * 72 * 3);
    CHECK(convolution.add_parts_kernel() == "add_3_parts");
    CHECK(Convolution::unfit({64, 64, 9, 9, 3, 1, true}, ConvolutionPlan::by_local_memory(tile)) !=
          "");
}

TEST_CASE("unit.convolution.local_memory_is_offered_where_it_is_one_of_its_own") {
    Facts facts = cpu_facts();
    facts.device->type = DeviceType::gpu;
    facts.device->max_work_group_size = 1024;
    facts.device->local_memory = 49152;
    add_fact(facts, "fma.fp32.rate", 6e13);
    add_fact(facts, "registers.spill_limit", 255);
    add_fact(facts, "compute_units", 132);
    const auto by_local_memory = [](const ConvolutionPlan &plan) {
        return plan.family == KernelFamily::local_memory;
    };
    CHECK(std::ranges::count_if(convolution_plans(plain, facts), by_local_memory) == 0);
    add_fact(facts, "launch.back_to_back", 4e-6); // by panels Winograd's has three
    add_fact(facts, "local.own_memory", 1);
    CHECK(by_local_memory(convolution_plans(plain, facts).front()));
    CHECK(convolution_plans(plain, facts).size() <= 270);
    ConvolutionShape depthwise = plain;
    depthwise.depthwise = true;
    depthwise.input_channels = 64;
    depthwise.output_channels = 64;
    CHECK(std::ranges::count_if(convolution_plans(depthwise, facts), by_local_memory) == 0);
    // As those around it have them, who are by local memory.
    const auto together = [&](const ConvolutionPlan &plan) {
        const Convolution convolution(depthwise, plan);
        return convolution.input().blocks() == 1 && convolution.output().blocks() == 1;
    };
    CHECK(std::ranges::count_if(convolution_plans(depthwise, facts), together) > 0);
    facts.findings.back().value = 0;
    CHECK(std::ranges::count_if(convolution_plans(depthwise, facts), together) == 0);
}

TEST_CASE("unit.convolution.a_build_of_quads_knows_whether_it_has_one_tile") {
    const ConvolutionPlan quads{{4, 1, 4, 4, 1}, 1, false, 8, 8};
    const auto options = [](const ConvolutionPlan &plan, Numbers numbers = Numbers::fp32) {
        return Convolution({64, 64, 14, 14}, plan, numbers).build_options();
    };
    CHECK_THAT(options(quads), ContainsSubstring(" -DONE_TILE=1"));
    ConvolutionPlan other = quads;
    other.tiles = 3;
    CHECK_THAT(options(other), !ContainsSubstring("ONE_TILE"));
    CHECK_THAT(options(quads, Numbers::fp16_fp32), ContainsSubstring(" -DONE_TILE=1"));
    CHECK_THAT(options(plain_plan), !ContainsSubstring("ONE_TILE"));
}

TEST_CASE("unit.convolution.winograd_covers_odd_sizes_by_squares") {
    const ConvolutionShape shape{64, 70, 7, 9};
    const ConvolutionPlan by_panels =
        ConvolutionPlan{{8, 2, 16, 16, 1}, 3, false, 1, 1}.by_winograd();
    const Convolution panels(shape, by_panels);
    CHECK(panels.squares_of_row() == 5);
    CHECK(panels.squares() == 20);
    CHECK(panels.transforms_input());
    CHECK(panels.transformed_bytes() == 4 * 16 * 20 * 64);
    CHECK(panels.parts_bytes() == 4 * 16 * 20 * 80);
    CHECK(panels.weights_bytes() == 4 * (1 + 16 * 64) * 96);
    CHECK(panels.transform_input().global == std::array<std::size_t, 3>{5, 4, 4});
    CHECK(panels.convolve(3).global == std::array<std::size_t, 3>{1, 3, 16});
    CHECK(panels.add_parts().global == std::array<std::size_t, 3>{5, 4, 5});
    CHECK(panels.flops() == 2.0 * 16 * 20 * 64 * 70);

    const GroupTile tile{.tile_rows = 16, .tile_columns = 64, .slice = 16, .splits = 3};
    const Convolution local(shape, ConvolutionPlan::by_local_memory(tile).by_winograd());
    CHECK_FALSE(local.transforms_input());
    CHECK(local.in_parts());
    CHECK(local.panels() == 2);
    CHECK(local.part() == 32);
    CHECK(local.parts_bytes() == 4 * 16 * 20 * 72 * 3);
    CHECK(local.weights_bytes() == 4 * (1 + 16 * 64) * 72);
    CHECK(local.convolve(2).global == std::array<std::size_t, 3>{2 * tile.items(), 2, 3 * 16});
    CHECK(local.add_parts().global == std::array<std::size_t, 3>{32, 5, 4});
    // Whatever a direct plan would leave, this one leaves as it lies.
    CHECK(local.output() == Convolution(shape, ConvolutionPlan::by_local_memory(tile)).output());
}

TEST_CASE("unit.convolution.winograd_is_for_3x3_kernels_of_stride_1") {
    const ConvolutionPlan plan = plain_plan.by_winograd();
    CHECK(Convolution::unfit(plain, plan).empty());
    CHECK_THAT(plan.describe(), ContainsSubstring("Winograd"));
    for (const ConvolutionShape &shape :
         {ConvolutionShape{64, 64, 14, 14, 1}, ConvolutionShape{64, 64, 14, 14, 3, 2},
          ConvolutionShape{64, 64, 14, 14, 3, 1, true}}) {
        CHECK_THAT(Convolution::unfit(shape, plan), ContainsSubstring("3x3 kernels"));
        CHECK(std::ranges::none_of(convolution_plans(shape, cpu_facts()),
                                   &ConvolutionPlan::winograd));
    }
    CHECK_THAT(Convolution::unfit({64, 64, 4, 4}, plan), ContainsSubstring("more squares"));
    ConvolutionPlan uneven = plan;
    uneven.tile.step = 4;
    CHECK_THAT(Convolution::unfit(plain, uneven), ContainsSubstring("as many channels"));
    Facts facts = cpu_facts();
    CHECK(std::ranges::any_of(convolution_plans(plain, facts), &ConvolutionPlan::winograd));
    facts.device->type = DeviceType::gpu;
    CHECK(std::ranges::any_of(convolution_plans(plain, facts), &ConvolutionPlan::winograd));
}

TEST_CASE("unit.convolution.a_work_item_of_a_cpu_takes_all_squares_of_a_position") {
    for (const ConvolutionPlan &plan : convolution_plans(plain, cpu_facts()))
        if (plan.winograd) {
            const Convolution convolution(plain, plan);
            INFO(plan.describe());
            CHECK(convolution.convolve(1).global[0] == plan.group_tiles);
            // What transforms has a row of squares in a group.
            CHECK(convolution.transform_input().local[0] == convolution.squares_of_row());
            CHECK(convolution.add_parts().local[0] == convolution.squares_of_row());
        }
    const ConvolutionShape wide{64, 64, 8, 1000};
    for (const ConvolutionPlan &plan : convolution_plans(wide, cpu_facts()))
        if (plan.winograd)
            CHECK(Convolution(wide, plan).transform_input().local[0] <= 64);
}

TEST_CASE("unit.convolution.winograd_rounds_what_its_transforms_add") {
    // One channel of 4 x 4 pixels, all 1, as are all taps.
    const ConvolutionShape shape{1, 1, 4, 4};
    const HostOperands operands{std::vector<float>(16, 1), std::vector<float>(9, -1), {2}};
    const auto sum = [&](std::uint32_t y, std::uint32_t x) {
        return bounded_sum(shape, plain_plan.by_winograd(), operands, 0, y, x);
    };
    CHECK(sum(1, 1).value == host_sum(shape, operands, 0, 1, 1).value);
    CHECK(sum(1, 1).terms == 1 + 12);
    // Of a row's four pixels 0, 3, 4 and 1 products count; those of the padding are 0.
    CHECK(sum(1, 1).magnitude == 2 + 8 * 8);
    CHECK(sum(0, 0).magnitude == 2 + 7 * 7);
    CHECK(sum(0, 1).magnitude == 2 + 7 * 8);
    CHECK(bounded_sum(shape, plain_plan, operands, 0, 0, 1).magnitude ==
          host_sum(shape, operands, 0, 0, 1).magnitude);
}

TEST_CASE("unit.convolution.winograd_is_predicted_by_its_own_products_and_launches") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", 1e11);
    const Convolution convolution(plain, plain_plan.by_winograd());
    const double seconds = convolution.predicted_seconds(facts).value();
    CHECK(seconds > convolution.flops() / 1e11);
    CHECK(seconds < 1.1 * convolution.flops() / 1e11);
    CHECK(convolution.flops() == plain.flops() * 4 / 9);
    add_fact(facts, "launch.back_to_back", 1);
    CHECK(convolution.predicted_seconds(facts) == Approx(seconds + 3));
}

TEST_CASE("unit.convolution.winograd_is_set_against_the_roof_by_what_it_computes") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", plain.flops() / 1e-3);
    const ConvolutionPlan plan = plain_plan.by_winograd();
    const auto findings = findings_of(timed_calls(plain, plan, 0.6e-3), facts);
    CHECK(finding(findings, "conv.fp32.3x3.384_384.14x14.rate").value ==
          Approx(plain.flops() / 0.6e-3));
    const Finding &share = finding(findings, "conv.fp32.3x3.384_384.14x14.roof_share");
    CHECK(share.status == Status::measured);
    CHECK(share.value == Approx(4.0 / 9 / 0.6));
    CHECK(finding(findings_of(timed_calls(plain, plan, 0.3e-3), facts),
                  "conv.fp32.3x3.384_384.14x14.roof_share")
              .status == Status::suspect);
}

TEST_CASE("unit.convolution.more_than_the_rate_of_multiply_adds_is_suspect") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", 1e11);
    const auto findings = findings_of(timed_calls(plain, plain_plan, 1e-3), facts);
    CHECK(finding(findings, "conv.fp32.3x3.384_384.14x14.roof_share").status == Status::suspect);
}

TEST_CASE("unit.convolution.calls_that_nobody_verified_are_suspect") {
    Dataset data = timed_calls(plain, plain_plan, 1e-3);
    data.number_attributes.clear();
    const Finding time =
        finding(findings_of(data, cpu_facts()), "conv.fp32.3x3.384_384.14x14.time");
    CHECK(time.status == Status::suspect);
}

TEST_CASE("unit.convolution.numbers_are_told_apart") {
    Facts facts = cpu_facts();
    add_fact(facts, "fma.fp32.rate", 1e12);
    add_fact(facts, "fma.fp16.rate", 2e12);
    const ConvolutionShape &shape = other_shapes[1];
    const std::string key = ".3x3.64_64.56x56.";
    Dataset data;
    data.text_attributes["fp16.unsupported"] = "no half precision";
    data.number_attributes["verified.fp16_fp32"] = 5;
    Series &series =
        data.add(series::other_numbers, axes<NumbersRow>(), {"time", Unit::second, {}});
    const auto add_calls = [&](Numbers numbers, double seconds) {
        Point &point = series.point(coordinates(NumbersRow{numbers, shape, plain_plan}, 1));
        for (int block = 0; block < 5; ++block) {
            point.samples.push_back(seconds * (1 + 0.005 * (block - 2)));
            point.block.push_back(block);
        }
    };
    add_calls(Numbers::fp16_fp32, 1e-3);
    const auto findings = findings_of(data, facts);
    const Finding unsupported = finding(findings, "conv.fp16" + key + "rate");
    CHECK(unsupported.status == Status::unsupported);
    CHECK(unsupported.note == "no half precision");
    const Finding rate = finding(findings, "conv.fp16_fp32" + key + "rate");
    CHECK(rate.status == Status::measured);
    CHECK(rate.value == Approx(shape.flops() / 1e-3));
    // Sums in single precision are compared with its rate.
    CHECK(finding(findings, "conv.fp16_fp32" + key + "roof_share").value ==
          Approx(shape.flops() / 1e-3 / 1e12));
    CHECK(finding(findings, "conv.fp16_fp32.3x3.16_16.14x14.time").status == Status::inconclusive);
    // Those of half precision are compared with its own.
    data.text_attributes.clear();
    data.number_attributes["verified.fp16"] = 5;
    add_calls(Numbers::fp16, 0.5e-3);
    CHECK(finding(findings_of(data, facts), "conv.fp16" + key + "roof_share").value ==
          Approx(shape.flops() / 0.5e-3 / 2e12));
    // Which were not verified is told of each.
    data.number_attributes.erase("verified.fp16");
    CHECK(finding(findings_of(data, facts), "conv.fp16" + key + "time").status == Status::suspect);
    CHECK(finding(findings_of(data, facts), "conv.fp16_fp32" + key + "time").status ==
          Status::measured);
}

TEST_CASE("unit.convolution.a_report_from_before_halves_says_nothing_of_them") {
    for (const Finding &found : findings_of(timed_calls(plain, plain_plan, 1e-3), cpu_facts()))
        CHECK(found.key.starts_with("conv.fp32."));
}

TEST_CASE("unit.convolution.halves_are_for_direct_panels_of_one_tile") {
    ConvolutionPlan several = plain_plan;
    several.tiles = 3;
    ConvolutionPlan winograd = plain_plan.by_winograd();
    for (const ConvolutionPlan &plan : {several, winograd, ConvolutionPlan::by_local_memory({})}) {
        CHECK(Convolution::unfit(plain, plan).empty());
        CHECK_THAT(Convolution::unfit(plain, plan, Numbers::fp16_fp32),
                   ContainsSubstring("single precision"));
    }
    CHECK_THAT(Convolution::unfit(plain, plain_plan, Numbers::int8), ContainsSubstring("bytes"));
    CHECK(Convolution(plain, plain_plan, Numbers::fp16).weights_bytes() * 2 ==
          Convolution(plain, plain_plan).weights_bytes());
    CHECK_THAT(Convolution(plain, plain_plan, Numbers::fp16).build_options(),
               ContainsSubstring("-DHALF_SUMS"));
    for (const ConvolutionShape &shape : other_shapes)
        for (const Facts &facts : {cpu_facts(), cpu_facts(4)})
            CHECK(Convolution::unfit(shape, plan_for_halves(shape, facts), Numbers::fp16).empty());
}

TEST_CASE("unit.convolution.calls_of_a_plan_that_is_none_count_nothing") {
    ConvolutionPlan wide = plain_plan;
    wide.tile.rows = 16;
    const auto findings = findings_of(timed_calls(plain, wide, 1e-3), cpu_facts());
    CHECK(finding(findings, "conv.fp32.3x3.384_384.14x14.time").status == Status::inconclusive);
}

TEST_CASE("unit.convolution.only_what_a_race_chose_is_kept") {
    Dataset data = timed_calls(plain, plain_plan, 1e-3);
    data.text_attributes["choice." + plain.name()] = "predicted to be the fastest";
    CHECK(choices_of(data).empty());
    data.text_attributes["choice." + plain.name()] = "the fastest of a race";
    const std::vector<Choice> choices = choices_of(data);
    REQUIRE(choices.size() == 1);
    CHECK(choices.front() == Choice{kernel_text, "", plain.name(), coordinates(plain_plan)});
}

TEST_CASE("unit.convolution.what_is_predicted_from_is_measured_before") {
    const ProbeInfo &info = builtin("workloads/convolution").info();
    for (const char *key : {"fma.fp32.rate", "compute_units", "registers.full_occupancy_limit",
                            "buffer.memory.read_bandwidth", "launch.back_to_back", "launch.gap"}) {
        CAPTURE(key);
        CHECK(std::ranges::any_of(info.depends_on, [&](const std::string &probe) {
            return std::ranges::count(builtin(probe).info().findings, key, &FindingKey::key) > 0;
        }));
    }
}
