#include "fma.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace native {
namespace {

constexpr std::uint64_t chains = 12; ///< four cycles of latency times two pipes, and some
constexpr std::uint64_t trips = 1'000'000;

template <class Real, unsigned bytes>
using Vector [[gnu::vector_size(bytes)]] = Real;

// A function for each instruction set has the whole loop in it: what it would call is compiled for
// the least processor. The compiler joins x * a + b to one instruction.
#define CLPROBE_FMA_LOOP(function, attribute)                                                      \
    template <class V>                                                                             \
    attribute void function() {                                                                    \
        V a = V{} + 0.999F;                                                                        \
        V b = V{} + 0.001F;                                                                        \
        V x[chains] = {};                                                                          \
        asm volatile("" : "+m"(x)); /* equal chains would be computed once */                      \
        V x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3], x4 = x[4], x5 = x[5];                        \
        V x6 = x[6], x7 = x[7], x8 = x[8], x9 = x[9], x10 = x[10], x11 = x[11];                    \
        for (std::uint64_t trip = 0; trip < trips; ++trip) {                                       \
            x0 = x0 * a + b;                                                                       \
            x1 = x1 * a + b;                                                                       \
            x2 = x2 * a + b;                                                                       \
            x3 = x3 * a + b;                                                                       \
            x4 = x4 * a + b;                                                                       \
            x5 = x5 * a + b;                                                                       \
            x6 = x6 * a + b;                                                                       \
            x7 = x7 * a + b;                                                                       \
            x8 = x8 * a + b;                                                                       \
            x9 = x9 * a + b;                                                                       \
            x10 = x10 * a + b;                                                                     \
            x11 = x11 * a + b;                                                                     \
        }                                                                                          \
        V sum = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11;                       \
        asm volatile("" : : "m"(sum));                                                             \
    }

CLPROBE_FMA_LOOP(generic_loop, )
#ifdef __x86_64__
CLPROBE_FMA_LOOP(avx512_loop, [[gnu::target("avx512f")]])
CLPROBE_FMA_LOOP(avx2_loop, [[gnu::target("avx2,fma")]])
#endif
#undef CLPROBE_FMA_LOOP

struct Loop {
    const char *instructions;
    unsigned lanes;
    void (*run)();
};

template <class Real, unsigned bytes>
Loop loop(const char *instructions, void (*run)()) {
    return {instructions, bytes / sizeof(Real), run};
}

template <class Real>
Loop widest_loop() {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f"))
        return loop<Real, 64>("avx512", avx512_loop<Vector<Real, 64>>);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return loop<Real, 32>("avx2", avx2_loop<Vector<Real, 32>>);
#endif
#ifdef __aarch64__
    return loop<Real, 16>("neon", generic_loop<Vector<Real, 16>>);
#else
    return loop<Real, 16>("generic", generic_loop<Vector<Real, 16>>);
#endif
}

template <class Real>
FmaRate rate(double seconds, unsigned threads) {
    const Loop loop = widest_loop<Real>();
    std::vector<double> times = time_on_all(
        seconds, [&](unsigned) { loop.run(); }, threads);
    std::sort(times.begin(), times.end());
    const double flops = 2.0 * chains * trips * loop.lanes * threads;
    return {loop.instructions, loop.lanes, flops / times[times.size() / 2], flops / times.front()};
}

} // namespace

FmaRate fp32_rate(double seconds, unsigned threads) {
    return rate<float>(seconds, threads);
}
FmaRate fp64_rate(double seconds, unsigned threads) {
    return rate<double>(seconds, threads);
}

} // namespace native
