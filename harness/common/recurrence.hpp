#pragma once
#include <cstdint>

namespace clprobe::probes {

/// x after `steps` steps of x -> a x + c modulo 2^32, by squaring the step: what a dependent chain
/// on a device has to come to, however long it is.
[[nodiscard]] constexpr std::uint32_t after_steps(std::uint32_t x, std::uint32_t a, std::uint32_t c,
                                                  std::uint32_t steps) {
    for (; steps != 0; steps >>= 1) {
        if ((steps & 1) != 0)
            x = a * x + c;
        c = (a + 1) * c;
        a *= a;
    }
    return x;
}

} // namespace clprobe::probes
