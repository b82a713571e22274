// Reads and writes through memory in vectors of WIDTH words (1, 2, 4, 8 or 16).
//
// What is read is random, and yet the host knows the sum of any stretch of it at once: a word is
// the difference of the hashes of the next place and its own, so that neighbours cancel. Each group
// leaves the sum of all that its work-items read.
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#if WIDTH == 1
#define VEC uint
#define PLACES 0u
#define SUM_1(v) (v)
#else
#define VEC PASTE(uint, WIDTH)
#endif
#if WIDTH == 2
#define PLACES (uint2)(0, 1)
#elif WIDTH == 4
#define PLACES (uint4)(0, 1, 2, 3)
#elif WIDTH == 8
#define PLACES (uint8)(0, 1, 2, 3, 4, 5, 6, 7)
#elif WIDTH == 16
#define PLACES (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#endif
#define SUM_2(v) ((v).x + (v).y)
#define SUM_4(v) (SUM_2((v).lo) + SUM_2((v).hi))
#define SUM_8(v) (SUM_4((v).lo) + SUM_4((v).hi))
#define SUM_16(v) (SUM_8((v).lo) + SUM_8((v).hi))
#define SUM(v) PASTE(SUM_, WIDTH)(v)

// The same in the host's model.
VEC hash(VEC x) {
    x *= 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ (x >> 13);
}

// Where a work-item's elements lie: the first, and how far it is from one to the next.
#define FIRST ((uint)get_group_id(0) * group_span + (uint)get_local_id(0) * item_span)

void leave_sum(VEC sum, local uint *scratch, global uint *sums) {
    const uint lane = (uint)get_local_id(0);
    scratch[lane] = SUM(sum);
    for (uint half_size = (uint)get_local_size(0) / 2; half_size > 0; half_size /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < half_size)
            scratch[lane] += scratch[lane + half_size];
    }
    if (lane == 0)
        sums[get_group_id(0)] = scratch[0];
}

// Every group walks through the same `tiles` from element `base` on, eight elements a work-item
// each, round and round, from a place of its own. The places are spread evenly, by the golden
// ratio, from tile `offset` on.
kernel void walk(global const VEC *from, uint base, uint tiles, uint offset, local uint *scratch,
                 global uint *sums, uint trips) {
    const uint lanes = (uint)get_local_size(0);
    const uint lane = (uint)get_local_id(0);
    const uint tile_size = 8 * lanes;
    const uint tile = mul_hi((uint)get_group_id(0) * 2654435769u, tiles) + offset;
    const uint end = tiles * tile_size;
    uint at = (tile < tiles ? tile : tile - tiles) * tile_size + lane;
    VEC a = 0u, b = 0u, c = 0u, d = 0u;
    for (uint trip = 0; trip < trips; ++trip) {
        global const VEC *here = from + base + at;
        a += here[0];
        b += here[lanes];
        c += here[2 * lanes];
        d += here[3 * lanes];
        a += here[4 * lanes];
        b += here[5 * lanes];
        c += here[6 * lanes];
        d += here[7 * lanes];
        at += tile_size;
        at = at < end ? at : lane;
    }
    leave_sum(a + b + c + d, scratch, sums);
}

kernel void fill(global VEC *to, uint salt, uint group_span, uint item_span, uint step,
                 uint count, uint origin) {
    uint at = FIRST + origin;
    for (uint i = 0; i < count; ++i, at += step) {
        const VEC place = at * (uint)WIDTH + PLACES + salt;
        to[at] = hash(place + 1u) - hash(place);
    }
}

kernel void read(global const VEC *from, local uint *scratch, global uint *sums, uint group_span,
                 uint item_span, uint step, uint count) {
    uint at = FIRST;
    VEC a = 0u, b = 0u, c = 0u, d = 0u;
    for (uint i = 0; i < count; i += 8, at += 8 * step) {
        a += from[at];
        b += from[at + step];
        c += from[at + 2 * step];
        d += from[at + 3 * step];
        a += from[at + 4 * step];
        b += from[at + 5 * step];
        c += from[at + 6 * step];
        d += from[at + 7 * step];
    }
    leave_sum(a + b + c + d, scratch, sums);
}

// What is written differs from launch to launch by the nonce, so that it cannot be found there.
kernel void write(global VEC *to, uint nonce, uint group_span, uint item_span, uint step,
                  uint count) {
    uint at = FIRST;
    for (uint i = 0; i < count; i += 4, at += 4 * step) {
        to[at] = hash(at * (uint)WIDTH + PLACES + nonce);
        to[at + step] = hash((at + step) * (uint)WIDTH + PLACES + nonce);
        to[at + 2 * step] = hash((at + 2 * step) * (uint)WIDTH + PLACES + nonce);
        to[at + 3 * step] = hash((at + 3 * step) * (uint)WIDTH + PLACES + nonce);
    }
}

kernel void copy(global VEC *restrict to, global const VEC *restrict from, uint nonce,
                 uint group_span, uint item_span, uint step, uint count) {
    uint at = FIRST;
    for (uint i = 0; i < count; i += 4, at += 4 * step) {
        const VEC a = from[at];
        const VEC b = from[at + step];
        const VEC c = from[at + 2 * step];
        const VEC d = from[at + 3 * step];
        to[at] = a ^ nonce;
        to[at + step] = b ^ nonce;
        to[at + 2 * step] = c ^ nonce;
        to[at + 3 * step] = d ^ nonce;
    }
}

kernel void triad(global VEC *restrict to, global const VEC *restrict from,
                  global const VEC *restrict other, uint nonce, uint group_span, uint item_span,
                  uint step, uint count) {
    uint at = FIRST;
    for (uint i = 0; i < count; i += 4, at += 4 * step) {
        const VEC a = from[at] + nonce * other[at];
        const VEC b = from[at + step] + nonce * other[at + step];
        const VEC c = from[at + 2 * step] + nonce * other[at + 2 * step];
        const VEC d = from[at + 3 * step] + nonce * other[at + 3 * step];
        to[at] = a;
        to[at + step] = b;
        to[at + 2 * step] = c;
        to[at + 3 * step] = d;
    }
}
