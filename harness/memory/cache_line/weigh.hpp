#pragma once
#include "memory/cache_line/explain.hpp"
#include "memory/cache_line/fit.hpp"

#include <span>
#include <vector>

namespace clprobe::cache_line {

/// The sizes that are tried, in bytes.
[[nodiscard]] std::vector<double> candidate_sizes();

/// The size with the greatest posterior probability, where that is `least_probability` at least:
/// of all explanations by that size and all scatters. Any scatter is as likely as another, but for
/// one beyond the errors where these are known.
[[nodiscard]] Verdict weigh(const std::vector<Explanation> &explanations,
                            std::span<const Seen> seen, double least_probability);

} // namespace clprobe::cache_line
