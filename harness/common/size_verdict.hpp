#pragma once
#include "common/hypothesis.hpp"

#include <clprobe/finding.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe::probes {

/// What explains an experiment best. Sizes are powers of two: that much is taken for granted, and
/// makes a few noisy places enough to tell one from another. `size` is absent where none explains
/// it, or too many do; `reason` then says so. A sweep of strides may leave two or three
/// neighbouring ones: `size` is then the likeliest, `sizes` covers them, and `reason` names them.
struct SizeVerdict {
    std::optional<double> size; ///< B
    double probability = 0;     ///< of the best explanation among those tried
    double ratio = 1;           ///< of the times on either side of that size
    bool neighbours = false; ///< times are in between where two places lie in neighbouring blocks
    std::string reason;
    Interval sizes = {}; ///< B; of `size` alone where that is plain
};

/// The sizes that are tried, in bytes.
[[nodiscard]] std::vector<double> candidate_sizes();

/// The size with the greatest posterior probability, and as many of its neighbours as it takes to
/// be as sure as `least_probability`, up to `most_ratio` times the smallest; no size where that is
/// not enough. The probability is that of all explanations by a size and all scatters. Any scatter
/// is as likely as another, but for one beyond the errors where these are known.
[[nodiscard]] SizeVerdict size_posterior(const std::vector<Hypothesis> &hypotheses,
                                         std::span<const Observation> seen,
                                         double least_probability, double most_ratio = 1);

} // namespace clprobe::probes
