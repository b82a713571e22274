#include "common/launch_size.hpp"
#include "compute/fma_rate/launch.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace clprobe::probes::fma_rate {
namespace {

constexpr const char *function = "fma_rate";

/// How many words to check after a launch: few where recomputing one takes the host long.
std::size_t words_to_check(const Variant &variant, std::uint32_t trips) {
    constexpr double most_steps = 500e3; // about 0.2 ms
    const double steps = static_cast<double>(variant.body) * trips;
    return static_cast<std::size_t>(std::clamp(most_steps / steps, 1.0, 4.0));
}

Argument operand(Real real, double value) {
    if (real == Real::fp32)
        return static_cast<float>(value);
    return real == Real::fp64 ? Argument(value) : Argument(half_bits(value));
}

std::size_t elements(const Variant &variant) {
    return variant.local_size * variant.groups * variant.width;
}

void check(const LaunchOutcome &outcome, Real real, const Variant &variant, Verdict &verdict) {
    const std::uint32_t trips = outcome.trips();
    for (const std::size_t element :
         outcome.sample(elements(variant), words_to_check(variant, trips))) {
        const std::uint32_t word = outcome.word(element);
        const auto is = [&](Arithmetic arithmetic) {
            return word == expected_word(real, variant, arithmetic, element, trips);
        };
        verdict.fused = verdict.fused && is(Arithmetic::fused);
        verdict.unfused = verdict.unfused && is(Arithmetic::unfused);
        ++verdict.words;
        outcome.expect(verdict.fused || verdict.unfused, variant.describe(real) + ": element " +
                                                             std::to_string(element) +
                                                             " is not what the host computes");
    }
    if (!verdict.fused && variant.form == Form::fma)
        throw Unsupported(variant.describe(real) + ": fma() rounds twice");
}

} // namespace

const Program &KernelCache::program(const Variant &variant) {
    const std::string options = variant.build_options(real_);
    auto found = programs_.find(options);
    if (found == programs_.end())
        found = programs_.emplace(options, bench_.build(kernel_text, options)).first;
    return found->second;
}

Launchable KernelCache::make(Variant variant) {
    const Kernel kernel = program(variant).kernel(function);
    variant.local_size = group_size(bench_, kernel, variant.local_size);
    const auto verdict = std::make_shared<Verdict>();
    const Operands o = operands(real_, variant.recurrence);
    const Buffer words = bench_.buffer(elements(variant) * sizeof(std::uint32_t));
    Launchable made{variant,
                    {kernel,
                     NdRange::linear(variant.groups, variant.local_size),
                     {output(words), trip_count, operand(real_, o.a), operand(real_, o.b),
                      operand(real_, o.c), operand(real_, o.d)},
                     [real = real_, variant, verdict](const LaunchOutcome &outcome) {
                         check(outcome, real, variant, *verdict);
                     }},
                    verdict};
    bench_.launch(made.launch);
    return made;
}

} // namespace clprobe::probes::fma_rate
