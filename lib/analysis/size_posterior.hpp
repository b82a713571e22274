#pragma once
#include <clprobe/finding.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
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

/// The size that explains an experiment best. Sizes are powers of two: that much is taken for
/// granted, and makes a few noisy points enough to tell one from another. `size` is absent where
/// none explains it, or too many do; `reason` then says so. A sweep of strides may leave two or
/// three neighbouring ones: `size` is then the likeliest, `sizes` covers them, and `reason` names
/// them.
struct SizeVerdict {
    std::string reason;
    std::optional<double> size = {}; ///< B
    double ratio = 1;                ///< of the times on either side of that size
    bool neighbours =
        false;           ///< times are in between where two addresses lie in neighbouring blocks
    Interval sizes = {}; ///< B; of `size` alone where that is plain
};

/// The sizes that are tried, in bytes.
inline constexpr std::array candidate_sizes{8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0};

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
