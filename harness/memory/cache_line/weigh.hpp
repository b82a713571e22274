#pragma once
#include "memory/cache_line/explain.hpp"
#include "memory/cache_line/fit.hpp"

#include <span>
#include <vector>

namespace clprobe::cache_line {

/// The sizes that are tried, in bytes.
[[nodiscard]] std::vector<double> candidate_sizes();

/// The size with the greatest posterior probability, and as many of its neighbours as it takes to
/// be as sure as `least_probability`, up to `most_ratio` times the smallest; no size where that is
/// not enough. The probability is that of all explanations by a size and all scatters. Any scatter
/// is as likely as another, but for one beyond the errors where these are known.
[[nodiscard]] Verdict weigh(const std::vector<Explanation> &explanations,
                            std::span<const Seen> seen, double least_probability,
                            double most_ratio = 1);

} // namespace clprobe::cache_line
