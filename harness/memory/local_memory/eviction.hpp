#pragma once
#include <clprobe/finding.hpp>

#include <optional>
#include <span>
#include <string>

namespace clprobe::probes::local_memory {

/// A work-item goes through some local memory and then round a ring of `bytes` of global memory:
/// seconds for both where it touches but little of the local memory, and where it touches all.
struct EvictionTime {
    double bytes = 0; ///< 0: local memory only
    double few = 0;
    Interval few_interval;
    double all = 0;
    Interval all_interval;
};

/// What those times say: whether touching local memory takes room from the first cache.
struct EvictionVerdict {
    std::optional<bool> own; ///< whether it takes none, and is a memory of its own
    double knee = 0;         ///< global memory that the first cache holds, B; 0: not seen
    double worst_ratio = 1;  ///< times of all over few where they differ most
    std::string reason;      ///< why nothing is said, if so
};

/// The most global memory that stays in the first cache, from the times with little local memory;
/// 0 where no size tried is beyond it. `times` in order of their bytes.
[[nodiscard]] double first_knee(std::span<const EvictionTime> times);

/// Judges by the places at which the ring alone fits the cache, and ring and local memory together
/// do not. `local_bytes` is how much of it was touched.
[[nodiscard]] EvictionVerdict judge_eviction(std::span<const EvictionTime> times,
                                             double local_bytes);

} // namespace clprobe::probes::local_memory
