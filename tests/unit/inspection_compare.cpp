#include "inspect/inspection.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

namespace {

InspectedKernel kernel(const char *function) {
    InspectedKernel made;
    made.probe = "memory/tlb";
    made.function = function;
    made.sha256 = "a";
    made.said.registers = 32;
    made.statistics = {{"inst", 28}, {"threads", 2}};
    made.disassembly = Disassembly{"bifrost", "", {28, 4, 25}, InstructionCount{6, 2, 6}};
    return made;
}

Inspection inspection(std::vector<InspectedKernel> kernels) {
    return {"0.1.0", {}, std::move(kernels)};
}

/// What became of one kernel.
std::vector<KernelChange> changes_by(void (*modify)(InspectedKernel &)) {
    InspectedKernel after = kernel("chase");
    modify(after);
    return changed_kernels(inspection({kernel("other"), kernel("chase")}),
                           inspection({kernel("other"), after}));
}

} // namespace

TEST_CASE("unit.inspection.the same is no change, whatever the time and the binary's size") {
    CHECK(changes_by([](InspectedKernel &k) {
              k.build_seconds = 1;
              k.binary_bytes = 7;
              k.launch = FirstLaunch{1.0, {}};
              k.disassembly->text = "kept this time";
          }).empty());
}

TEST_CASE("unit.inspection.each number that differs is told") {
    const auto changes = changes_by([](InspectedKernel &k) {
        k.said.registers = 40;
        k.statistics = {{"inst", 28}, {"threads", 1}, {"loops", 1}};
        k.disassembly->loop.reset();
        k.preferred_multiple = 8;
    });
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].function == "chase");
    CHECK(changes[0].what.empty());
    CHECK(changes[0].numbers == std::vector<NumberChange>{{"registers", 32, 40},
                                                          {"preferred_multiple", {}, 8},
                                                          {"threads", 2, 1},
                                                          {"loops", {}, 1},
                                                          {"loop_instructions", 6, {}},
                                                          {"loop_fma", 2, {}},
                                                          {"loop_slots", 6, {}}});
}

TEST_CASE("unit.inspection.a changed text, an error, and what is new or gone are told") {
    CHECK(changes_by([](InspectedKernel &k) { k.sha256 = "b"; }).at(0).what == "text or options");
    CHECK(changes_by([](InspectedKernel &k) { k.options = "-D"; }).at(0).what == "text or options");
    CHECK(changes_by([](InspectedKernel &k) { k.error = "no"; }).at(0).what == "error");
    const auto changes = changes_by([](InspectedKernel &k) { k.function = "renamed"; });
    REQUIRE(changes.size() == 2);
    CHECK(changes[0].what == "new");
    CHECK(changes[1].what == "gone");
    CHECK(changes[1].function == "chase");
}
