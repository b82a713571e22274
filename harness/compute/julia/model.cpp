#include "compute/julia/julia.hpp"

#include <cmath>

namespace clprobe::probes::julia {
namespace {

constexpr double limit = 10;
constexpr double unit_roundoff = 0x1p-24;

float coordinate(std::uint32_t position, std::uint32_t size, float extent) {
    return (static_cast<float>(position) * spacing(size) - 0.5F) * extent;
}

/// The product is rounded before a compiler of ours could fuse it with a sum.
float rounded_product(float a, float b) {
    return static_cast<float>(static_cast<double>(a) * b);
}

} // namespace

std::optional<std::uint32_t> count_of(const Operands &operands, std::uint32_t column,
                                      std::uint32_t row, std::uint32_t size,
                                      std::uint64_t iterations) {
    double x = coordinate(column, size, operands.width);
    double y = coordinate(row, size, operands.height);
    double error = 0; // how far a device's x and y may be from these
    std::uint32_t count = 0;
    for (std::uint64_t i = 0; i < iterations; ++i) {
        const double grown = 2 * (std::abs(x) + std::abs(y)) * error + 2 * error * error;
        const double next = x * x - y * y + operands.c;
        const double terms = x * x + y * y + std::abs(operands.c);
        y = 2 * x * y;
        x = next;
        error = grown + 4 * unit_roundoff * terms;
        const double square = x * x + y * y;
        const double square_error = 2 * (std::abs(x) + std::abs(y)) * error + 2 * error * error +
                                    4 * unit_roundoff * square;
        if (std::abs(square - limit) <= square_error)
            return std::nullopt;
        // From there on it only goes further away.
        if (square > limit)
            return count;
        ++count;
    }
    return count;
}

float last_of_bounded(Arithmetic arithmetic, std::uint32_t column, std::uint32_t size,
                      std::uint64_t iterations) {
    float x = coordinate(column, size, bounded.width);
    if (arithmetic == Arithmetic::fused)
        for (std::uint64_t i = 0; i < iterations; ++i)
            x = std::fma(x, x, bounded.c);
    else
        for (std::uint64_t i = 0; i < iterations; ++i)
            x = rounded_product(x, x) + bounded.c;
    return x;
}

} // namespace clprobe::probes::julia
