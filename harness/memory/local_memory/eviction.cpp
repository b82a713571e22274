#include "memory/local_memory/eviction.hpp"

#include <algorithm>
#include <cmath>

namespace clprobe::probes::local_memory {
namespace {

constexpr double beyond = 1.3;          // a ring slower than that is not in the first cache
constexpr double clear = 1.15;          // a ratio of times that no noise makes
constexpr std::size_t least_points = 2; // that show it

/// Time of the ring alone, by the byte.
double ring_time(const EvictionTime &time, double local_seconds) {
    return (time.few - local_seconds) / time.bytes;
}

bool evicts(const EvictionTime &time) {
    return time.all_interval.low > clear * time.few_interval.high;
}

bool does_not_evict(const EvictionTime &time) {
    return time.all_interval.high < clear * time.few_interval.low;
}

} // namespace

double first_knee(std::span<const EvictionTime> times) {
    if (times.empty() || times.front().bytes != 0)
        return 0;
    const double local_seconds = times.front().few;
    double lowest = 0;
    double knee = 0;
    for (const EvictionTime &time : times.subspan(1)) {
        const double now = ring_time(time, local_seconds);
        if (now <= 0)
            continue;
        if (lowest > 0 && now > beyond * lowest)
            return knee;
        lowest = lowest > 0 ? std::min(lowest, now) : now;
        knee = time.bytes;
    }
    return 0;
}

EvictionVerdict judge_eviction(std::span<const EvictionTime> times, double local_bytes) {
    EvictionVerdict verdict;
    verdict.knee = first_knee(times);
    std::size_t evicted = 0;
    std::size_t telling = 0;
    std::size_t spared = 0;
    for (const EvictionTime &time : times) {
        verdict.worst_ratio = std::max(verdict.worst_ratio, time.all / time.few);
        evicted += evicts(time);
        // In the cache alone, and not together; ten per cent for what else is in it.
        if (time.bytes <= 1.1 * verdict.knee && time.bytes + local_bytes >= 1.1 * verdict.knee) {
            ++telling;
            spared += does_not_evict(time);
        }
    }
    if (evicted >= least_points)
        verdict.own = false;
    else if (verdict.knee == 0)
        verdict.reason = "the first cache holds all of the global memory that was tried";
    else if (telling < least_points)
        verdict.reason = "local memory is too small to take much room in the first cache";
    else if (evicted > 0 || static_cast<double>(spared) < 0.75 * static_cast<double>(telling))
        verdict.reason = "the times of rings beside local memory scatter too much";
    else
        verdict.own = true;
    return verdict;
}

} // namespace clprobe::probes::local_memory
