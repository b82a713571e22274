#pragma once
#include <cstddef>
#include <span>
#include <vector>

namespace clprobe {

/// A value observed at one measurement point: its logarithm and the standard error of that, 0 where
/// unknown; `points` neighbouring points may have been averaged into one.
struct Observation {
    double log = 0;
    double error = 0;
    double points = 1;
};

/// One way to explain all observations: a level that is fitted, and a rise, by shares (0 to 1) of
/// it, that is fitted too and is positive.
struct Hypothesis {
    double size = 0;            ///< B; 0: none
    double prior_cost = 0;      ///< minus the logarithm of its prior probability
    std::vector<double> known;  ///< what is added to the logarithm; nothing where empty
    std::vector<double> shares; ///< no rise where empty
    double power = 0;           ///< of the value, which grows by the shares; 0: its logarithm does
    std::size_t free_from = static_cast<std::size_t>(-1); ///< from here on, the level may be left
    bool neighbours = false; ///< takes neighbouring blocks for a case of their own
};

/// A hypothesis under one noise: any noise is as likely as another, but for one beyond the errors
/// where these are known.
struct Case {
    const Hypothesis *hypothesis = nullptr;
    double cost = 0; ///< minus the logarithm of its probability and that of all observations
    double rise = 0; ///< in the logarithm
};

/// The best fit of each hypothesis under each noise; none where it would have to fall, or no noise
/// explains the times.
///
/// Errors are normal. Some observations are outliers, mostly ones that took longer. From one of the
/// free ones on all may have left the level, mostly upwards (prefetch and pages are no part of the
/// hypothesis). Level and rise are those of least squares, weighted by how likely an observation is
/// to follow them (EM), and paid for as Schwarz 1978 has it.
[[nodiscard]] std::vector<Case> fit_hypotheses(const std::vector<Hypothesis> &hypotheses,
                                               std::span<const Observation> observations);

} // namespace clprobe
