#include "bandwidth.hpp"
#include "threads.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace native {
namespace {

constexpr std::size_t unroll = 8; ///< vectors of a turn
constexpr std::size_t turn_bytes = unroll * 64;
constexpr std::size_t enough = std::size_t{64} << 20; ///< bytes of a round

template <unsigned bytes>
using Words [[gnu::vector_size(bytes)]] = std::uint32_t;
template <unsigned bytes>
using Floats [[gnu::vector_size(bytes)]] = float;

/// What one processor works on.
struct Arrays {
    std::byte *a;
    std::byte *b;
    std::byte *c;
    std::size_t bytes;
};

// The empty statement at the end of a turn: no pass is joined with the next, and no loop becomes a
// call of the library, whose stores may go past the caches.
#define CLPROBE_TURN asm volatile("" : : : "memory")
#define CLPROBE_STREAMS(set, size, attribute)                                                      \
    attribute void set##_read(const Arrays &arrays) {                                              \
        const auto *b = reinterpret_cast<const Words<size> *>(arrays.b);                           \
        const auto *end = b + arrays.bytes / (size);                                               \
        Words<size> x0{}, x1{}, x2{}, x3{}, x4{}, x5{}, x6{}, x7{};                                \
        for (; b != end; b += unroll) {                                                            \
            x0 ^= b[0];                                                                            \
            x1 ^= b[1];                                                                            \
            x2 ^= b[2];                                                                            \
            x3 ^= b[3];                                                                            \
            x4 ^= b[4];                                                                            \
            x5 ^= b[5];                                                                            \
            x6 ^= b[6];                                                                            \
            x7 ^= b[7];                                                                            \
            CLPROBE_TURN;                                                                          \
        }                                                                                          \
        Words<size> sum = x0 ^ x1 ^ x2 ^ x3 ^ x4 ^ x5 ^ x6 ^ x7;                                   \
        asm volatile("" : : "m"(sum));                                                             \
    }                                                                                              \
    attribute void set##_write(const Arrays &arrays) {                                             \
        auto *a = reinterpret_cast<Floats<size> *>(arrays.a);                                      \
        const auto *end = a + arrays.bytes / (size);                                               \
        const Floats<size> value = Floats<size>{} + 1.5F;                                          \
        for (; a != end; a += unroll) {                                                            \
            for (std::size_t i = 0; i < unroll; ++i)                                               \
                a[i] = value;                                                                      \
            CLPROBE_TURN;                                                                          \
        }                                                                                          \
    }                                                                                              \
    attribute void set##_copy(const Arrays &arrays) {                                              \
        auto *a = reinterpret_cast<Floats<size> *>(arrays.a);                                      \
        const auto *b = reinterpret_cast<const Floats<size> *>(arrays.b);                          \
        const auto *end = a + arrays.bytes / (size);                                               \
        for (; a != end; a += unroll, b += unroll) {                                               \
            for (std::size_t i = 0; i < unroll; ++i)                                               \
                a[i] = b[i];                                                                       \
            CLPROBE_TURN;                                                                          \
        }                                                                                          \
    }                                                                                              \
    attribute void set##_triad(const Arrays &arrays) {                                             \
        auto *a = reinterpret_cast<Floats<size> *>(arrays.a);                                      \
        const auto *b = reinterpret_cast<const Floats<size> *>(arrays.b);                          \
        const auto *c = reinterpret_cast<const Floats<size> *>(arrays.c);                          \
        const auto *end = a + arrays.bytes / (size);                                               \
        for (; a != end; a += unroll, b += unroll, c += unroll) {                                  \
            for (std::size_t i = 0; i < unroll; ++i)                                               \
                a[i] = b[i] + 0.5F * c[i];                                                         \
            CLPROBE_TURN;                                                                          \
        }                                                                                          \
    }                                                                                              \
    constexpr std::array<void (*)(const Arrays &), 4> set##_streams = {set##_read, set##_write,    \
                                                                       set##_copy, set##_triad};

CLPROBE_STREAMS(generic, 16, )
#ifdef __x86_64__
CLPROBE_STREAMS(avx512, 64, [[gnu::target("avx512f")]])
CLPROBE_STREAMS(avx2, 32, [[gnu::target("avx2,fma")]])
#endif
#undef CLPROBE_STREAMS
#undef CLPROBE_TURN

struct Streams {
    const char *instructions;
    std::array<void (*)(const Arrays &), 4> run;
};

Streams widest() {
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f"))
        return {"avx512", avx512_streams};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return {"avx2", avx2_streams};
#endif
#ifdef __aarch64__
    return {"neon", generic_streams};
#else
    return {"generic", generic_streams};
#endif
}

struct Stream {
    const char *what;
    std::size_t arrays; ///< that it reads or writes
};
constexpr std::array<Stream, 4> streams = {Stream{"read", 1}, Stream{"write", 1}, Stream{"copy", 2},
                                           Stream{"triad", 3}};

} // namespace

std::vector<Bandwidth> bandwidths(std::size_t bytes, PageSize size, double seconds) {
    const Pages a(bytes * processors(), size);
    const Pages b(bytes * processors(), size);
    const Pages c(bytes * processors(), size);
    const auto part = [&](unsigned thread) {
        const std::size_t at = thread * bytes;
        return Arrays{a.data() + at, b.data() + at, c.data() + at, bytes};
    };
    static_cast<void>(time_on_all(0, [&](unsigned thread) {
        const Arrays arrays = part(thread);
        for (std::byte *array : {arrays.a, arrays.b, arrays.c})
            std::fill_n(reinterpret_cast<float *>(array), bytes / sizeof(float), 1.25F);
    }));
    std::vector<Bandwidth> found;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        const auto run = widest().run[i];
        const std::size_t each = bytes / streams[i].arrays / turn_bytes * turn_bytes;
        const std::size_t passes = std::max<std::size_t>(1, enough / each);
        std::vector<double> times = time_on_all(seconds, [&](unsigned thread) {
            Arrays arrays = part(thread);
            arrays.bytes = each;
            for (std::size_t pass = 0; pass < passes; ++pass)
                run(arrays);
        });
        std::sort(times.begin(), times.end());
        const auto moved = static_cast<double>(streams[i].arrays * passes * each * processors());
        found.push_back({streams[i].what, moved / times[times.size() / 2], moved / times.front()});
    }
    return found;
}

std::string vector_instructions() {
    return widest().instructions;
}

} // namespace native
