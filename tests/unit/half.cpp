#include "common/half.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdint>

using namespace clprobe::probes;

TEST_CASE("unit.half.all_bits_come_back") {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        if ((half >> 10 & 0x1f) == 0x1f) { // neither infinities nor what is no number
            CHECK_FALSE(std::isfinite(from_half_bits(half)));
            continue;
        }
        if (half_bits(static_cast<double>(from_half_bits(half))) != half)
            FAIL("of bits " << bits);
    }
}

TEST_CASE("unit.half.bits_are_numbers") {
    CHECK(from_half_bits(0x3c00) == 1);
    CHECK(from_half_bits(0xc000) == -2);
    CHECK(from_half_bits(0x6800) == 2048);
    CHECK(from_half_bits(0x0001) == 0x1p-24f);
    CHECK(rounded_to_half(2049) == 2048); // the first whole number that it does not hold
}
