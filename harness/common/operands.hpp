#pragma once
#include <clprobe/launch.hpp>

#include <cstddef>
#include <random>
#include <vector>

// Operands of the operators of neural networks, and what is expected of results.
namespace clprobe::probes {

/// Whole numbers from -4 to 4: sums of up to 2^20 of their products are exact in any order.
[[nodiscard]] std::vector<float> small_integers(std::size_t count, std::mt19937_64 &random);
/// From {-2, -1, 1, 2} or {-1, 1}: of one each, sums of up to 1024 products are exact in any order
/// in half precision too, and no product is 0.
[[nodiscard]] std::vector<float> ones_and_twos(std::size_t count, std::mt19937_64 &random);
[[nodiscard]] std::vector<float> ones(std::size_t count, std::mt19937_64 &random);
/// Whole numbers from -128 to 127.
[[nodiscard]] std::vector<float> signed_bytes(std::size_t count, std::mt19937_64 &random);
/// From -1 to 1.
[[nodiscard]] std::vector<float> reals(std::size_t count, std::mt19937_64 &random);

/// Odd numbers from -7 to 7. A product with such a vector shows a single wrong element always, as
/// none of it is 0 (Freivalds 1977).
[[nodiscard]] std::vector<double> random_projection(std::size_t count, std::mt19937_64 &random);

inline constexpr double single_roundoff = 0x1p-24;
inline constexpr double half_roundoff = 0x1p-11;

/// A sum of products as the host has it in double precision.
struct ExactSum {
    double value = 0;
    double magnitude = 0; ///< the sum of the absolute products
    double terms = 0;
    double roundoff = single_roundoff; ///< of products and additions
    double stored =
        0; ///< the result's roundoff, where it is stored in fewer bits than it was added up in
};
/// The error of what was found, by what random rounding leaves of so many additions: sqrt(terms)
/// times the unit roundoff times the magnitude, and what storing the result takes off. Throws
/// VerificationError where it is beyond what any order of additions can leave.
[[nodiscard]] double error_of(const LaunchOutcome &outcome, float found, const ExactSum &exact);

} // namespace clprobe::probes
