// Groups whose work-items keep LIVE values in registers while the group's first work-item either
// counts the groups that are resident or follows a chain of dependent loads.
#define CLOSED 0x80000000u

#ifdef NONCE
// Makes the code new, so that the driver's assembler runs and says what it made of it: NVIDIA's
// caches by the code, for which a new name or comment is nothing new.
kernel void nonce(global uint *out) {
    *out = NONCE;
}
#endif

// Registers this group in a poll, and waits until it is closed: by the first group that saw no
// other register in `patience` looks. `state[0]` is the number of groups that came, with the CLOSED
// bit; `state[1]` becomes the number of those that came in time, `tickets` says which. Ends after
// `most_looks` however groups are scheduled. True where the poll is closed behind it. (After the
// occupancy discovery protocol of Sorensen et al., OOPSLA 2016.)
bool wait_for_others(volatile global uint *state, global uint *tickets, uint patience,
                     uint most_looks) {
    uint seen = atomic_inc(state) + 1;
    if (seen & CLOSED)
        return true;
    tickets[seen - 1] = (uint)get_group_id(0);
    uint calm = 0;
    for (uint look = 0; look < most_looks && calm < patience && !(seen & CLOSED); ++look) {
        const uint now = atomic_or(state, 0u);
        calm = now == seen ? calm + 1 : 0;
        seen = now;
    }
    const uint before = atomic_or(state, CLOSED);
    if (!(before & CLOSED))
        state[1] = before;
    return (atomic_or(state, 0u) & CLOSED) != 0;
}

// In two loops, as Mesa unrolls none of more than 32 turns, and keeps the values in memory then. From
// 64 values on it would spill on any Mali, and take minutes to find out.
#define EACH(i, statement)                                                                         \
    {                                                                                              \
        _Pragma("unroll") for (uint i = 0; i < FIRST_HALF; ++i) statement;                         \
        _Pragma("unroll") for (uint i = FIRST_HALF; i < LIVE; ++i) statement;                      \
    }
#if LIVE < 64
#define FIRST_HALF (LIVE / 2)
#else
#define FIRST_HALF LIVE
#endif

// Every value takes part in every turn, so that all of them live; sum and exclusive or do not
// compose, so that turns cannot be merged.
void turn_round(uint *values, uint key) {
    EACH(i, values[i] = (values[i] + values[(i + 1) % LIVE]) ^ key)
}

kernel void reside(global const uint *restrict seeds, global uint *restrict digests,
                   volatile global uint *state, global uint *tickets, global const uint *chain,
                   local uint *shared, uint turns, uint hops, uint patience, uint most_looks,
                   uint key) {
    const uint id = (uint)get_global_id(0);
    uint values[LIVE];
    EACH(i, values[i] = seeds[(id + i) % SEEDS])
    for (uint turn = 0; turn < turns; ++turn)
        turn_round(values, key);

    barrier(CLK_LOCAL_MEM_FENCE);
    if (get_local_id(0) == 0) {
        uint place = (uint)get_group_id(0) % CHAIN;
        for (uint hop = 0; hop < hops; ++hop)
            place = chain[place];
        if (patience > 0)
            place = wait_for_others(state, tickets, patience, most_looks) ? CLOSED : 0;
        shared[0] = place;
    }
    barrier(CLK_LOCAL_MEM_FENCE);

    uint digest = shared[0];
    for (uint turn = 0; turn < turns; ++turn)
        turn_round(values, key);
    EACH(i, digest = digest * 31 + values[i])
    digests[id] = digest;
}
