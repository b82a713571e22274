#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace clprobe::probes::atomics {

/// Hartigan's dip: the largest distance between the distribution of the samples and the unimodal
/// one that is nearest to it, which may jump at its mode (Hartigan and Hartigan, The Dip Test of
/// Unimodality, 1985). Throws std::invalid_argument where there are no samples.
[[nodiscard]] double dip(std::span<const double> samples);

/// Whether a quantity that was taken at many places, several times at each, has one level or two.
struct Modes {
    std::optional<int> count; ///< 1 or 2
    double low = 0;           ///< median of the places at the lower level, or of all
    double high = 0;          ///< of those at the higher one, or of all
    double share = 0;         ///< of the places at the higher level
    std::string reason;       ///< why nothing is said, if so
};

/// Two levels where the dip test rejects a single one, the levels are some per cent apart, each
/// holds a good part of the places, and places keep to their level from time to time. `samples`
/// holds the samples of each place in the order they were taken.
[[nodiscard]] Modes find_modes(std::span<const std::vector<double>> samples);

} // namespace clprobe::probes::atomics
