#include "interpreted.hpp"
#include "workloads/attention/attention.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

using namespace clprobe;
using namespace clprobe::probes::attention;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using clprobe::workloads::KernelFamily;

namespace {

const AttentionShape large{8, 1024, 64};

Facts facts_of(DeviceType type) {
    Facts facts;
    facts.device.emplace();
    facts.device->type = type;
    facts.device->native_float_width = 16;
    facts.device->max_work_group_size = 1024;
    facts.device->local_memory = 49152;
    facts.findings.push_back(
        measured({"local.own_memory", Unit::one, Better::none, ""}, 1, {1, 1}));
    return facts;
}

Finding &found(Facts &facts, const std::string &key) {
    return *std::ranges::find(facts.findings, key, &Finding::key);
}

void add(Facts &facts, const char *key, double value) {
    facts.findings.push_back(measured({key, Unit::one, Better::none, ""}, value, {value, value}));
}

ScoreTile split(unsigned splits) {
    return {64, 64, 8, 8, 2, true, splits};
}

double predicted(const AttentionShape &shape, const ScoreTile &tile, const Facts &facts) {
    return Attention(shape, AttentionPlan::by_local_memory(tile)).predicted_seconds(facts).value();
}

/// Up to 40 calls in a row that take so long each.
Dataset calls(const AttentionShape &shape, const AttentionPlan &plan, double seconds) {
    Dataset data;
    data.number_attributes[entry::verified] = 5;
    Series &series = data.add(series::call, axes<CallRow>(), {"time", Unit::second, {}});
    for (int block = 0; block < 5; ++block)
        for (const double count : {20.0, 40.0}) {
            Point &point = series.point(coordinates(CallRow{shape, plan}, count));
            point.samples.push_back(count * seconds * (1 + 0.002 * (block - 2)));
            point.block.push_back(block);
        }
    return data;
}

} // namespace

TEST_CASE("unit.attention.what_is_counted") {
    CHECK(large.flops() == 4.0 * 8 * 1024 * 1024 * 64);
    CHECK(AttentionShape{1, 3, 32, true}.scores() == 6);
    CHECK(large.name() == "8x1024x64");
    CHECK(AttentionShape{8, 1024, 64, true}.name() == "8x1024x64.causal");
    CHECK(large.scale() == 0.125f);
}

TEST_CASE("unit.attention.plans_fit_their_device") {
    for (const DeviceType type : {DeviceType::cpu, DeviceType::gpu})
        for (const std::uint64_t most : {1u, 4u, 16u, 64u, 1024u})
            for (const std::uint64_t bytes : {16384u, 32768u, 49152u})
                for (const AttentionShape &shape : shapes) {
                    Facts facts = facts_of(type);
                    facts.device->max_work_group_size = most;
                    facts.device->local_memory = bytes;
                    const auto plans = attention_plans(shape, facts);
                    REQUIRE_FALSE(plans.empty());
                    CHECK(plans.size() <= 250);
                    for (const AttentionPlan &plan : plans) {
                        INFO(shape.name() << " by " << plan.describe());
                        CHECK(Attention::unfit(shape, plan).empty());
                        const NdRange range = Attention(shape, plan).attend(shape.heads);
                        const bool local = plan.family == KernelFamily::local_memory;
                        CHECK(range.group_size() <= most);
                        const std::size_t groups = range.global[0] / range.local[0];
                        CHECK((local ? groups * plan.group_tile.queries
                                     : range.global[0] * plan.tile.rows) >= shape.length);
                        if (local)
                            CHECK(plan.group_tile.local_bytes(shape.width) <= bytes);
                        CHECK(local == (type == DeviceType::gpu &&
                                        plans.front().family == KernelFamily::local_memory));
                    }
                }
}

TEST_CASE("unit.attention.work_items_of_a_cpu_are_alone_whatever_the_width_of_its_vectors") {
    Facts facts = facts_of(DeviceType::cpu);
    facts.device->native_float_width = 4;
    for (const AttentionPlan &plan : attention_plans(large, facts))
        CHECK(Attention(large, plan).attend(8).group_size() == 1);
    facts.device->type = DeviceType::gpu;
    facts.findings.clear(); // with no local memory of its own
    CHECK(Attention(large, attention_plans(large, facts).front()).attend(8).group_size() == 8);
}

TEST_CASE("unit.attention.a_width_that_no_tile_has_is_for_panels") {
    const auto plans = attention_plans({2, 100, 40}, facts_of(DeviceType::gpu));
    CHECK(plans.front().family == KernelFamily::panels);
    CHECK_THAT(Attention::unfit({2, 100, 40}, AttentionPlan::by_local_memory({})),
               ContainsSubstring("multiples of 32"));
    CHECK_THAT(Attention::unfit(large, {KernelFamily::panels, {4, 2, 16, 1, 1}, 48, {}}),
               ContainsSubstring("whole number of panels"));
}

TEST_CASE("unit.attention.memory_that_is_only_called_local_is_not_used") {
    Facts facts = facts_of(DeviceType::gpu);
    facts.findings.front().value = 0;
    CHECK(attention_plans(large, facts).front().family == KernelFamily::panels);
    facts.findings.clear();
    const AttentionPlan plan = attention_plans(large, facts).front();
    CHECK(plan.family == KernelFamily::panels);
    CHECK(Attention(large, plan).attend(8).group_size() == 8);
    CHECK(Attention(large, plan).pack(8).group_size() == 8);
}

TEST_CASE("unit.attention.panels_are_filled_up") {
    const AttentionPlan plan{KernelFamily::panels, {6, 2, 8, 1, 1}, 64, {}};
    const Attention attention({2, 37, 40}, plan);
    CHECK(attention.key_panels_bytes() == sizeof(float) * 2 * 48 * 40);
    CHECK(attention.value_panels_bytes() == sizeof(float) * 2 * 48 * 48);
    CHECK(attention.pack(2).global[0] == 3);
    CHECK_FALSE(attention.in_parts());
}

TEST_CASE("unit.attention.few_queries_are_worth_splitting_the_keys") {
    Facts facts = facts_of(DeviceType::gpu);
    CHECK_FALSE(
        Attention(large, AttentionPlan::by_local_memory(split(4))).predicted_seconds(facts));
    add(facts, "fma.fp32.rate", 64e12);
    add(facts, "compute_units", 128);
    // 16 tiles of queries for each of 8 heads are one for each unit.
    CHECK(predicted(large, split(4), facts) == Approx(predicted(large, split(1), facts)));
    const AttentionShape one{1, 1024, 64};
    CHECK(predicted(one, split(8), facts) == Approx(predicted(one, split(1), facts) / 8));
    // Of work-items with four on their way each, a unit needs 256 where 1024 are to be.
    add(facts, "fma.fp32.latency", 1024 / (64e12 / 2 / 128));
    add(facts, "local_memory.bytes_per_cu", 1e6);
    add(facts, "occupancy.max_threads_per_cu", 2048);
    add(facts, "register_file.bytes_per_cu", 262144);
    CHECK(predicted(large, split(4), facts) == Approx(predicted(large, split(1), facts) / 4));
    facts.findings.resize(3); // to the number of units
    add(facts, "launch.back_to_back", 1e-3);
    CHECK(predicted(one, split(8), facts) > predicted(one, split(1), facts));
    // A mask leaves half of the keys, and a few more of whole tiles.
    facts.findings.pop_back();
    const AttentionShape causal{8, 1024, 64, true};
    found(facts, "compute_units").value = 1;
    CHECK(predicted(causal, split(1), facts) ==
          Approx(predicted(large, split(1), facts) * 17 / 32));
    // With a unit for each tile, the last one sees all keys.
    found(facts, "compute_units").value = 128;
    CHECK(predicted(causal, split(1), facts) == Approx(predicted(large, split(1), facts)));
    // 512 parts: those of the last tiles have as many keys as without a mask.
    CHECK(predicted(causal, split(4), facts) < predicted(causal, split(1), facts));
    // So many groups even out.
    const AttentionShape many{1024, 1024, 64, true};
    CHECK(predicted(many, split(1), facts) ==
          Approx(predicted({1024, 1024, 64}, split(1), facts) * 17 / 32));
}

TEST_CASE("unit.attention.the_slowest_part_is_what_a_call_takes") {
    Facts facts = facts_of(DeviceType::cpu);
    const AttentionPlan plan{KernelFamily::panels, {14, 2, 16, 1, 1}, 128, {}};
    const Attention attention(large, plan);
    CHECK_FALSE(attention.predicted_seconds(facts));
    add(facts, "fma.fp32.rate", 1e11);
    const double compute = attention.predicted_seconds(facts).value();
    CHECK(compute > large.flops() / 1e11);
    CHECK(compute < 1.25 * large.flops() / 1e11);
    // Keys and values of a head are 512 KiB, which are read for each of 74 tiles.
    add(facts, "buffer.l1.read_size", 1e5);
    add(facts, "buffer.memory.read_bandwidth", 1e9);
    CHECK(attention.predicted_seconds(facts) == Approx(74 * 8 * 524288.0 / 1e9));
    found(facts, "buffer.l1.read_size").value = 1e6;
    CHECK(attention.predicted_seconds(facts) == Approx(compute));
    for (const char *key : {"compute_units", "local.bandwidth", "buffer.memory.copy_bandwidth"}) {
        Facts nothing = facts_of(DeviceType::gpu);
        add(nothing, "fma.fp32.rate", 1e11);
        add(nothing, key, 0);
        CHECK(std::isfinite(predicted(large, split(1), nothing)));
    }
}

TEST_CASE("unit.attention.the_host_weights_by_distance") {
    const AttentionShape shape{1, 2, 1, true};
    // A scale of 1: the second query has scores of 0 and ln 3.
    const HostOperands operands{{5, 1}, {0, static_cast<float>(std::log(3.0))}, {4, 8}};
    CHECK(host_row(shape, operands, 0).front().value == Approx(4));
    const auto exact = host_row(shape, operands, 1).front();
    CHECK(exact.value == Approx(7));
    CHECK(exact.magnitude == Approx(7));
    CHECK(exact.terms > 2);
}

TEST_CASE("unit.attention.what_is_looked_up_is_seen_and_far_from_others") {
    std::mt19937_64 random(3);
    for (const bool causal : {false, true}) {
        const AttentionShape shape{2, 40, 32, causal};
        const Lookup lookup = lookup_operands(shape, random);
        REQUIRE(lookup.chosen.size() == 80);
        for (std::size_t row = 0; row < 80; ++row) {
            const std::size_t key = row / 40 * 40 + lookup.chosen[row];
            if (causal)
                CHECK(lookup.chosen[row] <= row % 40);
            const auto exact = host_row(shape, lookup.operands, row);
            for (std::size_t i = 0; i < 32; ++i)
                CHECK(exact[i].value == Approx(lookup.operands.values[key * 32 + i]).margin(1e-30));
        }
    }
}

TEST_CASE("unit.attention.a_call_is_what_it_adds_to_others") {
    Facts facts = facts_of(DeviceType::gpu);
    add(facts, "fma.fp32.rate", 66e12);
    const AttentionPlan plan = AttentionPlan::by_local_memory(split(4));
    const auto findings = findings_of(calls(large, plan, 68e-6), facts);
    CHECK(findings.size() == finding_keys().size());
    const Finding &time = finding(findings, "attention.fp32.8x1024x64.time");
    CHECK(time.status == Status::measured);
    CHECK(time.value == Approx(68e-6).epsilon(0.01));
    CHECK_THAT(time.method, ContainsSubstring("64 queries and 64 keys by 64 work-items") &&
                                ContainsSubstring("the keys in 4 parts"));
    CHECK(finding(findings, "attention.fp32.8x1024x64.roof_share").value ==
          Approx(large.flops() / 68e-6 / 66e12).epsilon(0.01));
    CHECK(finding(findings, "attention.fp32.8x1024x64.causal.time").status == Status::inconclusive);
    CHECK(choices_of(calls(large, plan, 68e-6)).empty());
    Dataset tuned = calls(large, plan, 68e-6);
    tuned.text_attributes[entry::choice + large.name()] = entry::tuned;
    REQUIRE(choices_of(tuned).size() == 1);
    CHECK(choices_of(tuned).front() == Choice{kernel_text, "", "8x1024x64", coordinates(plan)});
    tuned.number_attributes.erase(entry::verified);
    CHECK(finding(findings_of(tuned, facts), "attention.fp32.8x1024x64.time").status ==
          Status::suspect);
}

TEST_CASE("unit.attention.any_plan_of_a_report_is_predicted_or_unfit") {
    const AttentionPlan plan = AttentionPlan::by_local_memory({4, 4, 64, 64, 1, true, 8});
    CHECK_FALSE(Attention::unfit(large, plan).empty());
    const auto findings = findings_of(calls(large, plan, 68e-6), facts_of(DeviceType::gpu));
    CHECK(finding(findings, "attention.fp32.8x1024x64.time").status == Status::inconclusive);
}

TEST_CASE("unit.attention.what_is_predicted_from_is_measured_before") {
    const ProbeInfo &info = builtin("workloads/attention").info();
    for (const char *key :
         {"fma.fp32.rate", "fma.fp32.latency", "compute_units", "registers.spill_limit",
          "register_file.bytes_per_cu", "local_memory.bytes_per_cu", "occupancy.max_threads_per_cu",
          "local.bandwidth", "buffer.memory.latency", "buffer.memory.read_bandwidth",
          "buffer.memory.copy_bandwidth", "launch.back_to_back", "launch.gap"}) {
        CAPTURE(key);
        CHECK(std::ranges::any_of(info.depends_on, [&](const std::string &probe) {
            return std::ranges::count(builtin(probe).info().findings, key, &FindingKey::key) > 0;
        }));
    }
}
