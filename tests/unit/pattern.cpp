#include "model/pattern.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using clprobe::fits_pattern;
using clprobe::names_key;

TEST_CASE("unit.pattern.a star stands for any text") {
    CHECK(fits_pattern("", ""));
    CHECK_FALSE(fits_pattern("", "a"));
    CHECK(fits_pattern("*", ""));
    CHECK(fits_pattern("*", "abc"));
    CHECK(fits_pattern("a*c", "abbc"));
    CHECK(fits_pattern("a*c", "ac"));
    CHECK_FALSE(fits_pattern("a*c", "acb"));
    CHECK(fits_pattern("*ab*ab", "ababab"));
    CHECK(fits_pattern("**b**", "abc"));
    CHECK_FALSE(fits_pattern("abc", "abcd"));
    CHECK_FALSE(fits_pattern("abcd", "abc"));
    CHECK(fits_pattern("x*a+b", "x*a+b"));
}

TEST_CASE("unit.pattern.many stars take no time") {
    std::string pattern;
    for (int i = 0; i < 100; ++i)
        pattern += "*a";
    CHECK_FALSE(fits_pattern(pattern + "b", std::string(10'000, 'a')));
}

TEST_CASE("unit.pattern.a pattern names the keys that are listed with any number") {
    CHECK(names_key("buffer.l1.size", "buffer.l<n>.size"));
    CHECK(names_key("buffer.l1.*", "buffer.l<n>.size"));
    CHECK(names_key("buffer.l*.size", "buffer.l<n>.size"));
    CHECK(names_key("fma.fp32.*", "fma.fp32.rate"));
    CHECK_FALSE(names_key("buffer.*.sise", "buffer.l<n>.size"));
    CHECK_FALSE(names_key("buffer.l1.siz", "buffer.l<n>.size"));
}
