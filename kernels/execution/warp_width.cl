// Neighbours take one of WAYS paths, 2^shift of them the same: whole groups where that is as many as a
// group has.
#include "common/paths.clh"

kernel void take_paths(global uint *out, uint start, uint b, uint shift, uint trips) {
    const uint id = (uint)get_global_id(0);
    out[id] = take_path((id >> shift) & (WAYS - 1), id ^ start, b, trips);
}

// What the driver says of its sub-groups, where the language has them: of the first work-item's.
#ifdef SUB_GROUPS
kernel void sub_group_size(global uint *out) {
    if (get_global_id(0) == 0)
        out[0] = get_max_sub_group_size();
}
#endif
