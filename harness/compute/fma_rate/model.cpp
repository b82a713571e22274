#include "compute/fma_rate/fma_rate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <type_traits>

namespace clprobe::probes::fma_rate {
namespace {

/// "x = fma(x, a, b)".
std::string recurrence_text(Form form, Recurrence recurrence) {
    static constexpr const char *factors_and_sum[][3] = {
        {"x", "a", "b"}, {"y", "a", "x"}, {"x", "x", "b"}};
    const auto &[a, b, c] = factors_and_sum[static_cast<std::size_t>(recurrence)];
    if (form == Form::expression)
        return fmt::format("x = {}*{}+{}", a, b, c);
    if (form == Form::ptx)
        return fmt::format("x = inline PTX {}({}, {}, {})", form_names.back(), a, b, c);
    return fmt::format("x = {}({}, {}, {})", form_names[static_cast<std::size_t>(form)], a, b, c);
}

std::string vector_of(Real real, unsigned width) {
    return type_of(real) + (width > 1 ? std::to_string(width) : "");
}

/// A number of half precision, held in a wider type that all its values fit in.
struct Half {
    double value = 0;

    Half() = default;
    /// Of magnitudes that half can hold.
    explicit Half(double exact) : value(rounded_to_half(exact)) {}
};

template <class T>
[[gnu::always_inline]] inline T fused(T a, T b, T c) {
    if constexpr (std::is_same_v<T, float>)
        return __builtin_fmaf(a, b, c);
    else if constexpr (std::is_same_v<T, double>)
        return __builtin_fma(a, b, c);
    else // exact in double before the one rounding: the values are near one
        return Half(a.value * b.value + c.value);
}

/// The product is taken as fma(a, b, -0): a compiler may contract a plain one with the sum.
template <class T>
[[gnu::always_inline]] inline T unfused(T a, T b, T c) {
    if constexpr (std::is_same_v<T, Half>)
        return Half(Half(a.value * b.value).value + c.value);
    else
        return fused(a, b, T{-0.0F}) + c;
}

std::uint32_t word_of(float value) {
    return std::bit_cast<std::uint32_t>(value);
}
std::uint32_t word_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    return static_cast<std::uint32_t>(bits ^ bits >> 32);
}
std::uint32_t word_of(Half value) {
    return half_bits(value.value);
}

double seed(std::size_t element, unsigned stream) {
    std::uint32_t h = static_cast<std::uint32_t>(element) * 2654435761U + stream * 2246822519U;
    h = (h ^ h >> 15) & 1023U;
    return h * 0.0009765625 + 0.5;
}

/// Four chains side by side: one alone would leave the host's multiplier idle most of the time.
template <class T>
using Four = std::array<T, 4>;

template <class T>
struct Chains {
    Four<T> x{};
    Four<T> y{};
};

template <class T>
Four<T> four(double value) {
    const auto same = static_cast<T>(value);
    return {same, same, same, same};
}

template <bool is_fused, class T>
[[gnu::always_inline]] inline void step(Four<T> &target, const Four<T> &factor, const Four<T> &by,
                                        const Four<T> &plus) {
    for (std::size_t i = 0; i < 4; ++i)
        target[i] =
            is_fused ? fused(factor[i], by[i], plus[i]) : unfused(factor[i], by[i], plus[i]);
}

template <bool is_fused, class T>
[[gnu::always_inline]] inline void advance(Chains<T> &chains, Recurrence recurrence,
                                           const Operands &of, std::uint64_t turns) {
    const auto a = four<T>(of.a);
    const auto b = four<T>(of.b);
    const auto c = four<T>(of.c);
    const auto d = four<T>(of.d);
    auto [x, y] = chains;
    for (std::uint64_t turn = 0; turn < turns; ++turn)
        switch (recurrence) {
        case Recurrence::affine:
            step<is_fused>(x, x, a, b);
            step<is_fused>(x, x, c, d);
            break;
        case Recurrence::pair:
            step<is_fused>(x, y, a, x);
            step<is_fused>(y, x, b, y);
            break;
        case Recurrence::quadratic:
            step<is_fused>(x, x, x, b);
            step<is_fused>(x, x, x, b);
            break;
        }
    chains = {x, y};
}

#ifdef __x86_64__
// A library call for each multiply-add would take longer than the device's launch.
template <bool is_fused, class T>
[[gnu::target("avx2,fma")]] void advance_in_hardware(Chains<T> &chains, Recurrence recurrence,
                                                     const Operands &of, std::uint64_t turns) {
    advance<is_fused>(chains, recurrence, of, turns);
}
#endif

template <bool is_fused, class T>
void advance_here(Chains<T> &chains, Recurrence recurrence, const Operands &of,
                  std::uint64_t turns) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return advance_in_hardware<is_fused>(chains, recurrence, of, turns);
#endif
    advance<is_fused>(chains, recurrence, of, turns);
}

template <class T>
std::uint32_t expected_as(Real real, const Variant &variant, Arithmetic arithmetic,
                          std::size_t element, std::uint32_t trips) {
    const Operands of = operands(real, variant.recurrence);
    const auto advance =
        arithmetic == Arithmetic::fused ? advance_here<true, T> : advance_here<false, T>;
    std::array<Chains<T>, 4> chains;
    for (unsigned i = 0; i < 16; ++i) {
        chains[i / 4].x[i % 4] = static_cast<T>(seed(element, i));
        chains[i / 4].y[i % 4] = static_cast<T>(seed(element, 16 + i));
    }
    for (unsigned first = 0; first < variant.chains; first += 4)
        advance(chains[first / 4], variant.recurrence, of, std::uint64_t{variant.turns()} * trips);
    std::uint32_t word = 0;
    for (unsigned i = 0; i < variant.chains; ++i)
        word = word * 31 + word_of(chains[i / 4].x[i % 4]);
    if (variant.recurrence == Recurrence::pair)
        for (unsigned i = 0; i < variant.chains; ++i)
            word = word * 31 + word_of(chains[i / 4].y[i % 4]);
    return word;
}

} // namespace

std::string name(Real real) {
    return std::array{"fp32", "fp64", "fp16"}[static_cast<std::size_t>(real)];
}

std::string type_of(Real real) {
    return std::array{"float", "double", "half"}[static_cast<std::size_t>(real)];
}

Variant Variant::with_body(unsigned operations) const {
    Variant variant = *this;
    variant.body = 2 * chains * std::clamp((operations + chains) / (2 * chains), 1U, 1023U);
    return variant;
}

double Variant::per_trip() const {
    return static_cast<double>(body) * width * static_cast<double>(local_size) *
           static_cast<double>(groups);
}

std::string Variant::build_options(Real real) const {
    return fmt::format("-DREAL={} -DWIDTH={} -DCHAINS={} -DTURNS={} -DFORM={} -DRECURRENCE={}",
                       type_of(real), width, chains, turns(), static_cast<int>(form),
                       static_cast<int>(recurrence));
}

std::string Variant::label(Real real) const {
    return recurrence_text(form, recurrence) + ", " + vector_of(real, width);
}

std::string Variant::describe(Real real) const {
    return fmt::format("{}, {} {} of {}, {} in the loop, {} {} of {}",
                       recurrence_text(form, recurrence), chains, chains == 1 ? "chain" : "chains",
                       vector_of(real, width), body, groups, groups == 1 ? "group" : "groups",
                       local_size);
}

Operands operands(Real real, Recurrence recurrence) {
    // The constants for half are what a search found: the longest cycle (136) of all chaotic ones,
    // and a drift that goes on for at least 2600 turns, rounded once or twice.
    const bool half = real == Real::fp16;
    if (recurrence == Recurrence::pair)
        return {0.7236328125, -0.7236328125, 0, 0};
    if (recurrence == Recurrence::quadratic)
        return {0, half ? -1.556640625 : -1.9091796875, 0, 0};
    if (half)
        return {0.56494140625, 0.0999755859375, 1.771484375, -0.1751708984375};
    // The second step undoes the first but for a drift and what rounding leaves. Each constant is
    // rounded to the kernel's type before the next is derived from it.
    const auto rounded = [real](double value) {
        return real == Real::fp32 ? static_cast<double>(static_cast<float>(value)) : value;
    };
    constexpr double drift = 0x1p-20;
    Operands o;
    o.a = rounded(0.7232142857142857);
    o.b = rounded(0.2819047619047619);
    o.c = rounded(1 / o.a);
    o.d = rounded(drift - o.c * o.b);
    return o;
}

std::uint32_t expected_word(Real real, const Variant &variant, Arithmetic arithmetic,
                            std::size_t element, std::uint32_t trips) {
    const auto expected = real == Real::fp32   ? expected_as<float>
                          : real == Real::fp64 ? expected_as<double>
                                               : expected_as<Half>;
    return expected(real, variant, arithmetic, element, trips);
}

} // namespace clprobe::probes::fma_rate
