#include "compute/fma_rate/model.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace clprobe::probes::fma_rate {
namespace {

/// A number of half precision, held in a wider type that all its values fit in.
struct Half {
    double value = 0;
};

constexpr double least_normal_half = 0x1p-14;

/// Rounds to eleven significant bits, ties to even, fewer below the normal range; for magnitudes
/// that half can hold.
inline Half to_half(double value) {
    if (std::abs(value) < least_normal_half)
        return {std::nearbyint(value * 0x1p24) * 0x1p-24};
    auto bits = std::bit_cast<std::uint64_t>(value);
    bits += 0x1ffffffffffU + (bits >> 42 & 1U);
    return {std::bit_cast<double>(bits & ~0x3ffffffffffU)};
}

template <class T>
T from_double(double value) {
    return static_cast<T>(value);
}
template <>
Half from_double<Half>(double value) {
    return to_half(value);
}

[[gnu::always_inline]] inline float fused(float a, float b, float c) {
    return __builtin_fmaf(a, b, c);
}
[[gnu::always_inline]] inline double fused(double a, double b, double c) {
    return __builtin_fma(a, b, c);
}
/// Exact in double before the one rounding: the values are near one.
[[gnu::always_inline]] inline Half fused(Half a, Half b, Half c) {
    return to_half(a.value * b.value + c.value);
}

/// The product is taken as fma(a, b, -0): a compiler may contract a plain one with the sum.
[[gnu::always_inline]] inline float unfused(float a, float b, float c) {
    return __builtin_fmaf(a, b, -0.0F) + c;
}
[[gnu::always_inline]] inline double unfused(double a, double b, double c) {
    return __builtin_fma(a, b, -0.0) + c;
}
[[gnu::always_inline]] inline Half unfused(Half a, Half b, Half c) {
    return to_half(to_half(a.value * b.value).value + c.value);
}

std::uint32_t word_of(float value) {
    return std::bit_cast<std::uint32_t>(value);
}
std::uint32_t word_of(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    return static_cast<std::uint32_t>(bits ^ bits >> 32);
}
std::uint32_t word_of(Half value) {
    const auto bits = std::bit_cast<std::uint64_t>(value.value);
    const auto sign = static_cast<std::uint32_t>(bits >> 63) << 15;
    if (std::abs(value.value) < least_normal_half)
        return sign | static_cast<std::uint32_t>(std::abs(value.value) * 0x1p24);
    const auto exponent = static_cast<std::uint32_t>(bits >> 52 & 0x7ffU) - 1023 + 15;
    return sign | exponent << 10 | static_cast<std::uint32_t>(bits >> 42 & 0x3ffU);
}

double seed(std::size_t element, unsigned stream) {
    std::uint32_t h = static_cast<std::uint32_t>(element) * 2654435761U + stream * 2246822519U;
    h = (h ^ h >> 15) & 1023U;
    return h * 0.0009765625 + 0.5;
}

/// Four chains side by side: one alone would leave the host's multiplier idle most of the time.
template <class T>
struct Lanes {
    std::array<T, 4> x{};
    std::array<T, 4> y{};
};

template <class T>
struct Constants {
    T a;
    T b;
    T c;
    T d;
};

template <bool is_fused, class T>
[[gnu::always_inline]] inline void step(std::array<T, 4> &target, const std::array<T, 4> &factor,
                                        const std::array<T, 4> &by, const std::array<T, 4> &plus) {
    for (std::size_t i = 0; i < 4; ++i)
        target[i] =
            is_fused ? fused(factor[i], by[i], plus[i]) : unfused(factor[i], by[i], plus[i]);
}

template <bool is_fused, class T>
[[gnu::always_inline]] inline void advance(Lanes<T> &lanes, Recurrence recurrence,
                                           const Constants<T> &constants, std::uint64_t turns) {
    const std::array<T, 4> a = {constants.a, constants.a, constants.a, constants.a};
    const std::array<T, 4> b = {constants.b, constants.b, constants.b, constants.b};
    const std::array<T, 4> c = {constants.c, constants.c, constants.c, constants.c};
    const std::array<T, 4> d = {constants.d, constants.d, constants.d, constants.d};
    std::array<T, 4> x = lanes.x;
    std::array<T, 4> y = lanes.y;
    switch (recurrence) {
    case Recurrence::affine:
        for (std::uint64_t turn = 0; turn < turns; ++turn) {
            step<is_fused>(x, x, a, b);
            step<is_fused>(x, x, c, d);
        }
        break;
    case Recurrence::pair:
        for (std::uint64_t turn = 0; turn < turns; ++turn) {
            step<is_fused>(x, y, a, x);
            step<is_fused>(y, x, b, y);
        }
        break;
    case Recurrence::quadratic:
        for (std::uint64_t turn = 0; turn < turns; ++turn) {
            step<is_fused>(x, x, x, b);
            step<is_fused>(x, x, x, b);
        }
        break;
    }
    lanes = {x, y};
}

template <class T>
using Advance = void(Lanes<T> &, Recurrence, const Constants<T> &, std::uint64_t);

template <bool is_fused, class T>
void advance_anywhere(Lanes<T> &lanes, Recurrence recurrence, const Constants<T> &constants,
                      std::uint64_t turns) {
    advance<is_fused>(lanes, recurrence, constants, turns);
}

#ifdef __x86_64__
// A library call for each multiply-add would take longer than the device's launch.
template <bool is_fused, class T>
[[gnu::target("avx2,fma")]] void advance_in_hardware(Lanes<T> &lanes, Recurrence recurrence,
                                                     const Constants<T> &constants,
                                                     std::uint64_t turns) {
    advance<is_fused>(lanes, recurrence, constants, turns);
}
template <bool is_fused, class T>
Advance<T> *advance_here() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
               ? advance_in_hardware<is_fused, T>
               : advance_anywhere<is_fused, T>;
}
#else
template <bool is_fused, class T>
Advance<T> *advance_here() {
    return advance_anywhere<is_fused, T>;
}
#endif

template <class T>
std::uint32_t expected_as(Real real, const Variant &variant, Arithmetic arithmetic,
                          std::size_t element, std::uint32_t trips) {
    const Operands o = operands(real, variant.recurrence);
    const Constants<T> constants = {from_double<T>(o.a), from_double<T>(o.b), from_double<T>(o.c),
                                    from_double<T>(o.d)};
    const auto advance =
        arithmetic == Arithmetic::fused ? advance_here<true, T>() : advance_here<false, T>();
    std::array<T, 16> x{};
    std::array<T, 16> y{};
    for (unsigned first = 0; first < variant.chains; first += 4) {
        Lanes<T> lanes;
        for (unsigned i = 0; i < 4; ++i) {
            lanes.x[i] = from_double<T>(seed(element, first + i));
            lanes.y[i] = from_double<T>(seed(element, 16 + first + i));
        }
        advance(lanes, variant.recurrence, constants, std::uint64_t{variant.turns()} * trips);
        std::copy_n(lanes.x.begin(), 4, x.begin() + first);
        std::copy_n(lanes.y.begin(), 4, y.begin() + first);
    }
    std::uint32_t word = 0;
    for (unsigned i = 0; i < variant.chains; ++i)
        word = word * 31 + word_of(x[i]);
    if (variant.recurrence == Recurrence::pair)
        for (unsigned i = 0; i < variant.chains; ++i)
            word = word * 31 + word_of(y[i]);
    return word;
}

} // namespace

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

std::uint16_t half_bits(double value) {
    return static_cast<std::uint16_t>(word_of(to_half(value)));
}

std::uint32_t expected_word(Real real, const Variant &variant, Arithmetic arithmetic,
                            std::size_t element, std::uint32_t trips) {
    switch (real) {
    case Real::fp32:
        return expected_as<float>(real, variant, arithmetic, element, trips);
    case Real::fp64:
        return expected_as<double>(real, variant, arithmetic, element, trips);
    case Real::fp16:
        break;
    }
    return expected_as<Half>(real, variant, arithmetic, element, trips);
}

} // namespace clprobe::probes::fma_rate
