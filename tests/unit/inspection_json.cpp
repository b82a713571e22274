#include "inspect/inspection.hpp"
#include "io/file.hpp"

#include <clprobe/error.hpp>
#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cstdlib>
#include <filesystem>

using namespace clprobe;

namespace {

/// A kernel with every member.
InspectedKernel full_kernel() {
    InspectedKernel kernel;
    kernel.probe = "compute/fma_rate";
    kernel.variant = "fma(x, a, b), 4 chains of float";
    kernel.function = "fma_rate";
    kernel.text = "compute/fma_rate";
    kernel.sha256 = std::string(64, 'a');
    kernel.options = "-DWIDTH=1";
    kernel.error = "no such kernel";
    kernel.build_seconds = 0.125;
    kernel.binary_bytes = 4096;
    kernel.said = {32, 8, 16, 64, 128, 256, 512};
    kernel.preferred_multiple = 16;
    kernel.statistics = {{"inst", 28}, {"arith", 1.5}};
    kernel.messages = {"MESA: error: Unhandled ALU op b2i64"};
    kernel.disassembly =
        Disassembly{"bifrost", "clause_0:\n", {16, 2, 15}, InstructionCount{6, 2, 6}};
    kernel.launch = FirstLaunch{0.25, "lost"};
    return kernel;
}

InspectedKernel bare_kernel() {
    InspectedKernel kernel;
    kernel.probe = "host/event_timer";
    kernel.text = "host/event_timer";
    kernel.sha256 = std::string(64, 'b');
    return kernel;
}

Inspection sample() {
    DeviceInfo device;
    device.slug = "gpu0-mali-g52";
    return {"0.1.0", device, {full_kernel(), bare_kernel()}};
}

const std::filesystem::path committed = CLPROBE_INSPECTION_SAMPLE;

} // namespace

TEST_CASE("unit.inspection.what is written is read") {
    CHECK(inspection_from_json(parse_json(to_text(to_json(sample())))) == sample());
}

TEST_CASE("unit.inspection.the committed sample is what is written") {
    const std::string text = to_text(to_json(sample()));
    if (std::getenv("CLPROBE_UPDATE") != nullptr)
        write_file(committed, text);
    CHECK(read_file(committed) == text);
}

TEST_CASE("unit.inspection.what is absent is not written") {
    const Json json = to_json(bare_kernel());
    CHECK(json.size() == 4);
    CHECK(json.contains("options"));
}

TEST_CASE("unit.inspection.a wrong document is refused, with the place") {
    const Json good = to_json(sample());
    const auto refused = [&](const char *pointer, const Json &value) {
        Json wrong = good;
        wrong[Json::json_pointer(pointer)] = value;
        try {
            (void)inspection_from_json(wrong);
        } catch (const InputError &error) {
            return std::string(error.what());
        }
        return std::string();
    };
    using Catch::Matchers::ContainsSubstring;
    CHECK_THAT(refused("/inspection_version", "2.0.0"), ContainsSubstring("/inspection_version"));
    CHECK_THAT(refused("/inspection_version", 1), ContainsSubstring("/inspection_version"));
    CHECK_THAT(refused("/kernels", "none"), ContainsSubstring("/kernels"));
    CHECK_THAT(refused("/kernels/0/sha256", nullptr), ContainsSubstring("/kernels/0/sha256"));
    CHECK_THAT(refused("/kernels/0/registers", -1), ContainsSubstring("/kernels/0/registers"));
    CHECK_THAT(refused("/kernels/0/statistics/inst", "28"), ContainsSubstring("statistics/inst"));
    CHECK_THAT(refused("/kernels/0/code/all/fma", 0.5), ContainsSubstring("/code/all/fma"));
    CHECK(refused("/kernels/0/newer_member", 1).empty());
    CHECK_THROWS_AS(inspection_from_json(Json::object()), InputError);
    CHECK_THROWS_AS(inspection_from_json(Json::array()), InputError);
}
