#include "common/device_tiles.hpp"
#include "interpreted.hpp"
#include "workloads/gemm/gemm.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;
using namespace clprobe::probes::gemm;
using namespace clprobe::workloads;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

const GemmShape large{1024, 1024, 1024};

Facts cpu(std::uint64_t width = 16) {
    Facts facts;
    facts.device.emplace();
    facts.device->type = DeviceType::cpu;
    facts.device->native_float_width = width;
    return facts;
}

void add(Facts &facts, const char *key, double value) {
    facts.findings.push_back(measured({key, Unit::one, Better::none, ""}, value, {value, value}));
}

/// Calls that take so long, a tenth of it for each packing, off by up to a hundredth.
Dataset calls(const GemmShape &shape, const GemmPlan &plan, double seconds) {
    Dataset data;
    data.number_attributes[entry::verified] = 5;
    Series &series = data.add(series::call, axes<StageRow>(), {"time", Unit::second, {}});
    for (int block = 0; block < 5; ++block)
        for (const Stage stage : stages_of(plan)) {
            Point &point = series.point(coordinates(StageRow{shape, plan, stage}));
            const double others = static_cast<double>(stages_of(plan).size() - 1);
            const double share = stage == Stage::multiply ? 1 - 0.1 * others : 0.1;
            point.samples.push_back(share * seconds * (1 + 0.005 * (block - 2)));
            point.block.push_back(block);
        }
    return data;
}

} // namespace

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
            CHECK(gemm.left_panels_bytes() >= sizeof(float) * shape.m * shape.k);
            CHECK(gemm.right_panels_bytes() >= sizeof(float) * shape.k * shape.n);
        }
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

// The family of local memory.

namespace {

/// A GPU with local memory of its own; the values are of none.
Facts gpu() {
    Facts facts;
    facts.device.emplace();
    facts.device->type = DeviceType::gpu;
    facts.device->max_work_group_size = 1024;
    facts.device->local_memory = 49152;
    for (const auto &[key, value] : std::initializer_list<std::pair<const char *, double>>{
             {"local.own_memory", 1},
             {"fma.fp32.rate", 64e12},
             {"compute_units", 128},
             {"registers.spill_limit", 255},
             {"registers.full_occupancy_limit", 32},
             {"buffer.l1.read_bandwidth", 32e12}})
        add(facts, key, value);
    return facts;
}

std::vector<GemmPlan> by_local_memory(const GemmShape &shape, const Facts &facts) {
    std::vector<GemmPlan> plans = gemm_plans(shape, facts);
    std::erase_if(plans, [](const GemmPlan &plan) { return plan.family == KernelFamily::panels; });
    return plans;
}

/// 16 multiply-adds of a work-item for each element of the depth.
const GroupTile small_tile{64, 64, 16, 4, 4, 8, false, 1, 1};

GroupTile split(unsigned splits) {
    GroupTile tile = small_tile;
    tile.splits = splits;
    return tile;
}

double predicted(const GemmShape &shape, const GroupTile &tile, const Facts &facts) {
    return Gemm(shape, GemmPlan::by_local_memory(tile)).predicted_seconds(facts).value();
}

} // namespace

TEST_CASE("unit.gemm.local_memory_is_used_where_it_is_a_memory_of_its_own") {
    Facts facts = gpu();
    CHECK(gemm_plans(large, facts).front().family == KernelFamily::local_memory);
    CHECK(by_local_memory({4096, 4096, 4096}, facts).size() <= 200);
    facts.findings.front().value = 0;
    CHECK(by_local_memory(large, facts).empty());
    facts.findings.erase(facts.findings.begin());
    CHECK(by_local_memory(large, facts).empty());
    facts = gpu();
    facts.device->type = DeviceType::cpu;
    CHECK(by_local_memory(large, facts).empty());
}

TEST_CASE("unit.gemm.tiles_of_groups_are_whole") {
    Facts facts = gpu();
    for (const std::uint64_t most : {64u, 256u, 1024u})
        for (const std::uint64_t bytes : {16384u, 49152u}) {
            facts.device->max_work_group_size = most;
            facts.device->local_memory = bytes;
            const auto plans = by_local_memory(large, facts);
            CHECK_FALSE(plans.empty());
            for (const GemmPlan &plan : plans) {
                const GroupTile &tile = plan.group_tile;
                INFO(plan.describe());
                CHECK(tile.items() <= most);
                CHECK(tile.local_bytes() <= bytes);
                CHECK(tile.tile_rows / tile.item_rows % tile.lanes_down == 0);
                CHECK(tile.tile_columns / tile.item_columns % (32 / tile.lanes_down) == 0);
                CHECK(tile.tile_rows * tile.slice / 4 % tile.items() == 0);
                CHECK(tile.tile_columns * tile.slice / 4 % tile.items() == 0);
                CHECK(std::ranges::count(plans, plan) == 1);
            }
        }
}

TEST_CASE("unit.gemm.only_waves_of_groups_have_strips") {
    const auto strips = [](const GemmShape &shape) {
        const auto plans = by_local_memory(shape, gpu());
        return std::ranges::count_if(plans,
                                     [](const auto &plan) { return plan.group_tile.strip > 1; });
    };
    CHECK(strips({256, 256, 256}) == 0);
    CHECK(strips({4096, 4096, 4096}) > 0);
}

TEST_CASE("unit.gemm.groups_cover_the_product") {
    for (const GemmShape &shape : {GemmShape{1, 1, 1}, {37, 53, 29}, {1000, 7, 64}})
        for (const GemmPlan &plan : by_local_memory(shape, gpu())) {
            const GroupTile &tile = plan.group_tile;
            const Gemm gemm(shape, plan);
            const NdRange all = gemm.multiply(gemm.blocks());
            INFO(shape.name() << " by " << plan.describe());
            CHECK(all.group_size() == tile.items());
            CHECK(all.global[0] / tile.items() * tile.tile_columns >= shape.n);
            CHECK(all.global[1] * tile.tile_rows >= shape.m);
            CHECK(all.global[2] == tile.splits);
            CHECK(gemm.parts_bytes() == sizeof(float) * shape.m * shape.n * tile.splits);
            CHECK(gemm.add_parts().global[0] >= shape.n);
            CHECK(gemm.add_parts().global[1] == shape.m);
        }
}

TEST_CASE("unit.gemm.vectors_are_loaded_where_rows_begin_with_one") {
    const GemmPlan plan = GemmPlan::by_local_memory(small_tile);
    const auto options = [&](const GemmShape &shape) { return Gemm(shape, plan).build_options(); };
    CHECK_THAT(options({5, 8, 12}), ContainsSubstring("-DALIGNED=1"));
    CHECK_THAT(options({8, 6, 12}), ContainsSubstring("-DALIGNED=0"));
    CHECK_THAT(options({8, 8, 10}), ContainsSubstring("-DALIGNED=0"));
    // Programs are as few as can be.
    CHECK(options(large) == Gemm(large, GemmPlan::by_local_memory(split(3))).build_options());
}

TEST_CASE("unit.gemm.the_last_groups_leave_units_idle") {
    Facts facts = gpu();
    // For a slice 256 multiply-adds, 32 operands, a load each, and five stores.
    const double instructions = 1 + (32 + 2 + 5) / 256.0;
    const double tile = 2.0 * 64 * 64 * 1024 / 64e12 * instructions; // by all units together
    CHECK(predicted({64 * 16, 64 * 8, 1024}, small_tile, facts) == Approx(128 * tile));
    CHECK(predicted({64 * 43, 64 * 3, 1024}, small_tile, facts) == Approx(256 * tile));
    CHECK(predicted({64 * 43, 63 * 3, 1021}, small_tile, facts) == Approx(256 * tile));
    // Few tiles are worth splitting.
    CHECK(predicted({64, 64, 1024}, small_tile, facts) == Approx(128 * tile));
    CHECK(predicted({64, 64, 1024}, split(4), facts) == Approx(128 * tile / 4));
    add(facts, "launch.back_to_back", 1e-3);
    CHECK(predicted({64, 64, 1024}, small_tile, facts) == Approx(1e-3 + 128 * tile));
    CHECK(predicted({64, 64, 1024}, split(4), facts) == Approx(2e-3 + 128 * tile / 4));
    add(facts, "buffer.memory.copy_bandwidth", 1e9);
    CHECK(predicted({64, 64, 1024}, split(4), facts) ==
          Approx(2e-3 + 128 * tile / 4 + 9 * 64 * 64 * sizeof(float) / 1e9));
}

TEST_CASE("unit.gemm.what_groups_read_bounds_them") {
    const GemmShape shape{1024, 512, 1024}; // 128 tiles
    Facts facts = gpu();
    facts.findings[1].value = 1e18;
    add(facts, "local.bandwidth", 1e12);
    // 256 work-items read 4 elements of A and 4 of B each.
    CHECK(predicted(shape, small_tile, facts) == Approx(128 * 1024.0 * 256 * 8 * 4 / 1e12));
    facts.findings.pop_back();
    add(facts, "buffer.memory.read_bandwidth", 1e10);
    CHECK(predicted(shape, small_tile, facts) == Approx(128 * 1024.0 * 128 * 4 / 1e10));
    add(facts, "buffer.l2.read_bandwidth", 1e11);
    CHECK(predicted(shape, small_tile, facts) == Approx(128 * 1024.0 * 128 * 4 / 1e11));
    // 64 slices, each fetched in turn; four groups of a unit where one is resident, or all.
    add(facts, "buffer.memory.latency", 1);
    // A load and a store besides, which nothing hides.
    CHECK(predicted(shape, small_tile, facts) == Approx(64 + 2));
    CHECK(predicted({2048, 1024, 1024}, small_tile, facts) == Approx(4 * 64 + 2));
    add(facts, "local_memory.bytes_per_cu", 1e6);
    add(facts, "occupancy.max_threads_per_cu", 2048);
    add(facts, "register_file.bytes_per_cu", 262144);
    CHECK(predicted({2048, 1024, 1024}, small_tile, facts) == Approx(64 + 2));
    add(facts, "buffer.l2.latency", 2);
    CHECK(predicted(shape, small_tile, facts) == Approx(128 + 2));
}

TEST_CASE("unit.gemm.parts_that_take_as_long_are_in_each_others_way") {
    const GemmShape shape{1024, 512, 1024}; // 128 tiles
    Facts facts = gpu();
    const double alone = predicted(shape, small_tile, facts);
    // Local memory and the level beyond take as long as multiplying does.
    add(facts, "local.bandwidth", 128 * 1024.0 * 256 * 8 * 4 / alone);
    CHECK(predicted(shape, small_tile, facts) == Approx(alone * std::sqrt(2)));
    add(facts, "buffer.memory.read_bandwidth", 128 * 1024.0 * 128 * 4 / alone);
    CHECK(predicted(shape, small_tile, facts) == Approx(alone * std::sqrt(3)));
}

TEST_CASE("unit.gemm.work_items_take_whole_turns") {
    Facts facts = gpu();
    const double lanes = 256; // that multiply at the same time, four steps a latency
    add(facts, "fma.fp32.latency", 4 * lanes / (64e12 / 2 / 128));
    CHECK(workloads::busy_share(lanes / 2, facts) == Approx(0.5));
    CHECK(workloads::busy_share(lanes, facts) == Approx(1));
    CHECK(workloads::busy_share(1.05 * lanes, facts) == 1); // the latency is no exact one
    CHECK(workloads::busy_share(1.5 * lanes, facts) == Approx(0.75));
    CHECK(workloads::busy_share(2 * lanes, facts) == Approx(1));
    CHECK(workloads::busy_share(7.5 * lanes, facts) == 1);
    CHECK(workloads::busy_share(lanes, {}) == 1);
}

TEST_CASE("unit.gemm.few_work_items_wait") {
    const GemmShape shape{128, 512, 1024}; // 16 tiles, of 256 work-items each
    Facts facts = gpu();
    const double busy = predicted(shape, small_tile, facts);
    // 1024 steps of the depth, each after what it takes from local memory.
    add(facts, "local.latency", 1e-3);
    CHECK(predicted(shape, small_tile, facts) == Approx(busy + 1024 * 1e-3));
    facts.findings.pop_back();
    // So long that a unit has to have four times as many multiply-adds in flight.
    const double rate = facts.value("fma.fp32.rate").value();
    const double units = facts.value("compute_units").value_or(1);
    add(facts, "fma.fp32.latency", 4 * 256 * 4 / (rate / 2 / units));
    CHECK(predicted(shape, small_tile, facts) == Approx(4 * busy));
    facts.findings.back().value = 256 * 4 / (rate / 2 / units);
    CHECK(predicted(shape, small_tile, facts) == Approx(busy));
}

TEST_CASE("unit.gemm.panels_of_a_gpu_wait_for_each_row") {
    Facts facts = gpu();
    GemmPlan panels;
    panels.tile.step = 4;
    const auto seconds = [&] { return Gemm(large, panels).predicted_seconds(facts).value(); };
    const double before = seconds();
    add(facts, "buffer.l2.latency", 1);
    CHECK(seconds() == Approx(large.k));
    CHECK(before < large.k);
    facts.device->type = DeviceType::cpu;
    CHECK(seconds() < large.k);
}

TEST_CASE("unit.gemm.any_tile_of_a_report_is_predicted") {
    const Facts facts = gpu();
    const double seconds = predicted({1, 1, 1}, {4, 4, 4, 1024, 1024, 32, true, 1, 8}, facts);
    CHECK(std::isfinite(seconds));
}

TEST_CASE("unit.gemm.a_call_by_local_memory_is_one_launch_or_two") {
    for (const unsigned splits : {1u, 3u}) {
        const GemmPlan plan = GemmPlan::by_local_memory(split(splits));
        const auto findings = findings_of(calls(large, plan, 4e-3), gpu());
        const Finding &time = finding(findings, "gemm.fp32.1024x1024x1024.time");
        CHECK(time.value == Approx(4e-3));
        CHECK_THAT(time.method, ContainsSubstring("tiles of 64 x 64 by 256 work-items"));
    }
}

// Numbers that are not in single precision.

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
    CHECK(options(Numbers::fp32) == GemmPlan{}.tile.build_options());
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
            for (const Stage stage : stages_of(GemmPlan{})) {
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
