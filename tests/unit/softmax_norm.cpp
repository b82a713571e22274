#include "interpreted.hpp"
#include "workloads/softmax_norm/softmax_norm.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <random>

using namespace clprobe;
using namespace clprobe::probes::softmax_norm;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

const SoftmaxNormShape of_gpt2{RowOperator::softmax, 12288, 1024};
const SoftmaxNormPlan by_groups{4, 64, 2, 4, false};
const SoftmaxNormPlan by_items{16, 1, 4, 0, false};

Facts facts_of(DeviceType type) {
    Facts facts;
    facts.device.emplace();
    facts.device->type = type;
    facts.device->native_float_width = 16;
    facts.device->max_work_group_size = 1024;
    facts.device->local_memory = 49152;
    return facts;
}

void add(Facts &facts, const char *key, double value) {
    facts.findings.push_back(measured({key, Unit::one, Better::none, ""}, value, {value, value}));
}

double predicted(const SoftmaxNormShape &shape, const SoftmaxNormPlan &plan, const Facts &facts) {
    return SoftmaxNorm(shape, plan).predicted_seconds(facts).value();
}

/// Up to 40 calls in a row that take so long each.
Dataset calls(const SoftmaxNormShape &shape, const SoftmaxNormPlan &plan, double seconds) {
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

TEST_CASE("unit.softmax_norm.what_is_counted") {
    CHECK(of_gpt2.bytes() == 2.0 * 4 * 12288 * 1024);
    CHECK(of_gpt2.name() == "softmax.12288x1024");
    CHECK(by_groups.items() == 128);
    CHECK(SoftmaxNorm(of_gpt2, by_groups).range(12288) == NdRange::linear(6144, 128));
    CHECK(SoftmaxNorm(of_gpt2, by_groups).range(3).work_items() == 256);
    CHECK(SoftmaxNorm({RowOperator::layer_norm, 7, 1024}, by_items).kernel() == "layer_norm");
}

TEST_CASE("unit.softmax_norm.plans_fit_their_device") {
    for (const DeviceType type : {DeviceType::cpu, DeviceType::gpu})
        for (const std::uint64_t most : {1u, 16u, 128u, 1024u})
            for (const std::uint64_t local : {0u, 16384u})
                for (const SoftmaxNormShape &shape : shapes) {
                    Facts facts = facts_of(type);
                    facts.device->max_work_group_size = most;
                    facts.device->local_memory = local;
                    const auto plans = workloads::softmax_norm_plans(shape, facts);
                    REQUIRE_FALSE(plans.empty());
                    CHECK(plans.size() <= 200);
                    for (const SoftmaxNormPlan &plan : plans) {
                        INFO(shape.name() << " by " << plan.describe());
                        CHECK(SoftmaxNorm::unfit(shape, plan).empty());
                        CHECK(plan.items() <= most);
                        CHECK((plan.lanes > 1) ==
                              (type == DeviceType::gpu && most >= 64 && local > 0));
                    }
                }
}

TEST_CASE("unit.softmax_norm.a_plan_that_does_not_fit_says_why") {
    const auto unfit = [](const SoftmaxNormShape &shape, const SoftmaxNormPlan &plan) {
        return SoftmaxNorm::unfit(shape, plan);
    };
    CHECK(unfit(of_gpt2, by_groups).empty());
    CHECK_THAT(unfit(of_gpt2, {4, 64, 2, 3, false}), ContainsSubstring("whole rows"));
    CHECK_THAT(unfit({RowOperator::softmax, 9, 1023}, by_groups), ContainsSubstring("whole rows"));
    CHECK_THAT(unfit(of_gpt2, {3, 64, 2, 0, false}), ContainsSubstring("power of two"));
    CHECK_THAT(unfit(of_gpt2, {1, 1, 2, 0, false}), ContainsSubstring("four elements"));
    CHECK_THAT(unfit(of_gpt2, {1, 1024, 2, 0, false}), ContainsSubstring("larger"));
    CHECK_THAT(unfit({RowOperator::layer_norm, 9, 1024}, {4, 64, 2, 0, true}),
               ContainsSubstring("weights to rescale"));
    CHECK_THROWS_AS(SoftmaxNorm(of_gpt2, {3, 64, 2, 0, false}), InputError);
}

TEST_CASE("unit.softmax_norm.the_roof_is_what_holds_both_matrices") {
    Facts facts = facts_of(DeviceType::gpu);
    const std::string memory = "buffer.memory.copy_bandwidth";
    CHECK(workloads::bandwidth_that_holds(1, facts) == memory);
    // The first level is a unit's own.
    add(facts, "buffer.l1.read_size", 1e5);
    add(facts, "buffer.l2.read_size", 1e6);
    add(facts, "buffer.l3.read_size", 1e7);
    CHECK(workloads::bandwidth_that_holds(1e4, facts) == "buffer.l2.read_bandwidth");
    CHECK(workloads::bandwidth_that_holds(2e6, facts) == "buffer.l3.read_bandwidth");
    CHECK(workloads::bandwidth_that_holds(2e7, facts) == memory);
}

TEST_CASE("unit.softmax_norm.the_slowest_part_is_what_a_call_takes") {
    Facts facts = facts_of(DeviceType::gpu);
    CHECK_FALSE(SoftmaxNorm(of_gpt2, by_groups).predicted_seconds(facts));
    add(facts, "buffer.memory.copy_bandwidth", 1e12);
    const double moved = of_gpt2.bytes() / 1e12;
    CHECK(predicted(of_gpt2, by_groups, facts) == Approx(moved));
    // A row that is read again comes from memory where no cache is known.
    const SoftmaxNormPlan again{4, 64, 2, 0, true};
    CHECK(predicted(of_gpt2, again, facts) == Approx(1.5 * moved));
    add(facts, "buffer.l1.read_size", 1e6);
    add(facts, "buffer.l1.read_bandwidth", 1e15);
    CHECK(predicted(of_gpt2, again, facts) == Approx(moved).epsilon(0.01));
    add(facts, "launch.back_to_back", 1e-3);
    CHECK(predicted(of_gpt2, by_groups, facts) == Approx(moved + 1e-3));
    // One group after the other, each of which waits for its row.
    facts.findings.pop_back();
    add(facts, "buffer.memory.latency", 1e-6);
    CHECK(predicted(of_gpt2, by_groups, facts) == Approx(6144 * 1e-6));
    // As few rows as there are units take as long as one.
    add(facts, "compute_units", 128);
    CHECK(predicted({RowOperator::layer_norm, 100, 1024}, by_groups, facts) == Approx(1e-6));
    add(facts, "fma.fp32.rate", 1e9);
    CHECK(predicted(of_gpt2, by_groups, facts) > of_gpt2.elements() / 1e9);
    for (const char *key : {"compute_units", "buffer.l1.read_bandwidth", "fma.fp32.rate",
                            "occupancy.max_threads_per_cu"}) {
        Facts nothing = facts_of(DeviceType::gpu);
        add(nothing, "buffer.memory.copy_bandwidth", 1e12);
        add(nothing, key, 0);
        CHECK(std::isfinite(predicted(of_gpt2, by_groups, nothing)));
    }
}

TEST_CASE("unit.softmax_norm.the_host_weights_and_normalizes") {
    const std::vector<float> logits{0, static_cast<float>(std::log(3.0)), -200};
    const auto weights = probes::exact_softmax(logits);
    CHECK(weights[0].value == Approx(0.25));
    CHECK(weights[1].value == Approx(0.75));
    CHECK(weights[2].value < 1e-80);
    CHECK(weights[2].terms * 0x1p-24 * weights[2].magnitude > 0x1p-126);
    const std::vector<float> row{1, 3};
    const std::vector<float> gains{2, 10};
    const std::vector<float> biases{0, 5};
    const auto norm = probes::exact_layer_norm(row, gains, biases, 0);
    CHECK(norm[0].value == Approx(-2));
    CHECK(norm[1].value == Approx(15));
    CHECK(norm[1].magnitude >= 15);
}

TEST_CASE("unit.softmax_norm.exact_rows_have_exact_sums") {
    std::mt19937_64 random(3);
    for (const std::uint32_t length : {40u, 197u}) {
        const SoftmaxNormShape norm{RowOperator::layer_norm, 12, length};
        const HostOperands operands = difficult_operands(norm, random);
        for (std::size_t row = 2; row < 12; row += 4) {
            double sum = 0;
            double squares = 0;
            for (std::size_t i = row * length; i < (row + 1) * length; ++i) {
                sum += operands.input[i];
                squares += operands.input[i] * operands.input[i];
            }
            CHECK(sum == 0);
            CHECK(squares == 65536.0 * length);
            CHECK(operands.terms[row] > 0);
            CHECK(exact_row(norm, operands, row).front().terms < length);
            CHECK(exact_row(norm, operands, row - 2).front().terms > length);
        }
        const SoftmaxNormShape softmax{RowOperator::softmax, 12, length};
        const HostOperands logits = difficult_operands(softmax, random);
        for (const auto &[row, counted] :
             {std::pair{2u, length}, std::pair{3u, 1u}, std::pair{6u, length - length / 2}}) {
            const auto exact = exact_row(softmax, logits, row);
            CHECK(std::ranges::count_if(exact, [&, count = counted](const auto &element) {
                      return element.value == 1.0 / count;
                  }) == counted);
        }
    }
}

TEST_CASE("unit.softmax_norm.a_call_is_what_it_adds_to_others") {
    Facts facts = facts_of(DeviceType::gpu);
    const std::string prefix = "softmax.fp32.12288x1024.";
    const auto before = findings_of(calls(of_gpt2, by_groups, 25e-6), facts);
    CHECK(finding(before, prefix + "roof_share").note ==
          "the bandwidth of what holds input and output was not measured");
    add(facts, "buffer.memory.copy_bandwidth", 4.4e12);
    const auto findings = findings_of(calls(of_gpt2, by_groups, 25e-6), facts);
    CHECK(findings.size() == finding_keys().size());
    const Finding &time = finding(findings, prefix + "time");
    CHECK(time.status == Status::measured);
    CHECK(time.value == Approx(25e-6).epsilon(0.01));
    CHECK_THAT(time.method, ContainsSubstring("64 work-items a row, 2 rows a group, float4") &&
                                ContainsSubstring("against buffer.memory.copy_bandwidth"));
    const Finding &rate = finding(findings, prefix + "bandwidth");
    CHECK(rate.unit == Unit::byte_per_second);
    CHECK(rate.value == Approx(of_gpt2.bytes() / 25e-6).epsilon(0.01));
    CHECK(finding(findings, prefix + "roof_share").value ==
          Approx(of_gpt2.bytes() / 25e-6 / 4.4e12).epsilon(0.01));
    CHECK(finding(findings_of(calls(of_gpt2, by_groups, 2e-6), facts), prefix + "roof_share")
              .status == Status::suspect);
    CHECK(finding(findings, "layer_norm.fp32.1024x768.time").status == Status::inconclusive);
    CHECK(choices_of(calls(of_gpt2, by_groups, 25e-6)).empty());
    Dataset tuned = calls(of_gpt2, by_groups, 25e-6);
    tuned.text_attributes[entry::choice + of_gpt2.name()] = entry::tuned;
    REQUIRE(choices_of(tuned).size() == 1);
    CHECK(choices_of(tuned).front() ==
          Choice{kernel_text, "", "softmax.12288x1024", coordinates(by_groups)});
    tuned.number_attributes.erase(entry::verified);
    CHECK(finding(findings_of(tuned, facts), prefix + "time").status == Status::suspect);
}

TEST_CASE("unit.softmax_norm.any_plan_of_a_report_is_predicted_or_unfit") {
    const auto findings =
        findings_of(calls(of_gpt2, {3, 5, 1000, 1, true}, 25e-6), facts_of(DeviceType::gpu));
    CHECK(finding(findings, "softmax.fp32.12288x1024.time").status == Status::inconclusive);
}

TEST_CASE("unit.softmax_norm.what_is_predicted_from_is_measured_before") {
    const ProbeInfo &info = builtin("workloads/softmax_norm").info();
    for (const char *key :
         {"fma.fp32.rate", "compute_units", "registers.spill_limit", "register_file.bytes_per_cu",
          "occupancy.max_threads_per_cu", "local.latency", "buffer.memory.latency",
          "buffer.memory.copy_bandwidth", "launch.back_to_back", "launch.gap"}) {
        CAPTURE(key);
        CHECK(std::ranges::any_of(info.depends_on, [&](const std::string &probe) {
            return std::ranges::count(builtin(probe).info().findings, key, &FindingKey::key) > 0;
        }));
    }
}
