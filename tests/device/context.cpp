#include "opencl/kernel_text.hpp"

#include <clprobe/catch2.hpp>
#include <clprobe/context.hpp>
#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <numeric>

using namespace clprobe;

namespace {

KernelText text_of(const std::string &source) {
    return {"tests/text", source, sha256(source)};
}

} // namespace

CLPROBE_DEVICE_TEST("device.context.what is written comes back")(const Device &device) {
    const Context context(device);
    const Buffer buffer = context.buffer(4096);
    std::vector<std::uint32_t> values(1024);
    std::iota(values.begin(), values.end(), 7u);
    context.write<std::uint32_t>(buffer, values);
    CHECK(context.read<std::uint32_t>(buffer, 0, 1024) == values);
    CHECK(context.read<std::uint32_t>(buffer, 1000, 1).front() == 1007);
    context.fill(buffer, 0xdeadbeefu);
    CHECK(context.read<std::uint32_t>(buffer, 1023, 1).front() == 0xdeadbeefu);
}

CLPROBE_DEVICE_TEST("device.context.a program that does not compile names file and line")
(const Device &device) {
    const Context context(device);
    try {
        static_cast<void>(context.build(
            text_of("#line 1 \"tests/broken.cl\"\nkernel void k() {\n    nonsense here;\n}\n"),
            "-DWIDTH=4"));
        FAIL("it compiled");
    } catch (const BuildError &error) {
        CHECK(std::string(error.what()).find("tests/text") != std::string::npos);
        CHECK(std::string(error.what()).find("-DWIDTH=4") != std::string::npos);
        INFO(error.log());
        CHECK_FALSE(error.log().empty());
    }
}

CLPROBE_DEVICE_TEST("device.context.errors name the call and the code")(const Device &device) {
    const Context context(device);
    try {
        static_cast<void>(context.buffer(0));
        FAIL("a buffer of no bytes was made");
    } catch (const Error &error) {
        CHECK(error.code() == CL_INVALID_BUFFER_SIZE);
        CHECK(std::string(error.what()) ==
              "allocating a buffer of 0 B: CL_INVALID_BUFFER_SIZE (-61)");
    }
    const Program program = context.build(text_of("kernel void k(global int *p) { *p = 1; }"), "");
    CHECK_THROWS_AS(program.kernel("other"), Error);
}

CLPROBE_DEVICE_TEST("device.context.a context and queue of the host program are adopted")
(const Device &device) {
    const Context own(device);
    const Context adopted(own.native(), own.native_queue());
    CHECK(adopted.device().native() == device.native());
    CHECK(adopted.profiling() == own.profiling());
    const Buffer buffer = own.buffer(256);
    adopted.fill(buffer, 3);
    CHECK(own.read<std::uint32_t>(buffer, 63, 1).front() == 3);
}
