#pragma once
#include "analysis/hypothesis.hpp"

#include <clprobe/finding.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe {

/// The size that explains an experiment best. Sizes are powers of two: that much is taken for
/// granted, and makes a few noisy points enough to tell one from another. `size` is absent where
/// none explains it, or too many do; `reason` then says so. A sweep of strides may leave two or
/// three neighbouring ones: `size` is then the likeliest, `sizes` covers them, and `reason` names
/// them.
struct SizeVerdict {
    std::optional<double> size; ///< B
    double probability = 0;     ///< of the best size among those tried
    double ratio = 1;           ///< of the times on either side of that size
    bool neighbours =
        false; ///< times are in between where two addresses lie in neighbouring blocks
    std::string reason;
    Interval sizes = {}; ///< B; of `size` alone where that is plain
};

/// The sizes that are tried, in bytes.
[[nodiscard]] std::vector<double> candidate_sizes();

/// The size with the greatest posterior probability, and as many of its neighbours as it takes to
/// be as sure as `least_probability`, up to `most_ratio` times the smallest; no size where that is
/// not enough. The probability is that of all hypotheses with a size, under all noises. Any noise
/// is as likely as another, but for one beyond the errors where these are known.
[[nodiscard]] SizeVerdict size_posterior(const std::vector<Hypothesis> &hypotheses,
                                         std::span<const Observation> observations,
                                         double least_probability, double most_ratio = 1);

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

} // namespace clprobe
