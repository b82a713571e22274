#include "opencl/compiler_report.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

namespace {

constexpr const char *two_kernels = R"(
ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'first' for 'sm_90'
ptxas info    : Function properties for first
ptxas         .     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 30 registers, used 1 barriers, 392 bytes cmem[0]
ptxas info    : Compiling entry function 'second' for 'sm_90'
ptxas info    : Function properties for second
    128 bytes stack frame, 152 bytes spill stores, 176 bytes spill loads
ptxas info    : Used 255 registers, 392 bytes cmem[0]
)";

} // namespace

TEST_CASE("unit.compiler_report.the assembler's words are told apart by function") {
    const CompilerReport first = read_build_log(two_kernels, "first");
    CHECK(first.registers == 30);
    CHECK(first.spill_stores == 0);
    CHECK(first.stack == 0);
    const CompilerReport second = read_build_log(two_kernels, "second");
    CHECK(second.registers == 255);
    CHECK(second.stack == 128);
    CHECK(second.spill_stores == 152);
    CHECK(second.spill_loads == 176);
}

TEST_CASE("unit.compiler_report.a log that says nothing gives nothing") {
    CHECK(read_build_log("", "first") == CompilerReport{});
    CHECK(read_build_log(two_kernels, "third") == CompilerReport{});
    CHECK(read_build_log("Function properties for f\nUsed many registers", "f") ==
          CompilerReport{});
}

TEST_CASE("unit.compiler_report.the verbose option goes to compilers that have it") {
    DeviceInfo device;
    CHECK(verbose_option(device).empty());
    device.extensions = {"cl_khr_fp64", "cl_nv_compiler_options"};
    CHECK(verbose_option(device) == "-cl-nv-verbose");
}
