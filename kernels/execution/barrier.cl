// The work-items of one group stand in a ring, and in each step all hand their word to the one before
// them: each writes its own, waits for all others at a barrier, and takes its neighbour's. Steps use two
// sets of words in turn: who still reads of one set has not come to the barrier before which others would
// write to it again. What is taken goes through x * a + c, so that each result tells how many steps there
// were and whose word it was.
#include "common/sub_groups.clh"

#define STEP(words, next, WAIT)                                                                    \
    words[slot] = x;                                                                               \
    WAIT;                                                                                          \
    x = words[next] * a + c;
#define STEPS(next, WAIT)                                                                          \
    for (uint trip = 0; trip < trips; ++trip) {                                                    \
        STEP(words, next, WAIT)                                                                    \
        STEP(other, next, WAIT)                                                                    \
    }                                                                                              \
    out[slot] = x;

// The work-items that a ring begins anew after: those of the group, or of a sub-group.
#define NEXT(first, size) (slot + 1 == first + size ? first : slot + 1)
#define START(slot) ((slot * 2654435761u) ^ start)

kernel void pass_local(global uint *out, uint start, uint a, uint c, uint trips, local uint *words) {
    const uint slot = (uint)get_local_id(0);
    const uint size = (uint)get_local_size(0);
    const uint next = NEXT(0, size);
    local uint *other = words + size;
    uint x = START(slot);
    STEPS(next, barrier(CLK_LOCAL_MEM_FENCE))
}

kernel void pass_global(global uint *out, uint start, uint a, uint c, uint trips,
                        global uint *words) {
    const uint slot = (uint)get_local_id(0);
    const uint size = (uint)get_local_size(0);
    const uint next = NEXT(0, size);
    global uint *other = words + size;
    uint x = START(slot);
    STEPS(next, barrier(CLK_GLOBAL_MEM_FENCE))
}

// The same steps without a barrier: each work-item takes its own word back.
kernel void keep_local(global uint *out, uint start, uint a, uint c, uint trips,
                       volatile local uint *words) {
    const uint slot = (uint)get_local_id(0);
    volatile local uint *other = words + get_local_size(0);
    uint x = START(slot);
    STEPS(slot, )
}

// Barriers of sub-groups, where there are such.
#ifdef SUB_GROUPS
// How a group is divided: work-items of a sub-group at most, and sub-groups.
kernel void divide(global uint *out) {
    if (get_local_id(0) == 0) {
        out[0] = SUB_GROUP_SIZE;
        out[1] = SUB_GROUPS_OF_GROUP;
    }
}

// In rings of a sub-group each.
kernel void pass_sub_group(global uint *out, uint start, uint a, uint c, uint trips,
                           local uint *words) {
    const uint size = SUB_GROUP_SIZE;
    const uint first = SUB_GROUP * size;
    const uint slot = first + SUB_GROUP_LANE;
    const uint next = NEXT(first, size);
    local uint *other = words + get_local_size(0);
    uint x = START(slot);
    STEPS(next, WAIT_FOR_SUB_GROUP)
}
#endif
