#pragma once
#include "common/observation.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace clprobe::probes {

/// One way to explain all that was seen: a level that is fitted, and a rise, by shares (0 to 1) of
/// it, that is fitted too and is positive.
struct Hypothesis {
    double size = 0;            ///< B; 0: none
    double unlikely = 0;        ///< minus the logarithm of its probability beforehand
    std::vector<double> known;  ///< what is added to the logarithm; nothing where empty
    std::vector<double> shares; ///< no rise where empty
    double power = 0;           ///< of the value, which grows by the shares; 0: its logarithm does
    std::size_t free_from = static_cast<std::size_t>(-1); ///< places that may leave the level
    bool neighbours = false; ///< takes neighbouring blocks for a case of their own
};

/// How well an explanation fits under one scatter.
struct Fitted {
    double cost = 0; ///< minus the logarithm of the probability of all that was seen
    double rise = 0; ///< in the logarithm
};

/// The best fit of an explanation under each noise; nothing where it would have to fall.
///
/// Errors are normal. Some places are outliers, mostly ones that took longer. From one of the free
/// places on all may have left the level, mostly upwards (prefetch and pages are no part of the
/// explanation). Level and rise are those of least squares, weighted by how likely a place is to
/// follow them (EM), and paid for as Schwarz 1978 has it.
[[nodiscard]] std::vector<std::optional<Fitted>> fit_hypothesis(const Hypothesis &hypothesis,
                                                                std::span<const Observation> seen,
                                                                const std::vector<Noise> &noises);

} // namespace clprobe::probes
