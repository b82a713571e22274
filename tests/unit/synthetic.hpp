#pragma once
#include <cstdint>
#include <random>

/// Random numbers that are the same with every standard library: the engine of <random> is fixed
/// by the standard, its distributions are not.
class Random {
public:
    explicit Random(std::uint64_t seed);

    /// Between 0 and 1, both excluded.
    double uniform();
    double uniform(double low, double high);
    bool chance(double probability);
    /// Between the two, both included.
    int integer(int low, int high);
    double normal();
    /// Exponential of mean 1.
    double exponential();

private:
    std::mt19937_64 engine_;
};
