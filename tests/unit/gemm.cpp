#include "common/device_tiles.hpp"
#include "gemm_calls.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <set>

using namespace clprobe;
using namespace clprobe::probes::gemm;
using namespace clprobe::workloads;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("unit.gemm.launches cover the product, whatever divides it") {
    for (const GemmShape &shape : {GemmShape{1, 1, 1}, {37, 53, 29}, {64, 64, 64}, {1000, 7, 3}})
        for (const GemmPlan &plan : gemm_plans(shape, cpu())) {
            const Gemm gemm(shape, plan);
            const NdRange all = gemm.multiply(gemm.blocks());
            INFO(shape.name() << " by " << plan.describe());
            CHECK(all.global[0] * all.global[2] * plan.tile.rows >= shape.m);
            CHECK(all.global[1] * plan.tile.row_elements() >= shape.n);
            CHECK(all.global[0] % all.local[0] == 0);
            CHECK(all.global[1] % all.local[1] == 0);
            CHECK(gemm.steps() * plan.tile.step >= shape.k);
            CHECK(gemm.pack_left().global[0] >= gemm.steps());
            CHECK(gemm.pack_left().global[1] * plan.tile.rows >= shape.m);
            CHECK(gemm.pack_right().global[0] >= gemm.steps());
            CHECK(gemm.left_panels_bytes() >= sizeof(float) * shape.m * shape.k);
            CHECK(gemm.right_panels_bytes() >= sizeof(float) * shape.k * shape.n);
        }
}

TEST_CASE("unit.gemm.the left operand stays where it is if it has whole tiles and steps") {
    const GemmPlan plan{.tile = {6, 2, 8, 8, 1}, .left_in_place = true};
    CHECK_FALSE(Gemm({6, 1, 8}, plan).packs_left());
    CHECK_FALSE(Gemm({37, 55, 64}, plan).packs_left());
    CHECK(Gemm({5, 1, 8}, plan).packs_left());
    CHECK(Gemm({6, 1, 12}, plan).packs_left());
    CHECK(Gemm({6, 1, 8}, {.tile = plan.tile}).packs_left());
    CHECK(Gemm({6, 1, 32}, plan, Numbers::int8).packs_left());
    CHECK_FALSE(panels_for(large, Numbers::int8, cpu()).left_in_place);
    GemmPlan local = GemmPlan::by_local_memory({});
    local.left_in_place = true;
    CHECK_FALSE(Gemm({6, 1, 12}, local).packs_left());

    CHECK(stages_of({6, 1, 8}, plan) == std::vector{Stage::pack_right, Stage::multiply});
    CHECK(stages_of({6, 1, 12}, plan).size() == 3);
    CHECK_THAT(Gemm({6, 1, 8}, plan).build_options(), ContainsSubstring("-DLEFT_IN_PLACE=1"));
    CHECK_THAT(Gemm({6, 1, 12}, plan).build_options(), ContainsSubstring("-DLEFT_IN_PLACE=0"));
    CHECK(Gemm({60, 1, 8}, plan).most_bytes() < Gemm({60, 1, 12}, plan).most_bytes());
    CHECK_THAT(plan.describe(), ContainsSubstring("in place"));
}

TEST_CASE("unit.gemm.what stays where it is costs no copy") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 1e12);
    add(facts, "buffer.memory.copy_bandwidth", 1e9);
    GemmPlan plan{{8, 2, 16, 16, 1}, 16, 1, 1};
    const PredictedCall packed = Gemm(large, plan).predicted_call(facts).value();
    plan.left_in_place = true;
    const PredictedCall in_place = Gemm(large, plan).predicted_call(facts).value();
    CHECK(packed.work - in_place.work == Approx(8.0 * 1024 * 1024 / 1e9));
    const PredictedCall alone = Gemm(large, plan).predicted_multiplying(facts).value();
    CHECK(in_place.work - alone.work == Approx(8.0 * 1024 * 1024 / 1e9));
    CHECK(alone.launches == 1);
    CHECK(in_place.launches == packed.launches - 1);
}

TEST_CASE("unit.gemm.a CPU's rows stay in place unless they crowd the sets of a cache") {
    const auto ways = [](const GemmShape &shape, unsigned rows) {
        std::set<bool> in_place;
        for (const GemmPlan &plan : gemm_plans(shape, cpu()))
            if (plan.tile.rows == rows)
                in_place.insert(plan.left_in_place);
        return in_place;
    };
    CHECK(ways({1024, 1024, 1008}, 14) == std::set{true});
    CHECK(ways(large, 6) == std::set{false, true}); // too many for four ways of a cache
    CHECK(ways(large, 8) == std::set{false});
    CHECK(ways({1024, 1024, 512}, 4) == std::set{true});
    CHECK(ways({1024, 1024, 512}, 12) == std::set{false, true});
    CHECK(ways({1024, 1024, 512}, 14) == std::set{false});
    for (const GemmShape &shape : {GemmShape{1024, 1024, 1000}, {5, 1024, 1008}, {37, 53, 29}})
        for (const GemmPlan &plan : gemm_plans(shape, cpu()))
            CHECK(plan.left_in_place != Gemm(shape, plan).packs_left());
    for (const GemmPlan &plan : gemm_plans(large, gpu()))
        CHECK_FALSE(plan.left_in_place);
}

TEST_CASE("unit.gemm.a CPU packs along rows, as far as there is work for all its threads") {
    const GemmPlan alone{{8, 1, 16, 16, 1}, 16, 1, 1};
    CHECK(Gemm({1024, 1024, 4096}, alone).pack_right().global[1] == 1);
    CHECK(Gemm({1024, 1024, 64}, alone).pack_right().global[1] == 16);
    CHECK(Gemm({1024, 16, 64}, alone).pack_right().global[1] == 1); // a single panel
    const GemmPlan together{{8, 1, 4, 4, 1}, 16, 8, 8};
    CHECK(Gemm(large, together).pack_right().global[1] == 1024 / 4);
}

TEST_CASE("unit.gemm.a block of panels is whole groups") {
    const NdRange range = Gemm(large, {.tile = {}, .block = 12, .group_left = 8}).multiply(1);
    CHECK(range.global[0] == 16);
}

TEST_CASE("unit.gemm.the slowest part is what a call takes") {
    Facts facts = cpu();
    const GemmPlan plan{{8, 2, 16, 16, 1}, 16, 1, 1};
    const Gemm gemm(large, plan);
    CHECK_FALSE(gemm.predicted_seconds(facts));
    add(facts, "fma.fp32.rate", 1e11);
    const double compute = large.flops() / 1e11;
    CHECK(gemm.predicted_seconds(facts) == Approx(compute));
    // Each factor is loaded as a vector: 8 x 16 + 32 floats for 8 x 32 multiply-adds.
    add(facts, "buffer.l1.read_bandwidth", 1e10);
    const double loads = 1024.0 * 1024 * 1024 / (8 * 32) * (8 * 16 + 32) * sizeof(float) / 1e10;
    CHECK(gemm.predicted_seconds(facts) == Approx(loads));
    add(facts, "buffer.memory.copy_bandwidth", 1e9);
    CHECK(gemm.predicted_seconds(facts) == Approx(loads + 16.0 * 1024 * 1024 / 1e9));
}

TEST_CASE("unit.gemm.findings_of_nothing_predict_nothing") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 0);
    CHECK_FALSE(Gemm(large, {}).predicted_seconds(facts));
    facts.findings.front().value = 1e11;
    for (const char *key : {"compute_units", "buffer.l1.read_bandwidth",
                            "buffer.memory.read_bandwidth", "buffer.memory.copy_bandwidth"})
        add(facts, key, 0);
    CHECK(std::isfinite(Gemm(large, {}).predicted_seconds(facts).value()));
}

TEST_CASE("unit.gemm.what a cache does not hold comes from beyond it") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 1e15);
    add(facts, "buffer.l1.read_size", 1e5);
    add(facts, "buffer.memory.read_bandwidth", 1e9);
    const double bytes = 1024.0 * 1024 * sizeof(float);
    // A block of 16 panels of 8 rows and a panel of 16 columns: 576 KiB do not fit, two panels do.
    const GemmPlan plan{{8, 1, 16, 16, 1}, 16, 1, 1};
    CHECK(Gemm(large, plan).predicted_seconds(facts) == Approx((64 * bytes + 8 * bytes) / 1e9));
    // A level that holds the block as well: B comes once for each of the 8 blocks, A once.
    facts.findings[1].value = 1e6;
    CHECK(Gemm(large, plan).predicted_seconds(facts) == Approx(9 * bytes / 1e9));
    // And one that holds no two panels.
    facts.findings[1].value = 1e4;
    CHECK(Gemm(large, plan).predicted_seconds(facts) == Approx((64 * bytes + 128 * bytes) / 1e9));
}

TEST_CASE("unit.gemm.a tile stays within the registers that are known") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 1e11);
    add(facts, "buffer.l1.read_bandwidth", 1e11);
    const Tile of_cpu = gemm_plans(large, facts).front().tile;
    CHECK(of_cpu.rows * of_cpu.vectors + of_cpu.vectors + 1 <= 16);
    CHECK(of_cpu.width == 16);

    // Of a GPU that reads operands through its caches: tile, four rows of the right operand, a
    // quad of the left one, twelve others.
    facts.device->type = DeviceType::gpu;
    const auto registers = [](const Tile &tile) {
        return (tile.rows * tile.vectors + 4 * tile.vectors + 1) * tile.width + 12;
    };
    const Tile of_gpu = gemm_plans(large, facts).front().tile;
    CHECK(registers(of_gpu) == 64);
    add(facts, "registers.full_occupancy_limit", 32);
    add(facts, "registers.spill_limit", 57);
    CHECK(registers(gemm_plans(large, facts).front().tile) <= 57);
    // Others keep all their threads.
    add(facts, "local.own_memory", 1);
    for (const GemmPlan &plan : gemm_plans(large, facts))
        if (const Tile &tile = plan.tile; plan.family == KernelFamily::panels)
            CHECK(fits_registers(plan, facts) ==
                  ((tile.rows * tile.vectors + tile.vectors + 1) * tile.width <= 32));
}

TEST_CASE("unit.gemm.plans of a claimed width of no use are of vectors all the same") {
    for (const std::uint64_t claimed : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}})
        for (const GemmPlan &plan : gemm_plans(large, cpu(claimed)))
            CHECK((plan.tile.width == 4 || plan.tile.width == 16));
}

TEST_CASE("unit.gemm.a call is its kernels together") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 1e12);
    const GemmPlan plan{{8, 2, 16, 16, 1}, 16, 1, 1};
    const auto findings = findings_of(calls(large, plan, 4e-3), facts);
    CHECK(findings.size() == 4 * shapes.size()); // nothing of numbers that the data do not have
    const Finding &time = finding(findings, "gemm.fp32.1024x1024x1024.time");
    CHECK(time.status == Status::measured);
    CHECK(time.value == Approx(4e-3));
    CHECK(time.interval->low < 4e-3);
    CHECK(time.interval->high > 4e-3);
    CHECK_THAT(time.method, ContainsSubstring("8 rows of 2 float16") &&
                                ContainsSubstring("20 % of each spent on packing or adding parts"));
    const Finding &rate = finding(findings, "gemm.fp32.1024x1024x1024.rate");
    CHECK(rate.value == Approx(large.flops() / 4e-3));
    CHECK(finding(findings, "gemm.fp32.1024x1024x1024.roof_share").value ==
          Approx(large.flops() / 4e-3 / 1e12));
    const Finding &predicted = finding(findings, "gemm.fp32.1024x1024x1024.predicted_share");
    CHECK(predicted.value == Approx(large.flops() / 1e12 / 4e-3));
    CHECK_THAT(predicted.note, ContainsSubstring("wrong here by more than a quarter"));
    CHECK(finding(findings, "gemm.fp32.64x64x64.time").status == Status::inconclusive);
}

TEST_CASE("unit.gemm.more than the rate of multiply-adds is suspect") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 1e11);
    const auto findings = findings_of(calls(large, {}, 4e-3), facts);
    CHECK(finding(findings, "gemm.fp32.1024x1024x1024.roof_share").status == Status::suspect);
}

TEST_CASE("unit.gemm.a call that packs one operand has two stages") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 1e12);
    const GemmPlan plan{.tile = {6, 2, 16, 16, 1}, .left_in_place = true};
    Dataset data = calls(large, plan, 4e-3);
    const Finding time = finding(findings_of(data, facts), "gemm.fp32.1024x1024x1024.time");
    CHECK(time.value == Approx(4e-3));
    CHECK_THAT(time.method, ContainsSubstring("10 % of each"));
    std::erase_if(data.series.front().points, [](const Point &point) {
        return point.at.back() == static_cast<double>(Stage::pack_right);
    });
    CHECK(finding(findings_of(data, facts), "gemm.fp32.1024x1024x1024.time").status ==
          Status::inconclusive);
}

TEST_CASE("unit.gemm.calls that nobody verified are suspect") {
    Dataset data = calls(large, {}, 4e-3);
    data.number_attributes.erase(entry::verified);
    const Finding time = finding(findings_of(data, cpu()), "gemm.fp32.1024x1024x1024.time");
    CHECK(time.status == Status::suspect);
}

TEST_CASE("unit.gemm.calls of very different times give nothing") {
    Dataset data = calls(large, {}, 4e-3);
    for (Point &point : data.series.front().points)
        point.samples = {1e-3, 1e-3, 1e-3, 1, 2};
    const Finding time = finding(findings_of(data, cpu()), "gemm.fp32.1024x1024x1024.time");
    CHECK(time.status == Status::inconclusive);
    CHECK_THAT(time.note, ContainsSubstring("too different times"));
}

TEST_CASE("unit.gemm.only what a race chose is kept") {
    Dataset data = calls(large, {}, 4e-3);
    data.text_attributes[entry::choice + large.name()] = entry::predicted;
    CHECK(choices_of(data).empty());
    data.text_attributes[entry::choice + large.name()] = entry::tuned;
    const std::vector<Choice> choices = choices_of(data);
    REQUIRE(choices.size() == 1);
    CHECK(choices.front() == Choice{kernel_text, "", "1024x1024x1024", coordinates(GemmPlan{})});
}

TEST_CASE("unit.gemm.what_is_predicted_from_is_measured_before") {
    const ProbeInfo &info = builtin("workloads/gemm").info();
    for (const char *key :
         {"fma.fp32.rate", "compute_units", "registers.full_occupancy_limit",
          "registers.spill_limit", "register_file.bytes_per_cu", "local_memory.bytes_per_cu",
          "occupancy.max_threads_per_cu", "local.own_memory", "local.bandwidth", "local.latency",
          "fma.fp32.latency", "launch.device.p50", "launch.round_trip.p50", "buffer.memory.latency",
          "buffer.memory.read_bandwidth", "buffer.memory.copy_bandwidth", "launch.back_to_back",
          "launch.gap"}) {
        CAPTURE(key);
        CHECK(std::ranges::any_of(info.depends_on, [&](const std::string &probe) {
            return std::ranges::count(builtin(probe).info().findings, key, &FindingKey::key) > 0;
        }));
    }
}

TEST_CASE("unit.gemm.a_roof_without_an_interval_is_none") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 1e12);
    facts.findings.back().interval.reset();
    const auto findings = findings_of(calls(large, {}, 4e-3), facts);
    CHECK(finding(findings, "gemm.fp32.1024x1024x1024.roof_share").status == Status::inconclusive);
}

TEST_CASE("unit.gemm.groups_are_no_larger_than_the_device_has") {
    Facts facts = cpu();
    facts.device->type = DeviceType::gpu;
    for (const std::uint64_t most : {1u, 20u, 64u, 1024u}) {
        facts.device->max_work_group_size = most;
        for (const GemmPlan &plan : gemm_plans(large, facts))
            CHECK(plan.group_left * plan.group_right <= most);
    }
}

TEST_CASE("unit.gemm.numbers_need_what_they_need") {
    DeviceInfo device;
    CHECK_THAT(probes::lacks(device, Numbers::fp16), ContainsSubstring("half precision"));
    CHECK(probes::lacks(device, Numbers::fp16_fp32).empty());
    CHECK_THAT(probes::lacks(device, Numbers::int8),
               ContainsSubstring("cl_khr_integer_dot_product"));
    device.fp16 = true;
    device.extensions = {"cl_khr_integer_dot_product"};
    CHECK(probes::lacks(device, Numbers::fp16).empty());
    CHECK(probes::lacks(device, Numbers::int8).empty());
}

TEST_CASE("unit.gemm.panels_are_as_large_as_their_numbers") {
    for (const GemmShape &shape : {GemmShape{1, 1, 1}, {37, 53, 29}, {64, 64, 64}}) {
        const auto gemm = [&](Numbers numbers) {
            return Gemm(shape, panels_for(shape, numbers, cpu()), numbers);
        };
        INFO(shape.name());
        CHECK(gemm(Numbers::fp16).left_panels_bytes() * 2 ==
              gemm(Numbers::fp32).left_panels_bytes());
        CHECK(gemm(Numbers::fp16_fp32).right_panels_bytes() * 2 ==
              gemm(Numbers::fp32).right_panels_bytes());
        CHECK(gemm(Numbers::int8).left_panels_bytes() >= std::size_t{shape.m} * shape.k);
        CHECK(gemm(Numbers::int8).left_panels_bytes() % 4 == 0);
    }
    CHECK(panels_for(large, Numbers::int8, cpu()).tile.width == 4);
    CHECK(panels_for(large, Numbers::fp16, gpu()).family == KernelFamily::panels);
}

TEST_CASE("unit.gemm.builds_say_their_numbers") {
    const auto options = [](Numbers numbers) {
        return Gemm(large, GemmPlan{}, numbers).build_options();
    };
    CHECK_THAT(options(Numbers::fp32), !ContainsSubstring("HALF") && !ContainsSubstring("BYTES"));
    CHECK_THAT(options(Numbers::fp16), ContainsSubstring("-DHALF_SUMS"));
    CHECK_THAT(options(Numbers::fp16_fp32), ContainsSubstring("-DHALF"));
    CHECK_THAT(options(Numbers::int8), ContainsSubstring("-DBYTES"));
}

TEST_CASE("unit.gemm.numbers_are_told_apart") {
    Facts facts = cpu();
    add(facts, "fma.fp32.rate", 1e12);
    add(facts, "fma.fp16.rate", 2e12);
    Dataset data;
    data.text_attributes["fp16.unsupported"] = "no half precision";
    data.number_attributes["verified.fp16_fp32"] = 5;
    data.number_attributes["verified.int8"] = 5;
    Series &series =
        data.add(series::other_numbers, axes<NumbersRow>(), {"time", Unit::second, {}});
    const auto add_calls = [&](Numbers numbers, double seconds) {
        for (int block = 0; block < 5; ++block)
            for (const Stage stage : stages_of(large, GemmPlan{})) {
                Point &point =
                    series.point(coordinates(NumbersRow{numbers, {large, GemmPlan{}, stage}}));
                point.samples.push_back(seconds / 3 * (1 + 0.005 * (block - 2)));
                point.block.push_back(block);
            }
    };
    add_calls(Numbers::fp16_fp32, 8e-3);
    add_calls(Numbers::int8, 2e-3);
    const auto findings = findings_of(data, facts);
    const Finding unsupported = finding(findings, "gemm.fp16.1024x1024x1024.rate");
    CHECK(unsupported.status == Status::unsupported);
    CHECK(unsupported.note == "no half precision");
    const Finding rate = finding(findings, "gemm.fp16_fp32.1024x1024x1024.rate");
    CHECK(rate.status == Status::measured);
    CHECK(rate.value == Approx(large.flops() / 8e-3));
    // Sums in single precision are compared with its rate.
    CHECK(finding(findings, "gemm.fp16_fp32.1024x1024x1024.roof_share").value ==
          Approx(large.flops() / 8e-3 / 1e12));
    const Finding bytes = finding(findings, "gemm.int8.1024x1024x1024.rate");
    CHECK(bytes.value == Approx(large.flops() / 2e-3));
    CHECK(bytes.unit == Unit::op_per_second);
    // Those of half precision are compared with its own.
    data.text_attributes.clear();
    data.number_attributes["verified.fp16"] = 5;
    add_calls(Numbers::fp16, 4e-3);
    CHECK(finding(findings_of(data, facts), "gemm.fp16.1024x1024x1024.roof_share").value ==
          Approx(large.flops() / 4e-3 / 2e12));
    // Which were not verified is told of each.
    data.number_attributes.erase("verified.fp16");
    CHECK(finding(findings_of(data, facts), "gemm.fp16.1024x1024x1024.rate").status ==
          Status::suspect);
    CHECK(finding(findings_of(data, facts), "gemm.int8.1024x1024x1024.rate").status ==
          Status::measured);
}
