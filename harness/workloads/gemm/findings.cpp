#include "common/allowances.hpp"
#include "common/operator_plans.hpp"
#include "workloads/gemm/gemm.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <map>
#include <optional>
#include <utility>

namespace clprobe::probes::gemm {
namespace {

struct Measured {
    GemmPlan plan;
    std::vector<double> seconds; ///< of each call, all stages together
    std::vector<double> others;  ///< share of it that is no multiplication
};

/// Adds up the stages of each call of one plan, the first that the rows have.
class CallSums {
public:
    CallSums(const GemmShape &shape, Numbers numbers) : shape_(shape), numbers_(numbers) {}

    void add(const StageRow &row, const std::vector<TripTime> &times) {
        if (plan_ && !(*plan_ == row.plan))
            return;
        plan_ = row.plan;
        for (const TripTime &time : times)
            calls_[time.block][row.stage] += time.seconds;
    }

    [[nodiscard]] std::optional<Measured> measured() const {
        Measured measured;
        for (const auto &[block, stages] : calls_) {
            if (stages.size() != stages_of(shape_, *plan_, numbers_).size() ||
                !stages.contains(Stage::multiply))
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
        measured.plan = *plan_;
        return measured;
    }

private:
    GemmShape shape_;
    Numbers numbers_;
    std::optional<GemmPlan> plan_;
    std::map<int, std::map<Stage, double>> calls_; ///< by block
};

std::optional<Measured> measured_of(const Dataset &data, const GemmShape &shape,
                                    Numbers numbers = Numbers::fp32) {
    CallSums sums(shape, numbers);
    if (numbers == Numbers::fp32) {
        for (const auto &[row, times] : times_by_row<StageRow>(data.find(series::call)))
            if (row.shape == shape)
                sums.add(row, times);
    } else {
        for (const auto &[row, times] : times_by_row<NumbersRow>(data.find(series::other_numbers)))
            if (row.numbers == numbers && row.call.shape == shape)
                sums.add(row.call, times);
    }
    return sums.measured();
}

/// Of a call whose stages are timed each by itself.
std::optional<double> predicted_seconds(const GemmShape &shape, const GemmPlan &plan,
                                        const Facts &facts) {
    const auto call = Gemm(shape, plan).predicted_call(facts);
    return call ? std::optional(seconds_alone(*call, launch_costs(facts))) : std::nullopt;
}

operators::ShapeKeys keys_of(const GemmShape &shape, Numbers numbers = Numbers::fp32) {
    return {fmt::format("gemm.{}.", operators::name_of(shape, numbers)),
            "a call: multiplying, and packing the operands or adding parts where it does",
            "2 m n k over the time of a call", operators::rate_kind(numbers)};
}

void add_other_numbers(std::vector<Finding> &findings, const GemmShape &shape, Numbers numbers,
                       const Dataset &data, const Facts &facts) {
    std::optional<operators::Calls> calls;
    if (const auto found = measured_of(data, shape, numbers))
        calls = operators::Calls{
            .seconds = median(found->seconds),
            .interval = repeat_interval(found->seconds),
            .work = shape.flops(),
            .predicted = {},
            .method = fmt::format("{}, the likeliest panels in single precision; median of {} "
                                  "calls, {:.0f} % of each spent on packing; {}",
                                  found->plan.describe(), found->seconds.size(),
                                  100 * median(found->others),
                                  operators::verification(data, numbers, "products")),
            .series = series::other_numbers};
    operators::add_findings_in(findings, numbers, keys_of(shape, numbers),
                               operators::name_of(shape, numbers), calls, data, facts);
}

} // namespace

std::vector<Stage> stages_of(const GemmShape &shape, const GemmPlan &plan, Numbers numbers) {
    if (Gemm(shape, plan, numbers).packs_left())
        return {Stage::pack_left, Stage::pack_right, Stage::multiply};
    if (plan.family == KernelFamily::panels)
        return {Stage::pack_right, Stage::multiply};
    if (plan.group_tile.splits > 1)
        return {Stage::multiply, Stage::add_parts};
    return {Stage::multiply};
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    const auto add = [&](const operators::ShapeKeys &of_shape) {
        for (const FindingKey &key : of_shape.all())
            keys.push_back(key);
    };
    for (const GemmShape &shape : shapes)
        add(keys_of(shape));
    for (const Numbers numbers : other_numbers)
        for (const GemmShape &shape : other_shapes)
            add(keys_of(shape, numbers));
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
                .work = shape.flops(),
                .predicted =
                    operators::predicted_by(facts,
                                            [&](const Facts &given) {
                                                return predicted_seconds(shape, found->plan, given);
                                            }),
                .method = fmt::format("{}, {}; median of {} calls, {:.0f} % of each spent on "
                                      "packing or adding parts; {}",
                                      found->plan.describe(),
                                      data.text_attribute(entry::choice + shape.name()),
                                      found->seconds.size(), 100 * median(found->others),
                                      operators::verification(data, Numbers::fp32, "products")),
                .series = series::call};
        operators::add_findings(findings, keys_of(shape), shape.name(), calls, data, facts);
    }
    for (const Numbers numbers : other_numbers)
        for (const GemmShape &shape : other_shapes)
            add_other_numbers(findings, shape, numbers, data, facts);
    // A short call is hardly more than its launches.
    allow_on_cpu(findings, facts, taking_part, [](const std::string &key) {
        return key.find(".64x") != std::string::npos || key.find(".256x") != std::string::npos;
    });
    return findings;
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    return operators::race_tunings<PlanRow>(data, series::race, "products of ");
}

std::vector<Choice> choices_of(const Dataset &data) {
    const auto plan_of = [&](const GemmShape &shape) {
        const auto found = measured_of(data, shape);
        return found ? std::optional(found->plan) : std::nullopt;
    };
    return operators::raced_choices<StageRow>(data, series::call, kernel_text, plan_of);
}

} // namespace clprobe::probes::gemm
