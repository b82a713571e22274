#include "common/allowances.hpp"
#include "common/timed_calls.hpp"
#include "common/tunings.hpp"
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
            calls = operators::Calls{
                .seconds = time.seconds,
                .interval = time.interval,
                .flops = shape.flops(),
                .predicted = Attention(shape, plan).predicted_seconds(facts),
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
    std::vector<Tuning> tunings;
    for (const AttentionShape &shape : shapes) {
        // A plan of another shape is not to count.
        const auto flops = [&](const RaceRow &row) {
            return row.shape == shape ? shape.flops() : 0;
        };
        const auto describe = [](const RaceRow &row) { return row.plan.describe(); };
        auto trials = trials_of<RaceRow>(data.find(series::race), flops, describe);
        if (!trials.empty())
            tunings.push_back({series::race,
                               "attention of " + shape.name(),
                               {"rate", Unit::flop_per_second, {}},
                               std::move(trials)});
    }
    return tunings;
}

std::vector<Choice> choices_of(const Dataset &data) {
    std::vector<Choice> choices;
    for (const AttentionShape &shape : shapes)
        if (const auto calls = measured_of(data, shape);
            calls && data.text_attribute(entry::choice + shape.name()) == entry::tuned)
            choices.push_back({kernel_text, "", shape.name(), coordinates(calls->first)});
    return choices;
}

} // namespace clprobe::probes::attention
