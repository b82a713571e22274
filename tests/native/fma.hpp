#pragma once
#include <string>

namespace native {

/// What a plain loop of fused multiply-adds reaches on all processors at once.
struct FmaRate {
    std::string instructions; ///< "avx512", "avx2", "neon" or "generic"
    unsigned lanes = 0;       ///< of a vector
    double median = 0;        ///< flop/s, an FMA counting two
    double best = 0;          ///< flop/s of the best round
};

/// With the widest vectors that this processor has, for about `seconds`.
[[nodiscard]] FmaRate fp32_rate(double seconds);
[[nodiscard]] FmaRate fp64_rate(double seconds);

} // namespace native
