#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace clprobe::cache_line {

/// What was seen at a place: the logarithm of a value and its standard error, 0 where that is not
/// known; of so many places in one.
struct Seen {
    double log = 0;
    double error = 0;
    double places = 1;
};

/// One way to explain all that was seen: a level that is fitted, and a rise, by shares (0 to 1) of
/// it, that is fitted too and is positive.
struct Explanation {
    double size = 0;            ///< B; 0: none
    double unlikely = 0;        ///< minus the logarithm of its probability beforehand
    std::vector<double> known;  ///< what is added to the logarithm; nothing where empty
    std::vector<double> shares; ///< no rise where empty
    double power = 0;           ///< of the value, which grows by the shares; 0: its logarithm does
    std::size_t free_from = static_cast<std::size_t>(-1); ///< places that may leave the level
    bool neighbours = false; ///< takes neighbouring blocks for a case of their own
};

/// The scatter that all places may share beyond their errors, in the logarithm, the largest first.
inline constexpr double scatters[] = {0.2, 0.13, 0.08, 0.05, 0.032, 0.02, 0.013, 0.008, 0.005};

/// How well an explanation fits under one scatter.
struct Fitted {
    double cost = 0; ///< minus the logarithm of the probability of all that was seen
    double rise = 0; ///< in the logarithm
};

/// The best fit of an explanation under each of the scatters; nothing where it would have to fall.
///
/// Errors are normal. Some places are outliers, mostly ones that took longer. Free places may leave
/// the level of all once and for good: then each is where the one before was, or anywhere (prefetch
/// and pages are no part of the explanation). Level and rise are those of least squares, weighted
/// by how likely a place is to follow them (EM), and paid for as Schwarz 1978 has it.
[[nodiscard]] std::vector<std::optional<Fitted>> fit(const Explanation &explanation,
                                                     std::span<const Seen> seen);

} // namespace clprobe::cache_line
