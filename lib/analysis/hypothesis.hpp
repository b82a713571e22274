#pragma once
#include <cstddef>
#include <optional>
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

/// The noise of all observations under one sigma that they share beyond their own errors.
struct Noise {
    std::vector<double> deviation; ///< of each observation, in the logarithm
    /// Of each observation, should it have left the level: the logarithm of the probability of all
    /// that follow it. They stay where it is for good, or wander: each is where the one before was,
    /// or anywhere.
    std::vector<double> after;
};

/// The shared sigmas that are tried, in the logarithm, from the largest to the least.
inline constexpr double sigmas[] = {0.2, 0.13, 0.08, 0.05, 0.032, 0.02, 0.013, 0.008, 0.005};

/// The noise under each of the sigmas.
[[nodiscard]] std::vector<Noise> noises_of(std::span<const Observation> observations);

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

/// How well a hypothesis fits under one noise.
struct Fitted {
    double cost = 0; ///< minus the logarithm of the probability of all observations
    double rise = 0; ///< in the logarithm
};

/// The best fit of a hypothesis under each noise; nothing where it would have to fall.
///
/// Errors are normal. Some observations are outliers, mostly ones that took longer. From one of the
/// free ones on all may have left the level, mostly upwards (prefetch and pages are no part of the
/// hypothesis). Level and rise are those of least squares, weighted by how likely an observation is
/// to follow them (EM), and paid for as Schwarz 1978 has it.
[[nodiscard]] std::vector<std::optional<Fitted>>
fit_hypothesis(const Hypothesis &hypothesis, std::span<const Observation> observations,
               const std::vector<Noise> &noises);

} // namespace clprobe
