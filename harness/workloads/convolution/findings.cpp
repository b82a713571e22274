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

std::string prefix_of(const ConvolutionShape &shape, Numbers numbers = Numbers::fp32) {
    return fmt::format("conv.{}.{}.", name(numbers), in_key(shape.name()));
}

operators::ShapeKeys keys_of(const ConvolutionShape &shape, Numbers numbers = Numbers::fp32) {
    return {
        prefix_of(shape, numbers), "a convolution with bias and ReLU, its operands packed before",
        "two for each tap, input and output channel and output pixel, padding's among them, over "
        "the time",
        operators::rate_kind(numbers)};
}

std::optional<Measured> measured_of(const Dataset &data, const ConvolutionShape &shape,
                                    Numbers numbers) {
    for (const auto &[row, times] : times_by_row<NumbersRow>(data.find(series::other_numbers)))
        if (row.numbers == numbers && row.shape == shape &&
            Convolution::unfit(shape, row.plan, numbers).empty())
            if (const auto time = call_time(times))
                return Measured{row.plan, *time};
    return std::nullopt;
}

void add_other_numbers(std::vector<Finding> &findings, const ConvolutionShape &shape,
                       Numbers numbers, const Dataset &data, const Facts &facts) {
    std::optional<operators::Calls> calls;
    if (const auto found = measured_of(data, shape, numbers))
        calls = operators::Calls{
            .seconds = found->time.seconds,
            .interval = found->time.interval,
            .work = shape.flops(),
            .predicted = {},
            .method = fmt::format("{}, the likeliest direct panels in single precision; {}; {}",
                                  found->plan.describe(), found->time.statistic,
                                  operators::verification(data, numbers, "results")),
            .series = series::other_numbers};
    operators::add_findings_in(findings, numbers, keys_of(shape, numbers),
                               operators::name_of(shape, numbers), calls, data, facts);
}

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const ConvolutionShape &shape : shapes)
        for (const FindingKey &key : keys_of(shape).all())
            keys.push_back(key);
    for (const Numbers numbers : other_numbers)
        for (const ConvolutionShape &shape : other_shapes)
            for (const FindingKey &key : keys_of(shape, numbers).all())
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
                .predicted = operators::predicted_by(
                    facts,
                    [&](const Facts &given) {
                        return Convolution(shape, found->plan).predicted_seconds(given);
                    }),
                .method = fmt::format("{}, {}; {}; {}", found->plan.describe(),
                                      data.text_attribute(entry::choice + shape.name()),
                                      found->time.statistic,
                                      operators::verification(data, Numbers::fp32, "results")),
                .series = series::call,
                .computed = Convolution(shape, found->plan).flops()};
        operators::add_findings(findings, keys_of(shape), shape.name(), calls, data, facts);
    }
    for (const Numbers numbers : other_numbers)
        for (const ConvolutionShape &shape : other_shapes)
            add_other_numbers(findings, shape, numbers, data, facts);
    // A short call is hardly more than its launch.
    allow_on_cpu(findings, facts, taking_part, [](const std::string &key) {
        return std::ranges::any_of(shapes, [&](const ConvolutionShape &shape) {
            return shape.flops() < 1e8 &&
                   key.find("." + in_key(shape.name()) + ".") != std::string::npos;
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
