#include "threads.hpp"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace native {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

void pin([[maybe_unused]] unsigned processor) {
#ifdef __linux__
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    sched_setaffinity(0, sizeof set, &set); // unpinned is slower, not wrong
#endif
}

} // namespace

unsigned processors() {
    return std::max(1U, std::thread::hardware_concurrency());
}

std::vector<double> time_on_all(double seconds, const std::function<void(unsigned)> &work,
                                unsigned count) {
    std::vector<double> rounds;
    std::atomic<bool> over = false;
    const Clock::time_point begin = Clock::now();
    Clock::time_point start = begin;
    std::barrier ready(count, [&start]() noexcept { start = Clock::now(); });
    std::barrier done(count, [&]() noexcept {
        rounds.push_back(since(start));
        over = since(begin) > seconds;
    });
    const auto serve = [&](unsigned thread) {
        pin(thread);
        while (!over) {
            ready.arrive_and_wait();
            work(thread);
            done.arrive_and_wait();
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i)
        threads.emplace_back(serve, i);
    for (std::thread &thread : threads)
        thread.join();
    return rounds;
}

} // namespace native
