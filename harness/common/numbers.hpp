#pragma once
#include "common/half.hpp"
#include "common/operands.hpp"
#include "common/operator_calls.hpp"
#include "common/operators.hpp"

#include <clprobe/launch.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/workloads.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <vector>

// What operators' operands are stored as on the device, and what is found of those that are not in
// single precision. Whatever they are stored as, the host has them as floats, which hold all of
// their values.
namespace clprobe::probes {

using workloads::Numbers;

/// Why the device cannot multiply them; empty where it can.
[[nodiscard]] std::string lacks(const DeviceInfo &device, Numbers numbers);

/// Whether operands and results are halves.
[[nodiscard]] bool in_halves(Numbers numbers);

/// What is left of the values where they are stored.
[[nodiscard]] std::vector<float> as_stored(std::vector<float> values, Numbers numbers);
/// A buffer with the values.
[[nodiscard]] Buffer written(Bench &bench, const std::vector<float> &values, Numbers numbers);
/// Results of a launch. Sums of up to 1024 products of bytes are at most 2^24, which a float holds.
[[nodiscard]] std::vector<float> read_results(const LaunchOutcome &outcome, const Buffer &buffer,
                                              std::size_t count, Numbers numbers);
/// The sum with what such numbers are rounded to.
[[nodiscard]] ExactSum rounded_as(ExactSum sum, Numbers numbers);

namespace operators {

/// "fp16.64x64x64".
template <typename Shape>
[[nodiscard]] std::string name_of(const Shape &shape, Numbers numbers) {
    return name(numbers) + "." + shape.name();
}
/// The attributes of how many calls in those numbers were verified, and of their errors.
[[nodiscard]] std::string verified_entry(Numbers numbers);
[[nodiscard]] std::string error_entry(Numbers numbers);
/// How many "products", say, were verified and how, for people.
[[nodiscard]] std::string verification(const Dataset &data, Numbers numbers,
                                       const std::string &results);

/// How much longer a call may take than in single precision, by the rates of multiply-adds.
[[nodiscard]] double seconds_over_single(const Facts &facts, Numbers numbers);

/// What the rate in those numbers is set against; a prediction there is for single precision only.
[[nodiscard]] RateKind rate_kind(Numbers numbers);
/// As `add_findings`, where the data say anything of such numbers: reports from before do not. What
/// calls are set against, and that they were verified, follows from the numbers.
void add_findings_in(std::vector<Finding> &findings, Numbers numbers, const ShapeKeys &keys,
                     const std::string &shape, std::optional<Calls> calls, const Dataset &data,
                     const Facts &facts);

/// Makes each shape ready in each of those numbers by `prepare(shape, numbers)`, which says what
/// speaks against it. Where one cannot be measured, the reason is noted in the data: no failure of
/// theirs is one of the probe. A run that was asked for a network has none of them.
template <typename AllNumbers, typename Shapes, typename Prepare>
void prepare_in_numbers(Bench &bench, const AllNumbers &all_numbers, const Shapes &shapes,
                        const Prepare &prepare) {
    for (const Numbers numbers : all_numbers) {
        auto &reasons = bench.data().text_attributes;
        if (const std::string reason = lacks(bench.device(), numbers); !reason.empty()) {
            reasons[name(numbers) + entry::unsupported] = reason;
            continue;
        }
        for (const auto &shape : shapes) {
            std::exception_ptr failure;
            const std::string reason =
                bench.network() ? asked_for_network(*bench.network())
                : bench.tuning() && !bench.tuning()->shape.empty()
                    ? std::string(shape_not_asked_for) + " one in single precision"
                    : prepare_unless_it_fails([&] { return prepare(shape, numbers); }, failure);
            if (!reason.empty())
                reasons[entry::unmeasured + name_of(shape, numbers)] = reason;
        }
    }
}

} // namespace operators
} // namespace clprobe::probes
