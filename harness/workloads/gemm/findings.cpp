#include "common/allowances.hpp"
#include "common/operator_plans.hpp"
#include "workloads/gemm/gemm.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <map>
#include <optional>

namespace clprobe::probes::gemm {
namespace {

struct Measured {
    GemmPlan plan;
    std::vector<double> seconds; ///< of each call, all stages together
    std::vector<double> others;  ///< share of it that is no multiplication
};

std::optional<Measured> measured_of(const Dataset &data, const GemmShape &shape) {
    std::optional<GemmPlan> plan;
    std::map<int, std::map<Stage, double>> calls; ///< by block
    for (const auto &[row, times] : times_by_row<StageRow>(data.find(series::call))) {
        if (!(row.shape == shape) || (plan && !(*plan == row.plan)))
            continue;
        plan = row.plan;
        for (const TripTime &time : times)
            calls[time.block][row.stage] += time.seconds;
    }
    Measured measured;
    for (const auto &[block, stages] : calls) {
        if (stages.size() != stages_of(*plan).size() || !stages.contains(Stage::multiply))
            continue;
        double sum = 0;
        for (const auto &[stage, time] : stages)
            sum += time;
        if (sum > 0) {
            measured.seconds.push_back(sum);
            measured.others.push_back(1 - stages.at(Stage::multiply) / sum);
        }
    }
    if (measured.seconds.size() < 2)
        return std::nullopt;
    measured.plan = *plan;
    return measured;
}

operators::ShapeKeys keys_of(const GemmShape &shape) {
    return {fmt::format("gemm.fp32.{}.", shape.name()),
            "a call: multiplying, and packing the operands or adding parts where it does",
            "2 m n k over the time of a call"};
}

} // namespace

std::vector<Stage> stages_of(const GemmPlan &plan) {
    if (plan.family == KernelFamily::panels)
        return {Stage::pack_left, Stage::pack_right, Stage::multiply};
    if (plan.group_tile.splits > 1)
        return {Stage::multiply, Stage::add_parts};
    return {Stage::multiply};
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const GemmShape &shape : shapes)
        for (const FindingKey &key : keys_of(shape).all())
            keys.push_back(key);
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    std::vector<Finding> findings;
    for (const GemmShape &shape : shapes) {
        std::optional<operators::Calls> calls;
        if (const auto found = measured_of(data, shape))
            calls = operators::Calls{
                .seconds = median(found->seconds),
                .interval = repeat_interval(found->seconds),
                .flops = shape.flops(),
                .predicted = Gemm(shape, found->plan).predicted_seconds(facts),
                .method = fmt::format("{}, {}; median of {} calls, {:.0f} % of each spent on "
                                      "packing or adding parts; "
                                      "{:.0f} products of whole numbers exact in every element, "
                                      "errors of random reals "
                                      "up to {:.2g} sqrt(k) u sum|ab|",
                                      found->plan.describe(),
                                      data.text_attribute(entry::choice + shape.name()),
                                      found->seconds.size(), 100 * median(found->others),
                                      data.number_attribute(entry::verified).value_or(0),
                                      data.number_attribute(entry::error).value_or(0)),
                .series = series::call};
        operators::add_findings(findings, keys_of(shape), shape.name(), calls, data, facts);
    }
    // A short call is hardly more than its launches.
    allow_on_cpu(findings, facts, taking_part, [](const std::string &key) {
        return key.starts_with("gemm.fp32.64x") || key.starts_with("gemm.fp32.256x");
    });
    return findings;
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    return operators::race_tunings<PlanRow>(data, series::race, shapes, "products of ");
}

std::vector<Choice> choices_of(const Dataset &data) {
    return operators::raced_choices(data, kernel_text, shapes, [&](const GemmShape &shape) {
        const auto found = measured_of(data, shape);
        return found ? std::optional(found->plan) : std::nullopt;
    });
}

} // namespace clprobe::probes::gemm
