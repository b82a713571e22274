#include "common/allowances.hpp"
#include "common/operator_plans.hpp"
#include "common/timed_calls.hpp"
#include "workloads/attention/attention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace clprobe::probes::attention {
namespace {

std::optional<std::pair<AttentionPlan, CallTime>> measured_of(const Dataset &data,
                                                              const AttentionShape &shape) {
    for (const auto &[row, times] : times_by_row<CallRow>(data.find(series::call)))
        if (row.shape == shape && Attention::unfit(shape, row.plan).empty())
            if (auto time = call_time(times))
                return std::pair{row.plan, *std::move(time)};
    return std::nullopt;
}

std::string prefix_of(const AttentionShape &shape) {
    return fmt::format("attention.fp32.{}.", shape.name());
}

operators::ShapeKeys keys_of(const AttentionShape &shape) {
    return {prefix_of(shape), "a call for all heads, from Q, K and V in rows to O in rows",
            "multiply-adds of both products, as two each, over the time"};
}

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const AttentionShape &shape : shapes)
        for (const FindingKey &key : keys_of(shape).all())
            keys.push_back(key);
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    std::vector<Finding> findings;
    for (const AttentionShape &shape : shapes) {
        std::optional<operators::Calls> calls;
        if (const auto found = measured_of(data, shape)) {
            const auto &[plan, time] = *found;
            const Attention attention(shape, plan);
            calls = operators::Calls{
                .seconds = time.seconds,
                .interval = time.interval,
                .work = shape.flops(),
                .predicted = operators::predicted_by(
                    facts, [&](const Facts &given) { return attention.predicted_seconds(given); }),
                .method = fmt::format(
                    "{}, {}; {}; {:.0f} results verified, errors of random reals up to {:.2g} "
                    "sqrt(roundings) u sum p|v|",
                    plan.describe(), data.text_attribute(entry::choice + shape.name()),
                    time.statistic, data.number_attribute(entry::verified).value_or(0),
                    data.number_attribute(entry::error).value_or(0)),
                .series = series::call};
        }
        operators::add_findings(findings, keys_of(shape), shape.name(), calls, data, facts);
    }
    // A short call is hardly more than its launch.
    allow_on_cpu(findings, facts, taking_part, [](const std::string &key) {
        return std::ranges::any_of(shapes, [&](const AttentionShape &shape) {
            return shape.flops() < 1e8 && key.starts_with(prefix_of(shape));
        });
    });
    return findings;
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    return operators::race_tunings<RaceRow>(data, series::race, "attention of ");
}

std::vector<Choice> choices_of(const Dataset &data) {
    const auto plan_of = [&](const AttentionShape &shape) {
        const auto found = measured_of(data, shape);
        return found ? std::optional(found->first) : std::nullopt;
    };
    return operators::raced_choices<CallRow>(data, series::call, kernel_text, plan_of);
}

} // namespace clprobe::probes::attention
