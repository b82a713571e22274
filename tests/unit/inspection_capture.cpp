#include "inspect/code.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <unistd.h>

using namespace clprobe;

TEST_CASE("unit.inspection.what is printed meanwhile is captured, on both streams") {
    const std::string text = captured([] {
        std::printf("from C, ");
        std::fflush(stdout);
        std::cerr << "from C++, ";
        (void)!::write(STDOUT_FILENO, "straight, ", 10);
        std::cout << "and late";
    });
    CHECK(text == "from C, from C++, straight, and late");
    CHECK(captured([] {}).empty());
}

TEST_CASE("unit.inspection.the streams come back after an exception, and when nested") {
    const std::string outer = captured([] {
        std::cout << "before ";
        CHECK_THROWS_AS(captured([] {
                            std::cout << "inside";
                            throw std::runtime_error("x");
                        }),
                        std::runtime_error);
        std::cout << "after";
    });
    CHECK(outer == "before after");
}
