#include "common/allowances.hpp"
#include "common/operator_plans.hpp"
#include "common/timed_calls.hpp"
#include "model/key.hpp"
#include "workloads/convolution/convolution.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace clprobe::probes::convolution {
namespace {

namespace entry = operators::entry;

struct Measured {
    ConvolutionPlan plan;
    CallTime time;
};

std::optional<Measured> measured_of(const Dataset &data, const ConvolutionShape &shape) {
    for (const auto &[row, times] : times_by_row<CallRow>(data.find(series::call)))
        if (row.shape == shape && Convolution::unfit(shape, row.plan).empty())
            if (const auto time = call_time(times))
                return Measured{row.plan, *time};
    return std::nullopt;
}

std::string prefix_of(const ConvolutionShape &shape) {
    return fmt::format("conv.fp32.{}.", in_key(shape.name()));
}

operators::ShapeKeys keys_of(const ConvolutionShape &shape) {
    return {
        prefix_of(shape), "a convolution with bias and ReLU, its operands packed before",
        "two for each tap, input and output channel and output pixel, padding's among them, over "
        "the time"};
}

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const ConvolutionShape &shape : shapes)
        for (const FindingKey &key : keys_of(shape).all())
            keys.push_back(key);
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    std::vector<Finding> findings;
    for (const ConvolutionShape &shape : shapes) {
        std::optional<operators::Calls> calls;
        if (const auto found = measured_of(data, shape))
            calls = operators::Calls{
                .seconds = found->time.seconds,
                .interval = found->time.interval,
                .work = shape.flops(),
                .predicted = Convolution(shape, found->plan).predicted_seconds(facts),
                .method = fmt::format(
                    "{}, {}; {}; {:.0f} results of whole numbers exact in every "
                    "element, errors of random reals up to {:.2g} sqrt(k) u sum|ab|",
                    found->plan.describe(), data.text_attribute(entry::choice + shape.name()),
                    found->time.statistic, data.number_attribute(entry::verified).value_or(0),
                    data.number_attribute(entry::error).value_or(0)),
                .series = series::call,
                .computed = Convolution(shape, found->plan).flops()};
        operators::add_findings(findings, keys_of(shape), shape.name(), calls, data, facts);
    }
    // A short call is hardly more than its launch.
    allow_on_cpu(findings, facts, taking_part, [](const std::string &key) {
        return std::ranges::any_of(shapes, [&](const ConvolutionShape &shape) {
            return shape.flops() < 1e8 && key.starts_with(prefix_of(shape));
        });
    });
    return findings;
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    return operators::race_tunings<RaceRow>(data, series::race, "convolutions of ");
}

std::vector<Choice> choices_of(const Dataset &data) {
    const auto plan_of = [&](const ConvolutionShape &shape) {
        const auto found = measured_of(data, shape);
        return found ? std::optional(found->plan) : std::nullopt;
    };
    return operators::raced_choices<CallRow>(data, series::call, kernel_text, plan_of);
}

} // namespace clprobe::probes::convolution
