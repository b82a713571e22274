#include "inspect/code_difference.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

namespace {

Inspection kernel_with(const std::string &code, std::uint64_t registers = 8,
                       const std::string &text = "aa") {
    InspectedKernel kernel;
    kernel.probe = "compute/a";
    kernel.function = "work";
    kernel.sha256 = text;
    kernel.said.registers = registers;
    kernel.disassembly = Disassembly{"isa", code, {}, {}};
    Inspection inspection;
    inspection.kernels.push_back(kernel);
    return inspection;
}

} // namespace

TEST_CASE("unit.code_difference.tells_the_same_code_from_another") {
    const Inspection before = kernel_with("add");
    CHECK(code_difference(before, before, "compute/a") == "the code is the same");
    CHECK(code_difference(before, kernel_with("add add"), "compute/a") ==
          "the code differs in 1 of 1 kernels, work first");
    CHECK(code_difference(before, kernel_with("add", 12), "compute/a") ==
          "the code differs: work, registers 8 -> 12");
    CHECK(code_difference(before, kernel_with("add", 8, "bb"), "compute/a") ==
          "another kernel text; the code is the same");
    CHECK(code_difference(before, before, "host/transfer").empty());
}

TEST_CASE("unit.code_difference.claims_no_more_than_the_compiler_says") {
    Inspection without = kernel_with("add");
    without.kernels[0].disassembly.reset();
    CHECK(code_difference(without, without, "compute/a") ==
          "the compiler says the same of the code");
    Inspection failed = without;
    failed.kernels[0].error = "does not build";
    CHECK(code_difference(without, failed, "compute/a") == "the code differs: work, error");
}
