// Local memory: how long one access takes, whether its lines are those of the cache, how much it
// delivers, in loads of up to WIDEST words (8 or 16), and into how many banks it is divided.

#define LOCAL_HOP here = *(local const uint *)(near + here);
#define GLOBAL_HOP there = *(global const uint *)(far + there);
#define FOUR(x) x x x x

// One work-item follows a ring in local memory for 16 * `local_turns` hops a trip, and one in global
// memory for 16 * `global_turns`. A ring's slots are 64 bytes apart, and each holds the address of
// the next in bytes. Where they begin is read for each lane, so that no compiler knows it to be the
// same for all; `state` then holds where they end.
kernel void chase(global const uint *local_ring, uint local_slots, local uint *shared,
                  global const uint *global_ring, uint local_turns, uint global_turns,
                  global uint *state, uint trips) {
    for (uint i = 0; i < local_slots; ++i)
        shared[16 * i] = local_ring[i];
    local const uchar *near = (local const uchar *)shared;
    global const uchar *far = (global const uchar *)global_ring;
    const uint lane = (uint)get_global_id(0);
    uint here = state[2 * lane];
    uint there = state[2 * lane + 1];
    for (uint trip = 0; trip < trips; ++trip) {
        for (uint turn = 0; turn < local_turns; ++turn) {
            FOUR(FOUR(LOCAL_HOP))
        }
        for (uint turn = 0; turn < global_turns; ++turn) {
            FOUR(FOUR(GLOBAL_HOP))
        }
    }
    state[2 * lane] = here;
    state[2 * lane + 1] = there;
}

#define FOLD_1(v) (v)
#define FOLD_2(v) ((v).lo ^ (v).hi)
#define FOLD_4(v) FOLD_2((v).lo ^ (v).hi)
#define FOLD_8(v) FOLD_4((v).lo ^ (v).hi)
#define FOLD_16(v) FOLD_8((v).lo ^ (v).hi)

// Four vectors into one sum, or their halves into two: Mesa's compiler for Midgard dies of a sum of
// 32 bytes that lives through a loop.
#define WHOLE(at) sum += from[at] + from[at + 8] + from[at + 16] + from[at + 24];
#define HALF(at)                                                                                   \
    sum += from[at].lo;                                                                            \
    other += from[at].hi;
#define HALVES(at) HALF(at) HALF(at + 8) HALF(at + 16) HALF(at + 24)

// Every work-item sums 16 vectors a trip, neighbours reading neighbouring vectors. Where they begin
// moves on by `step` each trip, so that no load can be taken out of the loop; within it, distances
// are constants.
#define READ(NAME, VECTOR, SUM, ADD, FOLD)                                                         \
    kernel void NAME(global const VECTOR *data, local VECTOR *shared, global uint *out, uint step, \
                     uint trips) {                                                                 \
        for (uint i = (uint)get_local_id(0); i < 256; i += (uint)get_local_size(0))                \
            shared[i] = data[i];                                                                   \
        barrier(CLK_LOCAL_MEM_FENCE);                                                              \
        uint place = (uint)get_local_id(0);                                                        \
        SUM sum = 0;                                                                               \
        SUM other = 0;                                                                             \
        for (uint trip = 0; trip < trips; ++trip) {                                                \
            local const VECTOR *from = shared + (place & 127);                                     \
            ADD(0) ADD(32) ADD(64) ADD(96)                                                         \
            place += step;                                                                         \
        }                                                                                          \
        out[get_global_id(0)] = FOLD(sum ^ other);                                                 \
    }

READ(read_1, uint, uint, WHOLE, FOLD_1)
READ(read_2, uint2, uint2, WHOLE, FOLD_2)
READ(read_4, uint4, uint4, WHOLE, FOLD_4)
READ(read_8, uint8, uint4, HALVES, FOLD_4)
#if WIDEST >= 16
READ(read_16, uint16, uint16, WHOLE, FOLD_16)
#endif

// Every work-item sums 8 words a trip; neighbours (of 32) read words that are `stride` apart.
kernel void read_strided(global const uint *data, local uint *shared, global uint *out, uint step,
                         uint trips, uint stride) {
    for (uint i = (uint)get_local_id(0); i < 4096 + 7 * 37; i += (uint)get_local_size(0))
        shared[i] = data[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    uint place = ((uint)get_local_id(0) & 31) * stride;
    uint sum = 0;
    for (uint trip = 0; trip < trips; ++trip) {
        local const uint *from = shared + (place & 4095);
        sum += from[0] + from[37] + from[2 * 37] + from[3 * 37];
        sum += from[4 * 37] + from[5 * 37] + from[6 * 37] + from[7 * 37];
        place += step;
    }
    out[get_global_id(0)] = sum;
}
