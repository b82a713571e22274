#pragma once
#include "pages.hpp"

#include <cstddef>
#include <vector>

namespace native {

/// What a load takes that waits for the one before, in so many bytes of memory.
struct Latency {
    std::size_t bytes = 0;
    double median = 0; ///< seconds, of several random orders
    double best = 0;
};

/// On one processor, by random cyclic chases over lines of 64 B, half an octave apart; each order
/// in memory allocated anew, since its placement matters.
[[nodiscard]] std::vector<Latency> latency_by_footprint(PageSize pages);

} // namespace native
