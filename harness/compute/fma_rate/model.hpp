#pragma once
#include "compute/fma_rate/variant.hpp"

#include <cstddef>
#include <cstdint>

namespace clprobe::probes::fma_rate {

/// How a device may round a multiply-add: once, or the product as well.
enum class Arithmetic { fused, unfused };

/// What the host passes to the kernel. The kernel cannot know them when it is compiled, they keep
/// all values near one, and no chain comes to rest on them, so that the last word depends on each
/// single step: affine chains drift by a few units in the last place a turn (in half they settle
/// after some thousand), pairs rotate (HAKMEM item 149), quadratic ones are chaotic.
struct Operands {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
};
[[nodiscard]] Operands operands(Real real, Recurrence recurrence);
/// The sixteen bits of the nearest half.
[[nodiscard]] std::uint16_t half_bits(double value);

/// The word that the kernel must leave for one vector element (its number is that of the work-item
/// times the width plus its place in the vector), computed step by step.
[[nodiscard]] std::uint32_t expected_word(Real real, const Variant &variant, Arithmetic arithmetic,
                                          std::size_t element, std::uint32_t trips);

} // namespace clprobe::probes::fma_rate
