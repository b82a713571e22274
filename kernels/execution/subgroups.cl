// The work-items of a sub-group exchange words, again and again: by functions of sub-groups, or, in a program
// with LANES, through local memory. ONLY leaves one exchange in the program, for compilers that refuse another.
//   SHUFFLES, INTEL_SHUFFLES  whose function lets a work-item name whose word it takes, if there is one
//   LANES                     how many work-items a sub-group has, or a group where there are no sub-groups
// What is taken is added to, so that each step needs the one before, of other work-items. Words, and places
// in the sub-group, are left for the host, which does the same.
#include "common/sub_groups.clh"

#ifndef ONLY
#define ONLY -1
#endif
#define WANTED(exchange) (ONLY < 0 || ONLY == exchange)

#if defined(SUB_GROUPS) && !defined(AS_PTX) // as many as there are, which a small group has fewer of
#undef SUB_GROUP_SIZE
#define SUB_GROUP_SIZE get_sub_group_size()
#endif
#ifndef SUB_GROUPS // the group instead
#define SUB_GROUP_SIZE ((uint)get_local_size(0))
#define SUB_GROUP 0u
#define SUB_GROUP_LANE ((uint)get_local_id(0))
#define WAIT_FOR_SUB_GROUP barrier(CLK_LOCAL_MEM_FENCE)
#endif

// Of each chain of a work-item, one or four.
#define ONE(DO, at) DO(0, at)
#define FOUR(DO, at) DO(0, at) DO(1, at) DO(2, at) DO(3, at)
#define ONE_WORD x0
#define FOUR_WORD (((x0 * 31 + x1) * 31 + x2) * 31 + x3)
#define START(id, chain) (((id) * 2654435761u + chain * 2246822519u) ^ start)

// Whose words are taken: in turn as the first and the second operand say.
#define TURNED(by) ((lane + by) % size)
#define SAME(by) by

#ifdef LANES
#define WORDS_ARGUMENT , local uint *words
#define WORDS                                                                                      \
    const uint count = (uint)get_local_size(0);                                                    \
    const uint base = SUB_GROUP * LANES;                                                           \
    const uint slot = base + lane;                                                                 \
    local uint *w0 = words, *w1 = w0 + 2 * count, *w2 = w1 + 2 * count, *w3 = w2 + 2 * count;
#define BEGIN_TRIP uint set = 0; // as it ends: swaps of a trip are an even number
#else
#define WORDS_ARGUMENT
#define WORDS const uint base = 0;
#define BEGIN_TRIP
#endif

// A kernel whose trips have the steps once or twice. No compiler knows that `none` is 0.
#define ONCE(steps) steps
#define TWICE(steps) steps steps
#define EXCHANGE(name, chains, times, STEP, SOURCE)                                                \
    kernel void name(global uint *out, global uint *places, uint start, uint increment, uint zero, \
                     uint first, uint second, uint trips WORDS_ARGUMENT) {                         \
        const uint id = (uint)get_global_id(0);                                                    \
        const uint size = SUB_GROUP_SIZE;                                                          \
        const uint lane = SUB_GROUP_LANE;                                                          \
        const uint c = ((lane * 2654435769u) ^ increment) * 3266489917u | 1u;                      \
        const uint none = zero * lane;                                                             \
        uint x0 = START(id, 0), x1 = START(id, 1), x2 = START(id, 2), x3 = START(id, 3);           \
        WORDS                                                                                      \
        const uint one = base + SOURCE(first);                                                     \
        const uint other = base + SOURCE(second);                                                  \
        for (uint trip = 0; trip < trips; ++trip) {                                                \
            BEGIN_TRIP times(STEP(chains, one) STEP(chains, other))                                \
        }                                                                                          \
        out[id] = chains##_WORD;                                                                   \
        places[id] = (uint)SUB_GROUP << 16 | lane;                                                 \
    }

#ifndef LANES

#ifdef AS_PTX
#define SHUFFLES
uint word_of(uint x, uint from) {
    uint y;
    asm volatile("shfl.sync.idx.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(y) : "r"(x), "r"(from));
    return y;
}
uint word_across(uint x, uint mask) {
    uint y;
    asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(y) : "r"(x), "r"(mask));
    return y;
}
#define word_for_all word_of
uint sum_of_all(uint x) {
    uint sum;
    asm volatile("redux.sync.add.u32 %0, %1, 0xffffffff;" : "=r"(sum) : "r"(x));
    return sum;
}
#define ADD_BELOW(distance)                                                                        \
    "shfl.sync.up.b32 other|taken, %0, " distance ", 0, 0xffffffff; @taken add.u32 %0, %0, other; "
uint sum_up_to(uint x) {
    asm volatile("{ .reg .pred taken; .reg .b32 other; " ADD_BELOW("1") ADD_BELOW("2")
                     ADD_BELOW("4") ADD_BELOW("8") ADD_BELOW("16") "}"
                 : "+r"(x));
    return x;
}
#else
#ifdef INTEL_SHUFFLES
#define SHUFFLES
#define word_of intel_sub_group_shuffle
#define word_across intel_sub_group_shuffle_xor
#else
#ifdef cl_khr_subgroup_shuffle
#pragma OPENCL EXTENSION cl_khr_subgroup_shuffle : enable
#endif
#define word_of sub_group_shuffle
#define word_across sub_group_shuffle_xor
#endif
#define word_for_all sub_group_broadcast
#define sum_of_all sub_group_reduce_add
#define sum_up_to sub_group_scan_inclusive_add
#endif

#ifdef SHUFFLES
#if WANTED(0)
#define SHUFFLE_WORD(n, from) x##n = word_of(x##n, from) + c;
#define SHUFFLE(chains, from) chains(SHUFFLE_WORD, from)
EXCHANGE(shuffle_chain, ONE, TWICE, SHUFFLE, TURNED)
EXCHANGE(shuffle_rate, FOUR, TWICE, SHUFFLE, TURNED)
#endif
#if WANTED(1)
#define FLIP_WORD(n, mask) x##n = word_across(x##n, mask) + c;
#define FLIP(chains, mask) chains(FLIP_WORD, mask)
EXCHANGE(shuffle_xor_chain, ONE, TWICE, FLIP, SAME)
EXCHANGE(shuffle_xor_rate, FOUR, TWICE, FLIP, SAME)
#endif
#endif
#if WANTED(2)
// What is the same for all could be added to before it is broadcast, and that only once: hence `none`.
#define BROADCAST_WORD(n, from) x##n = (word_for_all(x##n, from) ^ none) + c;
#define BROADCAST(chains, from) chains(BROADCAST_WORD, from)
EXCHANGE(broadcast_chain, ONE, TWICE, BROADCAST, SAME)
EXCHANGE(broadcast_rate, FOUR, TWICE, BROADCAST, SAME)
#endif
#if WANTED(3)
// One's own word is added: of an even number of equal ones the sum's lowest bits would be 0.
#define REDUCE_WORD(n, from) x##n = sum_of_all(x##n) + x##n;
#define REDUCE(chains, from) chains(REDUCE_WORD, from)
EXCHANGE(reduce_chain, ONE, TWICE, REDUCE, SAME)
EXCHANGE(reduce_rate, FOUR, TWICE, REDUCE, SAME)
#endif
#if WANTED(4)
#define SCAN_WORD(n, from) x##n = sum_up_to(x##n) + c;
#define SCAN(chains, from) chains(SCAN_WORD, from)
EXCHANGE(scan_chain, ONE, TWICE, SCAN, SAME)
EXCHANGE(scan_rate, FOUR, TWICE, SCAN, SAME)
#endif

#else

// All write their words, wait for the sub-group, and read. Of two sets of words one is used in every
// other swap: who still reads of one set has not come to the barrier before which others would write
// to it again. Each chain has two sets of the whole group's words.
#define SWAP(chains, WRITE, READ, at)                                                              \
    chains(WRITE, set + slot) WAIT_FOR_SUB_GROUP;                                                  \
    chains(READ, set + (at)) set = count - set;

#define WRITE(n, at) w##n[at] = x##n;
#define READ(n, at) x##n = w##n[at] + c;
#define MOVE(chains, from) SWAP(chains, WRITE, READ, from)
EXCHANGE(shuffle_chain, ONE, TWICE, MOVE, TURNED)
EXCHANGE(shuffle_rate, FOUR, TWICE, MOVE, TURNED)
EXCHANGE(broadcast_chain, ONE, TWICE, MOVE, SAME)
EXCHANGE(broadcast_rate, FOUR, TWICE, MOVE, SAME)

// Sums take a swap for each distance.
#define SUM(chains, READ, from, ADD)                                                               \
    {                                                                                              \
        uint s0, s1, s2, s3;                                                                       \
        chains(COPY, 0)                                                                            \
        for (uint distance = 1; distance < LANES; distance *= 2) {                                 \
            const bool is_first = lane < distance; /* no branch: it reads its own word in vain */  \
            SWAP(chains, WRITE_SUM, READ, from)                                                    \
        }                                                                                          \
        chains(ADD, 0)                                                                             \
    }
#define COPY(n, at) s##n = x##n;
#define WRITE_SUM(n, at) w##n[at] = s##n;
#define READ_ACROSS(n, at) s##n += w##n[at];
#define READ_BELOW(n, at)                                                                          \
    {                                                                                              \
        const uint below = w##n[at];                                                               \
        s##n += is_first ? 0 : below;                                                              \
    }
#define ADD_OWN(n, at) x##n += s##n;
#define ADD_CONSTANT(n, at) x##n = s##n + c;
#define REDUCE(chains, from) SUM(chains, READ_ACROSS, base + (lane ^ distance), ADD_OWN)
#define SCAN(chains, from) SUM(chains, READ_BELOW, slot - (is_first ? 0 : distance), ADD_CONSTANT)
EXCHANGE(reduce_chain, ONE, ONCE, REDUCE, SAME)
EXCHANGE(reduce_rate, FOUR, ONCE, REDUCE, SAME)
EXCHANGE(scan_chain, ONE, ONCE, SCAN, SAME)
EXCHANGE(scan_rate, FOUR, ONCE, SCAN, SAME)

#endif
