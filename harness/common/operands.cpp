#include "common/operands.hpp"

#include <cmath>

namespace clprobe::probes {

namespace {

std::vector<float> integers(std::size_t count, std::mt19937_64 &random, int least, int most) {
    std::vector<float> values(count);
    std::uniform_int_distribution<int> number(least, most);
    for (float &value : values)
        value = static_cast<float>(number(random));
    return values;
}

} // namespace

std::vector<float> small_integers(std::size_t count, std::mt19937_64 &random) {
    return integers(count, random, -4, 4);
}

std::vector<float> ones_and_twos(std::size_t count, std::mt19937_64 &random) {
    std::vector<float> values = integers(count, random, -2, 1);
    for (float &value : values)
        value += value >= 0 ? 1.0f : 0.0f;
    return values;
}

std::vector<float> ones(std::size_t count, std::mt19937_64 &random) {
    std::vector<float> values = integers(count, random, 0, 1);
    for (float &value : values)
        value = 2 * value - 1;
    return values;
}

std::vector<float> signed_bytes(std::size_t count, std::mt19937_64 &random) {
    return integers(count, random, -128, 127);
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
    constexpr double least_half = 0x1p-24;
    const double error = std::abs(static_cast<double>(found) - exact.value);
    const double share = exact.terms * exact.roundoff;
    double bound = share / (1 - share) * exact.magnitude;
    if (exact.stored > 0)
        bound += exact.stored * (std::abs(exact.value) + bound) + least_half / 2;
    // Not "above", which a NaN would pass.
    outcome.expect(error <= bound,
                   "an element of random reals is further from the exact one than rounding "
                   "explains");
    const double usual = std::sqrt(exact.terms) * exact.roundoff * exact.magnitude +
                         exact.stored * std::abs(exact.value);
    return usual > 0 ? error / usual : 0;
}

} // namespace clprobe::probes
