#pragma once
#include <clprobe/compare.hpp>
#include <clprobe/finding.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

// The statistics of a comparison, on plain numbers. Values are logarithms of which more is worse.
namespace clprobe {

/// The half-width of a 95 % interval that a second run falls in, in standard errors: both scatter.
inline constexpr double errors_in_half_width = 1.959964 * 1.41421356;

/// Degrees of freedom where little is known: those of six blocks of samples.
inline constexpr double least_freedom = 5;

/// What one report says of a finding: the value and its standard error towards better and towards
/// worse, which is infinite where no end is known, with their degrees of freedom.
struct LogEstimate {
    double value = 0;
    double error_better = 0;
    double error_worse = 0;
    double freedom = 0;
};
/// Of a measured finding whose interval has so many degrees of freedom. Nothing where its value has
/// no logarithm, or it has no direction.
[[nodiscard]] std::optional<LogEstimate> log_estimate(const Finding &finding, double freedom);

/// A finding that the new report and at least one base measured.
struct ComparedFinding {
    std::size_t probe = 0; ///< findings of one probe have the same
    double min_effect = 0; ///< logarithm of the least ratio that counts
    LogEstimate now;
    std::vector<LogEstimate> bases;
    double min_effect_of_several = 0; ///< with three bases and more
};

/// How much a finding moved for the worse, and the standard error of that.
struct LogChange {
    double change = 0;
    double error = 0;
    double freedom = 0;
    bool bases_differ = false; ///< the error is that of the bases among themselves
    /// What of it is left where the common shift is taken off: never more, and never turned round.
    double own_change = 0;
    double p_worse = 1; ///< of so large a one, where nothing changed
    double p_better = 1;
    bool worse = false;
    bool better = false;
};

/// A family of findings, judged together.
struct JudgedFindings {
    std::vector<LogChange> changes; ///< one a finding
    std::optional<CommonShift> shift;
};
[[nodiscard]] JudgedFindings judge(std::span<const ComparedFinding> findings);

/// The same of findings that were measured in turns. What the pairs differ by, pooled over a
/// probe's findings, is their noise, also where it is less than the intervals allow for: these
/// cover another day. `bases` are what each pair says of base over new, and `now` is nothing.
[[nodiscard]] JudgedFindings judge_pairs(std::span<const ComparedFinding> findings);
/// What one pair says, to be one of these `bases`.
[[nodiscard]] LogEstimate pair_estimate(const LogEstimate &base, const LogEstimate &now);

/// Which of these hypotheses to reject so that a share `rate` of the rejected at most is true
/// (Benjamini and Hochberg 1995).
[[nodiscard]] std::vector<bool> rejected(std::span<const double> p, double rate);

} // namespace clprobe
