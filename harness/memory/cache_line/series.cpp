#include "memory/cache_line/series.hpp"

namespace clprobe::probes::cache_line {

std::vector<SeriesShape> series_shapes() {
    const Axis stride{"stride", Unit::byte, {}};
    const Axis distance{"distance", Unit::byte, {}};
    const Axis offset{"offset", Unit::byte, {}};
    const Axis slots{"slots", Unit::one, {}};
    const Axis trips{"trips", Unit::one, {}};
    const Axis time{"time", Unit::second, {}};
    return {{series::stride,
             {stride},
             {"latency", Unit::second, {}},
             "time an access, over the stride of a sweep through more than the first level holds"},
            {series::false_sharing,
             {distance, offset, trips},
             time,
             "two groups increment words a distance apart, the first an offset behind an aligned "
             "place; 4 increments a trip"},
            {series::slots,
             {stride, slots, trips},
             time,
             "a random chase over slots, a stride apart; 16 hops a trip"},
            {series::pairs,
             {distance, trips},
             time,
             "a chase over pairs in neighbouring blocks of the distance, in more than the first "
             "level holds; 8 pairs a trip"},
            {series::memory_pairs,
             {distance, trips},
             time,
             "the same after everything was evicted, each pair visited once"},
            {series::sweep,
             {stride, trips},
             time,
             "a sweep through more than the first level holds, random within 2 KiB; 16 hops a "
             "trip"}};
}

} // namespace clprobe::probes::cache_line
