#include "synthetic.hpp"

#include <cmath>
#include <numbers>

Random::Random(std::uint64_t seed) : engine_(seed) {}

double Random::uniform() {
    return (static_cast<double>(engine_() >> 12) + 0.5) * 0x1p-52;
}

double Random::uniform(double low, double high) {
    return low + (high - low) * uniform();
}

bool Random::chance(double probability) {
    return uniform() < probability;
}

int Random::integer(int low, int high) {
    return low + static_cast<int>(uniform() * static_cast<double>(high - low + 1));
}

// Box and Muller 1958
double Random::normal() {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
}

double Random::exponential() {
    return -std::log(uniform());
}
