#pragma once
#include "common/size_verdict.hpp"

#include <span>

namespace clprobe::probes {

/// Two addresses that an experiment touched: how long it took, and where they are, in bytes.
struct AddressPair {
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
[[nodiscard]] SizeVerdict block_size(std::span<const AddressPair> pairs, Together together,
                                     double least_ratio);

} // namespace clprobe::probes
