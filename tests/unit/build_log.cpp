#include "common/build_log.hpp"

#include <catch2/catch_test_macros.hpp>

using clprobe::probes::first_error;

TEST_CASE("unit.build_log.the first error of a compiler's log is a line") {
    CHECK(first_error("") == "it does not say why");
    CHECK(first_error("\n\nno words for it\nmore") == "no words for it");
    CHECK(first_error("warning: x\nerror: y\nerror: z") == "error: y");
    CHECK(first_error("error " + std::string(1000, 'x')).size() < 200);
}
