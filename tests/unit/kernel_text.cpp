#include "opencl/kernel_text.hpp"
#include "support/scratch.hpp"

#include <clprobe/kernel.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace clprobe;

TEST_CASE("unit.kernel.sha256 agrees with the published examples") {
    // FIPS 180-4's examples, as NIST publishes them.
    CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256(std::string(1'000'000, 'a')) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("unit.kernel.a directory of kernels overrides the embedded text") {
    namespace fs = std::filesystem;
    const test::Scratch scratch; // of its own: tests run side by side
    const fs::path root = scratch / "kernels";
    fs::create_directories(root / "memory");
    fs::create_directories(root / "common");
    std::ofstream(root / "memory/a.cl") << "#include \"common/b.clh\"\nkernel void a() {}\n";
    std::ofstream(root / "common/b.clh") << "#define B 1\n";
    const KernelText embedded{"memory/a", "kernel void embedded() {}", "hash"};

    REQUIRE(setenv("CLPROBE_KERNEL_DIR", root.c_str(), 1) == 0);
    const KernelText text = with_override(embedded);
    CHECK(text.text.find("#define B 1") != std::string::npos);
    CHECK(text.text.find("kernel void a()") != std::string::npos);
    CHECK(text.sha256 == sha256(text.text));
    CHECK(with_override({"memory/other", "text", "hash"}).text == "text");

    unsetenv("CLPROBE_KERNEL_DIR");
    CHECK(with_override(embedded).text == embedded.text);
}
