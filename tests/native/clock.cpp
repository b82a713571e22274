#include "clock.hpp"
#include "threads.hpp"

#include <algorithm>
#include <cstdint>

namespace native {
namespace {

constexpr std::uint64_t clock_rounds = 500'000;
constexpr std::uint64_t steps_a_round = 8;

/// An empty assembly statement between the steps: the compiler can neither join nor reorder them.
/// Both operands are registers, since some processors add constants without spending a cycle.
void step(std::uint64_t &x, std::uint64_t y) {
    x += y;
    asm volatile("" : "+r"(x));
    x ^= y;
    asm volatile("" : "+r"(x));
}

void chain() {
    std::uint64_t x = 1;
    std::uint64_t y = 0x9e3779b97f4a7c15U;
    asm volatile("" : "+r"(y));
    for (std::uint64_t i = 0; i < clock_rounds; ++i) {
        step(x, y);
        step(x, y);
        step(x, y);
        step(x, y);
    }
    asm volatile("" : : "r"(x));
}

} // namespace

double measured_clock(double seconds) {
    const auto times = time_on_all(seconds, [](unsigned) { chain(); });
    return static_cast<double>(clock_rounds * steps_a_round) /
           *std::min_element(times.begin(), times.end());
}

} // namespace native
