#include "fuzz/network.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    clprobe::fuzz::check_network({reinterpret_cast<const char *>(data), size});
    return 0;
}
