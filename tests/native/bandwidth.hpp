#pragma once
#include "pages.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace native {

/// What all processors together read and write in a second: `read` one array, `write` one, `copy`
/// one to another (counted twice), `triad` two to a third (a = b + s * c, counted three times), as
/// STREAM (McCalpin 1995) counts. Plain stores, which on most processors read the line before.
struct Bandwidth {
    std::string what;  ///< "read", "write", "copy" or "triad"
    double median = 0; ///< B/s
    double best = 0;   ///< B/s of the best round
};

/// With the widest vectors that this processor has, each processor going over `bytes` of its own in
/// all (a copy's arrays have half of that), for about `seconds` each.
[[nodiscard]] std::vector<Bandwidth> bandwidths(std::size_t bytes, PageSize pages, double seconds);

/// The vectors' instruction set: "avx512", "avx2", "neon" or "generic".
[[nodiscard]] std::string vector_instructions();

} // namespace native
