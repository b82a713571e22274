#include "compute/fma_rate/launch.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace clprobe::probes::fma_rate {
namespace {

constexpr const char *function = "fma_rate";
constexpr unsigned output_argument = 0;
constexpr unsigned trips_argument = 1;
constexpr unsigned first_operand = 2;

/// How many words to check after a launch: few where recomputing one takes the host long.
std::size_t words_to_check(const Variant &variant, std::uint32_t trips) {
    constexpr double most_steps = 500e3; // about 0.2 ms
    const double steps = static_cast<double>(variant.body) * trips;
    return static_cast<std::size_t>(std::clamp(most_steps / steps, 1.0, 4.0));
}

void set_operands(Kernel &kernel, Real real, Recurrence recurrence) {
    const Operands o = operands(real, recurrence);
    unsigned index = first_operand;
    for (const double value : {o.a, o.b, o.c, o.d}) {
        if (real == Real::fp32)
            kernel.set(index, static_cast<float>(value));
        else if (real == Real::fp64)
            kernel.set(index, value);
        else
            kernel.set(index, half_bits(value));
        ++index;
    }
}

std::size_t elements(const Variant &variant) {
    return variant.local_size * variant.groups * variant.width;
}

void verify(Bench &bench, Real real, const Variant &variant, const Buffer &output,
            std::uint32_t trips, Verdict &verdict) {
    for (const std::size_t element :
         bench.sample_work_items(elements(variant), words_to_check(variant, trips))) {
        const std::uint32_t word = bench.read<std::uint32_t>(output, element, 1).front();
        const auto is = [&](Arithmetic arithmetic) {
            return word == expected_word(real, variant, arithmetic, element, trips);
        };
        verdict.fused = verdict.fused && is(Arithmetic::fused);
        verdict.unfused = verdict.unfused && is(Arithmetic::unfused);
        ++verdict.words;
        if (!verdict.fused && !verdict.unfused)
            throw VerificationError(variant.describe(real) + ": element " +
                                    std::to_string(element) + " after " + std::to_string(trips) +
                                    " trips is not what the host computes");
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

Launchable KernelCache::make(const Variant &variant) {
    Launchable made{variant,
                    Work{program(variant).kernel(function),
                         NdRange::linear(variant.groups, variant.local_size),
                         trips_argument,
                         {},
                         {}},
                    std::make_shared<Verdict>()};
    const Buffer output = bench_.buffer(elements(variant) * sizeof(std::uint32_t));
    made.work.kernel.set(output_argument, output);
    set_operands(made.work.kernel, real_, variant.recurrence);
    made.work.prepare = [&bench = bench_, output] { bench.poison(output); };
    made.work.verify = [&bench = bench_, real = real_, variant, output,
                        verdict = made.verdict](std::uint32_t trips) {
        verify(bench, real, variant, output, trips, *verdict);
    };
    bench_.launch(made.work);
    return made;
}

} // namespace clprobe::probes::fma_rate
