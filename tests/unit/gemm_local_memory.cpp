#include "common/device_tiles.hpp"
#include "gemm_calls.hpp"

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
