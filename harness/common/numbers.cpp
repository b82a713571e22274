#include "common/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace clprobe::probes {
namespace {

template <typename T, typename Convert>
Buffer written_as(Bench &bench, const std::vector<float> &values, const Convert &convert) {
    std::vector<T> converted(values.size());
    std::ranges::transform(values, converted.begin(), convert);
    const Buffer buffer = bench.buffer(sizeof(T) * converted.size());
    bench.write<T>(buffer, converted);
    return buffer;
}

} // namespace

std::string lacks(const DeviceInfo &device, Numbers numbers) {
    if (numbers == Numbers::fp16 && !device.fp16)
        return "the driver offers no half precision";
    if (numbers == Numbers::int8 && !device.has_extension("cl_khr_integer_dot_product"))
        return "the driver offers no dot products of bytes (cl_khr_integer_dot_product)";
    return {};
}

bool in_halves(Numbers numbers) {
    return numbers == Numbers::fp16 || numbers == Numbers::fp16_fp32;
}

std::vector<float> as_stored(std::vector<float> values, Numbers numbers) {
    if (in_halves(numbers))
        for (float &value : values)
            value = static_cast<float>(rounded_to_half(static_cast<double>(value)));
    return values;
}

Buffer written(Bench &bench, const std::vector<float> &values, Numbers numbers) {
    if (in_halves(numbers))
        return written_as<std::uint16_t>(
            bench, values, [](float value) { return half_bits(static_cast<double>(value)); });
    if (numbers == Numbers::int8)
        return written_as<std::int8_t>(bench, values,
                                       [](float value) { return static_cast<std::int8_t>(value); });
    return written_as<float>(bench, values, [](float value) { return value; });
}

std::vector<float> read_results(const LaunchOutcome &outcome, const Buffer &buffer,
                                std::size_t count, Numbers numbers) {
    if (numbers == Numbers::fp32)
        return outcome.read<float>(buffer, 0, count);
    std::vector<float> values(count);
    if (in_halves(numbers))
        std::ranges::transform(outcome.read<std::uint16_t>(buffer, 0, count), values.begin(),
                               from_half_bits);
    else
        std::ranges::transform(outcome.read<std::int32_t>(buffer, 0, count), values.begin(),
                               [](std::int32_t value) { return static_cast<float>(value); });
    return values;
}

ExactSum rounded_as(ExactSum sum, Numbers numbers) {
    if (numbers == Numbers::fp16)
        sum.roundoff = half_roundoff;
    if (numbers == Numbers::fp16_fp32)
        sum.stored = half_roundoff;
    return sum;
}

namespace operators {

std::string verified_entry(Numbers numbers) {
    return entry::verified + (numbers == Numbers::fp32 ? "" : "." + name(numbers));
}
std::string error_entry(Numbers numbers) {
    return entry::error + (numbers == Numbers::fp32 ? "" : "." + name(numbers));
}

std::string verification(const Dataset &data, Numbers numbers, const std::string &results) {
    std::string text =
        fmt::format("{:.0f} {} of whole numbers exact in every element",
                    data.number_attribute(verified_entry(numbers)).value_or(0), results);
    if (numbers != Numbers::int8)
        text += fmt::format(", errors of random reals up to {:.2g} {}",
                            data.number_attribute(error_entry(numbers)).value_or(0),
                            numbers == Numbers::fp16_fp32
                                ? "(sqrt(k) u sum|ab| + u |sum|), the latter u that of halves"
                                : "sqrt(k) u sum|ab|");
    return text;
}

double seconds_over_single(const Facts &facts, Numbers numbers) {
    const auto single = facts.value("fma.fp32.rate");
    const auto half = facts.value("fma.fp16.rate");
    return numbers == Numbers::fp16 && single && half && *half > 0 ? std::max(1.0, *single / *half)
                                                                   : 1;
}

RateKind rate_kind(Numbers numbers) {
    RateKind kind;
    kind.has_prediction = numbers == Numbers::fp32;
    if (numbers == Numbers::int8) { // no probe finds the rate of dot products
        kind.roof.clear();
        kind.unit = Unit::op_per_second;
    }
    return kind;
}

void add_findings_in(std::vector<Finding> &findings, Numbers numbers, const ShapeKeys &keys,
                     const std::string &shape, std::optional<Calls> calls, const Dataset &data,
                     const Facts &facts) {
    if (const std::string reason = data.text_attribute(name(numbers) + entry::unsupported);
        !reason.empty()) {
        for (const FindingKey &key : keys.all())
            findings.push_back(without_value(key, Status::unsupported, reason));
        return;
    }
    if (!calls && data.text_attribute(entry::unmeasured + shape).empty() &&
        !data.number_attribute(verified_entry(numbers)))
        return;
    if (calls) {
        calls->roof = numbers == Numbers::fp16 ? "fma.fp16.rate" : "fma.fp32.rate";
        calls->verified = verified_entry(numbers);
    }
    add_findings(findings, keys, shape, calls, data, facts);
}

} // namespace operators
} // namespace clprobe::probes
