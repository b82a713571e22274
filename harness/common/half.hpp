#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

// Numbers of half precision on a host that has no such type.
namespace clprobe::probes {

inline constexpr double least_normal_half = 0x1p-14;

/// Rounded to eleven significant bits, ties to even, fewer below the normal range; for magnitudes
/// that half can hold.
[[nodiscard]] inline double rounded_to_half(double exact) {
    if (std::abs(exact) < least_normal_half)
        return std::nearbyint(exact * 0x1p24) * 0x1p-24;
    auto bits = std::bit_cast<std::uint64_t>(exact);
    bits += 0x1ffffffffffU + (bits >> 42 & 1U);
    return std::bit_cast<double>(bits & ~0x3ffffffffffU);
}

/// The sixteen bits of the nearest half.
[[nodiscard]] inline std::uint16_t half_bits(double value) {
    const double rounded = rounded_to_half(value);
    const auto bits = std::bit_cast<std::uint64_t>(rounded);
    const auto sign = static_cast<std::uint32_t>(bits >> 63) << 15;
    if (std::abs(rounded) < least_normal_half)
        return static_cast<std::uint16_t>(sign |
                                          static_cast<std::uint32_t>(std::abs(rounded) * 0x1p24));
    const auto exponent = static_cast<std::uint32_t>(bits >> 52 & 0x7ffU) - 1023 + 15;
    return static_cast<std::uint16_t>(sign | exponent << 10 |
                                      static_cast<std::uint32_t>(bits >> 42 & 0x3ffU));
}

/// What those bits stand for.
[[nodiscard]] inline float from_half_bits(std::uint16_t bits) {
    const float sign = (bits & 0x8000U) != 0 ? -1.0f : 1.0f;
    const int exponent = bits >> 10 & 0x1f;
    const auto fraction = static_cast<float>(bits & 0x3ffU);
    if (exponent == 0x1f)
        return fraction != 0 ? std::nanf("") : sign * HUGE_VALF;
    return exponent == 0 ? sign * std::ldexp(fraction, -24)
                         : sign * std::ldexp(fraction + 1024, exponent - 25);
}

} // namespace clprobe::probes
