// Neighbours that part: in a switch, each on one of so many paths, and in a loop that one of them leaves
// later.
#include "common/paths.clh"

// `paths` (a power of two up to WAYS) neighbours take as many paths, in an order that `odd` makes; the
// same paths for each group but for its number, so that all are taken by as many work-items.
kernel void part(global uint *out, uint start, uint b, uint odd, uint paths, uint trips) {
    const uint id = (uint)get_global_id(0);
    const uint among = ((uint)get_local_id(0) * odd) & (paths - 1);
    out[id] = take_path((among + (uint)get_group_id(0)) & (WAYS - 1), id ^ start, b, trips);
}

// One work-item of each 32 goes round `most` times a trip, the others `least`.
kernel void leave_late(global uint *out, uint start, uint b, uint most, uint least, uint trips) {
    const uint id = (uint)get_global_id(0);
    const uint late = ((id >> 5) * 7) & 31;
    const uint rounds = trips * ((id & 31) == late ? most : least);
    uint x = id ^ start;
    for (uint round = 0; round < rounds; ++round)
        x = (x * FACTOR(0)) ^ b;
    out[id] = x;
}
