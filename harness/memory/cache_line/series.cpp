#include "memory/cache_line/series.hpp"

namespace clprobe::probes::cache_line {

std::vector<SeriesShape> series_shapes() {
    const Axis time{"time", Unit::second, {}};
    return {{series::stride,
             axes<StrideRow>(),
             {"latency", Unit::second, {}},
             "time an access, over the stride of a sweep through more than the first level holds"},
            {series::false_sharing, axes<SharingRow>(), time,
             "two groups increment words a distance apart, the first an offset behind an aligned "
             "place; 4 increments a trip"},
            {series::slots, axes<SlotsRow>(), time,
             "a random chase over slots, a stride apart; 16 hops a trip"},
            {series::pairs, axes<PairsRow>(), time,
             "a chase over pairs in neighbouring blocks of the distance, in more than the first "
             "level holds; 8 pairs a trip"},
            {series::memory_pairs, axes<PairsRow>(), time,
             "the same after everything was evicted, each pair visited once"},
            {series::sweep, axes<SweepRow>(), time,
             "a sweep through more than the first level holds, random within 2 KiB; 16 hops a "
             "trip"}};
}

} // namespace clprobe::probes::cache_line
