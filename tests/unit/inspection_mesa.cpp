#include "inspect/code.hpp"
#include "io/file.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

using namespace clprobe;

namespace {

/// What Mesa 25.0.7 printed while it compiled two kernels, alpha and zeta (tests/unit/mesa/).
MesaOutput printed_for(const char *gpu) {
    return read_mesa_output(
        read_file(std::filesystem::path(CLPROBE_MESA_OUTPUT) / (std::string(gpu) + ".txt")));
}

double value_of(const MesaShader &shader, std::string_view name) {
    const auto found = std::find_if(shader.statistics.begin(), shader.statistics.end(),
                                    [&](const Statistic &s) { return s.name == name; });
    REQUIRE(found != shader.statistics.end());
    return found->value;
}

} // namespace

TEST_CASE("unit.inspection.shader statistics keep Mesa's names") {
    const auto read = read_shader_db(
        "SHADER-DB: MESA_SHADER_KERNEL shader: 28 inst, 0.416667 arith, 2 threads, 1:3 "
        "spills:fills, 12 registers used");
    CHECK(read == std::vector<Statistic>{{"inst", 28},
                                         {"arith", 0.416667},
                                         {"threads", 2},
                                         {"spills", 1},
                                         {"fills", 3},
                                         {"registers used", 12}});
    CHECK(read_shader_db("SHADER-DB: a name: with a colon - MESA_SHADER_KERNEL shader: 5 inst") ==
          std::vector<Statistic>{{"inst", 5}});
}

TEST_CASE("unit.inspection.what is no shader statistic is passed over") {
    CHECK(read_shader_db("").empty());
    CHECK(read_shader_db("28 inst, 25 tuples").empty());
    CHECK(read_shader_db("SHADER-DB:").empty());
    CHECK(read_shader_db("SHADER-DB: X shader: inst, 3, , many loops, 4 ").empty());
    CHECK(read_mesa_output("").shaders.empty());
    const MesaOutput chatter = read_mesa_output("a driver's\n\nchatter\na driver's\n");
    CHECK(chatter.shaders.empty());
    CHECK(chatter.messages == std::vector<std::string>{"a driver's", "chatter"});
}

TEST_CASE("unit.inspection.bifrost's kernels are told apart, the last compilation taken") {
    const MesaOutput output = printed_for("g52");
    CHECK(output.shaders.size() == 4);
    CHECK(output.messages.empty());
    const MesaShader *zeta = output.find("zeta");
    REQUIRE(zeta != nullptr);
    CHECK(value_of(*zeta, "inst") == 16);
    CHECK(value_of(*zeta, "tuples") == 15);
    CHECK(value_of(*zeta, "loops") == 1);
    REQUIRE(mali_language(zeta->statistics) == "bifrost");
    const auto code = counted("bifrost", zeta->disassembly);
    REQUIRE(code);
    CHECK(code->all == InstructionCount{16, 2, 15, 4});
    CHECK(code->loop == InstructionCount{6, 2, 6});
    const MesaShader *alpha = output.find("alpha");
    REQUIRE(alpha != nullptr);
    CHECK(value_of(*alpha, "inst") == 8);
    CHECK(output.find("beta") == nullptr);
}

TEST_CASE("unit.inspection.valhall's counts agree with Mesa's own") {
    const MesaOutput output = printed_for("g610");
    const MesaShader *zeta = output.find("zeta");
    REQUIRE(zeta != nullptr);
    REQUIRE(mali_language(zeta->statistics) == "valhall");
    CHECK(value_of(*zeta, "fma") == 0.03125);
    const auto code = counted("valhall", zeta->disassembly);
    REQUIRE(code);
    CHECK(static_cast<double>(code->all.slots) == value_of(*zeta, "inst"));
    CHECK(code->all.fma == 2);
    CHECK(code->loop == InstructionCount{6, 2, 7});
}

TEST_CASE("unit.inspection.midgard's registers and complaints are kept") {
    const MesaOutput output = printed_for("t860");
    const MesaShader *alpha = output.find("alpha");
    REQUIRE(alpha != nullptr);
    REQUIRE(mali_language(alpha->statistics) == "midgard");
    CHECK(value_of(*alpha, "registers") == 1);
    const auto code = counted("midgard", alpha->disassembly);
    REQUIRE(code);
    CHECK(static_cast<double>(code->all.instructions) == value_of(*alpha, "inst"));
    CHECK(output.messages == std::vector<std::string>{"MESA: error: Unhandled ALU op b2i64",
                                                      "MESA: error: Unhandled ALU op ufind_msb"});
}

TEST_CASE("unit.inspection.statistics that come without the code are kept in their order") {
    const MesaOutput output =
        read_mesa_output("SHADER-DB: MESA_SHADER_KERNEL shader: 13 inst, 11 tuples\n"
                         "SHADER-DB: MESA_SHADER_KERNEL shader: 8 inst, 7 tuples\n");
    REQUIRE(output.shaders.size() == 2);
    CHECK(value_of(output.shaders[1], "tuples") == 7);
    CHECK(output.shaders[1].function.empty());
}
