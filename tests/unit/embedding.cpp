#include "opencl/kernel_text.hpp"

#include <clprobe/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <iterator>

namespace unit_embedding {
clprobe::Registry probes(); // made by clprobe_add_probes from embedding/
}

TEST_CASE("unit.embedding.any text survives, its parts inlined once, its lines named") {
    std::ifstream file(CLPROBE_EMBEDDING_EXPECTED, std::ios::binary);
    const std::string expected{std::istreambuf_iterator<char>(file), {}};
    REQUIRE_FALSE(expected.empty());
    const clprobe::Registry registry = unit_embedding::probes();
    const clprobe::KernelText &kernel = registry.kernel("nasty/text");
    CHECK(kernel.text == expected);
    CHECK(kernel.sha256 == clprobe::sha256(expected));
    CHECK(registry.find("nasty/text") != nullptr);
    CHECK(registry.probes().size() == 1);
    CHECK(registry.kernels().size() == 1);
}
