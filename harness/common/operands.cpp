#include "common/operands.hpp"

#include <cmath>

namespace clprobe::probes {

std::vector<float> small_integers(std::size_t count, std::mt19937_64 &random) {
    std::vector<float> values(count);
    std::uniform_int_distribution<int> number(-4, 4);
    for (float &value : values)
        value = static_cast<float>(number(random));
    return values;
}

std::vector<float> reals(std::size_t count, std::mt19937_64 &random) {
    std::vector<float> values(count);
    std::uniform_real_distribution<float> number(-1, 1);
    for (float &value : values)
        value = number(random);
    return values;
}

std::vector<double> random_projection(std::size_t count, std::mt19937_64 &random) {
    std::vector<double> vector(count);
    std::uniform_int_distribution<int> number(-4, 3);
    for (double &element : vector)
        element = 2 * number(random) + 1;
    return vector;
}

double error_of(const LaunchOutcome &outcome, float found, const ExactSum &exact) {
    constexpr double roundoff = 0x1p-24;
    const double error = std::abs(static_cast<double>(found) - exact.value);
    // Not "above", which a NaN would pass.
    outcome.expect(error <= exact.terms * roundoff / (1 - exact.terms * roundoff) * exact.magnitude,
                   "an element of random reals is further from the exact one than rounding "
                   "explains");
    return exact.magnitude > 0 ? error / (std::sqrt(exact.terms) * roundoff * exact.magnitude) : 0;
}

} // namespace clprobe::probes
