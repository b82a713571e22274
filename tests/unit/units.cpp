#include <clprobe/units.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using clprobe::format;
using clprobe::parse_unit;
using clprobe::Unit;

TEST_CASE("unit.units.every_symbol_parses_back") {
    const auto unit =
        GENERATE(Unit::one, Unit::second, Unit::cycle, Unit::byte, Unit::byte_per_second,
                 Unit::flop_per_second, Unit::op_per_second, Unit::texel_per_second,
                 Unit::flop_per_byte, Unit::hertz, Unit::joule);
    CHECK(parse_unit(symbol(unit)) == unit);
}

TEST_CASE("unit.units.parse_is_exact") {
    CHECK_FALSE(parse_unit(""));
    CHECK_FALSE(parse_unit("b"));
    CHECK_FALSE(parse_unit("S"));
    CHECK_FALSE(parse_unit("KiB"));
    CHECK_FALSE(parse_unit("B/s "));
}

TEST_CASE("unit.units.format_scales") {
    CHECK(format({66.4e12, Unit::flop_per_second}) == "66.4 Tflop/s");
    CHECK(format({128.0 * 1024, Unit::byte}) == "128 KiB");
    CHECK(format({1536, Unit::byte}) == "1.5 KiB");
    CHECK(format({4.31e12, Unit::byte_per_second}) == "4.31 TB/s");
    CHECK(format({3.2e-9, Unit::second}) == "3.2 ns");
    CHECK(format({0.25, Unit::second}) == "250 ms");
    CHECK(format({1.5, Unit::second}) == "1.5 s");
    CHECK(format({9.6, Unit::flop_per_byte}) == "9.6 flop/B");
    CHECK(format({1234, Unit::cycle}) == "1234 cycles");
    CHECK(format({4.5, Unit::cycle}) == "4.5 cycles");
}

TEST_CASE("unit.units.format_leaves_a_plain_number_unscaled") {
    CHECK(format({2048, Unit::one}) == "2048");
    CHECK(format({0.5, Unit::one}) == "0.5");
    CHECK(format({0, Unit::one}) == "0");
    CHECK(format({0, Unit::second}) == "0 s");
    CHECK(format({0, Unit::byte}) == "0 B");
}

TEST_CASE("unit.units.format_keeps_significant_digits") {
    CHECK(format({66.4321e12, Unit::flop_per_second}, 5) == "66.432 Tflop/s");
    CHECK(format({1234567, Unit::hertz}, 2) == "1.2 MHz");
    CHECK(format({100, Unit::hertz}) == "100 Hz");
    CHECK(format({-2.5e-6, Unit::second}) == "-2.5 us");
}

TEST_CASE("unit.units.format_takes_the_next_prefix_when_rounding_reaches_it") {
    CHECK(format({999.96e3, Unit::hertz}) == "1 MHz");
    CHECK(format({999.4e3, Unit::hertz}) == "999 kHz");
    CHECK(format({0.99996, Unit::second}) == "1 s");
    CHECK(format({999.96e-9, Unit::second}) == "1 us");
    CHECK(format({1023.9 * 1024, Unit::byte}) == "1 MiB");
    CHECK(format({1023.9 * 1024, Unit::byte}, 5) == "1023.9 KiB");
}
