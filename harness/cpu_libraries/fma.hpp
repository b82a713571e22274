#pragma once
#include "threads.hpp"

#include <string>

namespace native {

/// What a plain loop of fused multiply-adds reaches in all threads together.
struct FmaRate {
    std::string instructions; ///< "avx512", "avx2", "neon" or "generic"
    unsigned lanes = 0;       ///< of a vector
    double median = 0;        ///< flop/s, an FMA counting two
    double best = 0;          ///< flop/s of the best round
};

/// With the widest vectors that this processor has, for about `seconds`, a thread a processor.
[[nodiscard]] FmaRate fp32_rate(double seconds, unsigned threads = processors());
[[nodiscard]] FmaRate fp64_rate(double seconds, unsigned threads = processors());

} // namespace native
