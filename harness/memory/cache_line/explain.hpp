#pragma once
#include "memory/cache_line/places.hpp"

#include <clprobe/finding.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe::cache_line {

/// What explains an experiment best. Sizes are powers of two: that much is taken for granted, and
/// makes a few noisy places enough to tell one from another. `size` is absent where none explains
/// it, or too many do; `reason` then says so. A sweep of strides may leave two or three
/// neighbouring ones: `size` is then the likeliest, `sizes` covers them, and `reason` names them.
struct Verdict {
    std::optional<double> size; ///< B
    double probability = 0;     ///< of the best explanation among those tried
    double ratio = 1;           ///< of the times on either side of that size
    bool neighbours = false; ///< times are in between where two places lie in neighbouring blocks
    std::string reason;
    Interval sizes = {}; ///< B; of `size` alone where that is plain
};

/// Two addresses that an experiment touched: how long it took, and where they are, in bytes.
struct Pair {
    double first = 0;
    double second = 0;
    double value = 0;
    double error = 0;
};

enum class Together { slower, faster };

/// The size of the blocks (lines, sectors) of which `pairs` show whether both addresses are in one,
/// by two levels of time; `together` says which of them means that they are. Pairs in two blocks
/// that form an aligned block of twice the size may be at a level between: prefetch of the
/// neighbour. Steps below `least_ratio` are not believed.
[[nodiscard]] Verdict block_size(std::span<const Pair> pairs, Together together,
                                 double least_ratio);

/// The line by capacity: `slots` (over stride) that stay in a cache fall as one over the stride
/// while slots share a line, and are constant from the line up.
[[nodiscard]] Verdict line_by_capacity(std::span<const Place> slots);

/// The line by a sweep of strides through more memory than the cache holds: time an access grows
/// with the stride until every access has a line of its own. What changes from twice the line on
/// (prefetch, pages, a sweep that fits the cache at last) does not count, but for a rise as large.
[[nodiscard]] Verdict line_by_stride(std::span<const Place> latency);

} // namespace clprobe::cache_line
