#include "latency.hpp"
#include "threads.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>

namespace native {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t least_bytes = std::size_t{4} << 10;
constexpr std::size_t most_bytes = std::size_t{256} << 20;
constexpr std::size_t hops = 400'000;

struct alignas(line_bytes) Line {
    Line *next;
};

/// One cycle through all lines in random order: Sattolo's shuffle, the order being that of visits.
void link(Line *lines, std::size_t count, std::mt19937_64 &random) {
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t i = 0; i < count; ++i)
        lines[order[i]].next = lines + order[i + 1 < count ? i + 1 : 0];
}

double seconds_a_hop(Line *&at) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t hop = 0; hop < hops; ++hop)
        at = at->next;
    asm volatile("" : : "r"(at));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    return taken.count() / hops;
}

/// Of one order; a first round warms the caches up.
double chase(std::size_t bytes, PageSize size, std::mt19937_64 &random) {
    const Pages pages(bytes, size);
    auto *lines = reinterpret_cast<Line *>(pages.data());
    link(lines, bytes / line_bytes, random);
    Line *at = lines;
    static_cast<void>(seconds_a_hop(at));
    return seconds_a_hop(at);
}

std::vector<Latency> curve(PageSize pages) {
    std::mt19937_64 random(1);
    std::vector<Latency> latencies;
    for (double size = least_bytes; size <= 1.01 * most_bytes; size *= std::sqrt(2)) {
        const auto bytes = static_cast<std::size_t>(std::lround(size)) / line_bytes * line_bytes;
        std::vector<double> times;
        for (int order = 0; order < (bytes > most_bytes / 8 ? 3 : 7); ++order)
            times.push_back(chase(bytes, pages, random));
        std::sort(times.begin(), times.end());
        latencies.push_back({bytes, times[times.size() / 2], times.front()});
    }
    return latencies;
}

} // namespace

std::vector<Latency> latency_by_footprint(PageSize pages) {
    std::vector<Latency> latencies;
    static_cast<void>(time_on_all(0, [&](unsigned thread) {
        if (thread == 0)
            latencies = curve(pages);
    }));
    return latencies;
}

} // namespace native
