#include "common/allowances.hpp"
#include "common/operator_plans.hpp"
#include "common/timed_calls.hpp"
#include "workloads/softmax_norm/softmax_norm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace clprobe::probes::softmax_norm {
namespace {

const Axis bandwidth{"bandwidth", Unit::byte_per_second, {}};

std::optional<std::pair<SoftmaxNormPlan, CallTime>> measured_of(const Dataset &data,
                                                                const SoftmaxNormShape &shape) {
    for (const auto &[row, times] : times_by_row<CallRow>(data.find(series::call)))
        if (row.shape == shape && SoftmaxNorm::unfit(shape, row.plan).empty())
            if (auto time = call_time(times))
                return std::pair{row.plan, *std::move(time)};
    return std::nullopt;
}

std::string prefix_of(const SoftmaxNormShape &shape) {
    return fmt::format("{}.fp32.{}x{}.", workloads::name_of(shape.op), shape.rows, shape.length);
}

operators::ShapeKeys keys_of(const SoftmaxNormShape &shape) {
    return {prefix_of(shape),
            "a call for all rows",
            "input and output, each counted once, over the time",
            {.name = bandwidth.name,
             .unit = bandwidth.unit,
             .share = "the bandwidth over that of the cache or memory that holds input and output",
             .roof = "bandwidth of what holds input and output"}};
}

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const SoftmaxNormShape &shape : shapes)
        for (const FindingKey &key : keys_of(shape).all())
            keys.push_back(key);
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    std::vector<Finding> findings;
    for (const SoftmaxNormShape &shape : shapes) {
        std::optional<operators::Calls> calls;
        if (const auto found = measured_of(data, shape)) {
            const auto &[plan, time] = *found;
            const SoftmaxNorm norm(shape, plan);
            const std::string roof = workloads::bandwidth_that_holds(shape.bytes(), facts);
            calls = operators::Calls{
                .seconds = time.seconds,
                .interval = time.interval,
                .work = shape.bytes(),
                .predicted = operators::predicted_by(
                    facts, [&](const Facts &given) { return norm.predicted_seconds(given); }),
                .method = fmt::format(
                    "{}, {}; {}; against {}; {:.0f} results verified, errors of random reals up to "
                    "{:.2g} sqrt(roundings) u",
                    plan.describe(), data.text_attribute(entry::choice + shape.name()),
                    time.statistic, roof, data.number_attribute(entry::verified).value_or(0),
                    data.number_attribute(entry::error).value_or(0)),
                .series = series::call,
                .roof = roof};
        }
        operators::add_findings(findings, keys_of(shape), shape.name(), calls, data, facts);
    }
    // A short call is hardly more than its launch.
    allow_on_cpu(findings, facts, taking_part, [](const std::string &key) {
        return std::ranges::any_of(shapes, [&](const SoftmaxNormShape &shape) {
            return shape.bytes() < 1e7 && key.starts_with(prefix_of(shape));
        });
    });
    return findings;
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    return operators::race_tunings<RaceRow>(
        data, series::race, "", bandwidth,
        [](const SoftmaxNormShape &shape) { return shape.bytes(); });
}

std::vector<Choice> choices_of(const Dataset &data) {
    return operators::raced_choices<CallRow>(
        data, series::call, kernel_text, [&](const SoftmaxNormShape &shape) {
            const auto found = measured_of(data, shape);
            return found ? std::optional(found->first) : std::nullopt;
        });
}

} // namespace clprobe::probes::softmax_norm
