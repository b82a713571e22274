#pragma once
#include "memory/cache_line/explain.hpp"

#include <span>
#include <vector>

namespace clprobe::cache_line {

/// One way to explain an experiment: a size (0: none), how far each place's logarithm is from it,
/// and the number of free parameters that it took. Places marked `late` count little.
struct Explanation {
    double size = 0;
    double parameters = 0;
    std::vector<double> residuals;
    std::vector<bool> late;
    double ratio = 1;
    bool neighbours = false;
};

/// The sizes that are tried, in bytes.
[[nodiscard]] std::vector<double> candidate_sizes();

/// The centre of values as a t-distribution of four degrees of freedom sees it: near the mean, deaf
/// to outliers. `errors` are their standard errors.
[[nodiscard]] double centre(std::span<const double> values, std::span<const double> errors);

/// The explanation with the greatest posterior probability: t-distributed residuals of the places'
/// standard `errors`, or of the residuals' own scatter where that is larger, and the Bayesian
/// information criterion's price for parameters (Schwarz 1978). A verdict needs
/// `least_probability`.
[[nodiscard]] Verdict weigh(const std::vector<Explanation> &explanations,
                            std::span<const double> errors, double least_probability);

} // namespace clprobe::cache_line
