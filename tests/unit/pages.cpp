#include "common/pages.hpp"

#include <catch2/catch_test_macros.hpp>

#include <sstream>

using clprobe::probes::pages_at;

namespace {

constexpr const char *smaps =
    R"(55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                  [heap]
Size:                132 kB
KernelPageSize:        4 kB
Rss:                 100 kB
AnonHugePages:         0 kB
7f0000000000-7f0010000000 rw-p 00000000 00:00 0 
Size:             262144 kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:              200000 kB
AnonHugePages:    100000 kB
VmFlags: rd wr mr mw me ac sd
7f0020000000-7f0030000000 rw-s 00000000 00:0f 12                 /anon_hugepage (deleted)
Size:             262144 kB
KernelPageSize:     2048 kB
Rss:                   0 kB
)";

std::string at(std::uint64_t address) {
    std::istringstream text(smaps);
    return pages_at(text, address).value_or("none");
}

} // namespace

TEST_CASE("unit.pages.are_those_of_the_mapping") {
    CHECK(at(0x55d0c0000000) == "4 KiB");
    CHECK(at(0x7f000fffffff) == "4 KiB, 50 % of it in huge ones");
    CHECK(at(0x7f0020000000) == "2 MiB");
    CHECK(at(0x7f0010000000) == "none");
    CHECK(at(0) == "none");
}
