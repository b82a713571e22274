// Reads and writes through memory in vectors of WIDTH words (1, 2, 4, 8 or 16).
//
// What is read is random, and yet the host knows the sum of any stretch of it at once: a word is
// the difference of the hashes of the next place and its own, so that neighbours cancel. Each group
// leaves the sum of all that its work-items read.
#include "common/group_sum.clh"

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

// What sums are kept in. Four vectors of eight words would not fit the 32 registers with which a Mali
// runs all its threads; sixteen words are for CPUs.
#if WIDTH == 8
#define TOTAL uint2
#define ADD(total, v)                                                                              \
    {                                                                                              \
        const VEC added = v;                                                                       \
        total += added.lo.lo + added.lo.hi + added.hi.lo + added.hi.hi;                            \
    }
#define SUM(total) SUM_2(total)
#else
#define TOTAL VEC
#define ADD(total, v) total += v;
#define SUM(total) PASTE(SUM_, WIDTH)(total)
#endif

// The same in the host's model.
VEC hash(VEC x) {
    x *= 2654435761u;
    x ^= x >> 15;
    x *= 2246822519u;
    return x ^ (x >> 13);
}

// Places are told in bytes: where addresses have 64 bits and registers 32, shifting an index costs
// more than the rest of an access. No array has more than 4 GiB; but a CPU adds constants to 64 bits
// for nothing.
#if WIDTH == 16
#define BYTES size_t
#else
#define BYTES uint
#endif
#define TO(pointer, bytes) (*(global VEC *)((global uchar *)(pointer) + (bytes)))
#define FROM(pointer, bytes) (*(global const VEC *)((global const uchar *)(pointer) + (bytes)))

// Where a work-item's elements lie: the first, and how far it is from one to the next.
#define FIRST ((uint)get_group_id(0) * group_span + (uint)get_local_id(0) * item_span)

// Adds the element at `at` of `from`, and goes on to the next.
#define TAKE(sum)                                                                                  \
    ADD(sum, FROM(from, at))                                                                       \
    at += row;

// Every group walks through the same `tiles` from element `base` on, eight elements a work-item
// each, round and round, from a place of its own. The places are spread evenly, by the golden
// ratio, from tile `offset` on.
kernel void walk(global const VEC *from, uint base, uint tiles, uint offset, local uint *scratch,
                 global uint *sums, uint trips) {
    const BYTES row = (uint)get_local_size(0) * (uint)sizeof(VEC);
    const BYTES first = (base + (uint)get_local_id(0)) * (uint)sizeof(VEC);
    const BYTES end = first + tiles * 8 * row;
    const uint tile = mul_hi((uint)get_group_id(0) * 2654435769u, tiles) + offset;
    BYTES at = first + (tile < tiles ? tile : tile - tiles) * 8 * row;
    TOTAL a = 0u, b = 0u, c = 0u, d = 0u;
    for (uint trip = 0; trip < trips; ++trip) {
        TAKE(a)
        TAKE(b)
        TAKE(c)
        TAKE(d)
        TAKE(a)
        TAKE(b)
        TAKE(c)
        TAKE(d)
        at = at != end ? at : first;
    }
    const TOTAL sum = a + b + c + d;
    leave_sum(SUM(sum), scratch, sums);
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
    const BYTES row = step * (uint)sizeof(VEC);
    BYTES at = FIRST * (uint)sizeof(VEC);
    TOTAL a = 0u, b = 0u, c = 0u, d = 0u;
    for (uint i = 0; i < count; i += 8) {
        TAKE(a)
        TAKE(b)
        TAKE(c)
        TAKE(d)
        TAKE(a)
        TAKE(b)
        TAKE(c)
        TAKE(d)
    }
    const TOTAL sum = a + b + c + d;
    leave_sum(SUM(sum), scratch, sums);
}

// What is written differs from launch to launch by the nonce, so that it cannot be found there.
#define WRITE                                                                                      \
    TO(to, at) = hash(word + PLACES);                                                              \
    word += step * (uint)WIDTH;                                                                    \
    at += row;

kernel void write(global VEC *to, uint nonce, uint group_span, uint item_span, uint step,
                  uint count) {
    const BYTES row = step * (uint)sizeof(VEC);
    BYTES at = FIRST * (uint)sizeof(VEC);
    uint word = FIRST * (uint)WIDTH + nonce;
    for (uint i = 0; i < count; i += 4) {
        WRITE
        WRITE
        WRITE
        WRITE
    }
}

kernel void copy(global VEC *restrict to, global const VEC *restrict from, uint nonce,
                 uint group_span, uint item_span, uint step, uint count) {
    const BYTES row = step * (uint)sizeof(VEC);
    BYTES at = FIRST * (uint)sizeof(VEC);
    for (uint i = 0; i < count; i += 4) {
        const BYTES second = at + row, third = second + row, fourth = third + row;
        const VEC a = FROM(from, at);
        const VEC b = FROM(from, second);
        const VEC c = FROM(from, third);
        const VEC d = FROM(from, fourth);
        TO(to, at) = a ^ nonce;
        TO(to, second) = b ^ nonce;
        TO(to, third) = c ^ nonce;
        TO(to, fourth) = d ^ nonce;
        at = fourth + row;
    }
}

kernel void triad(global VEC *restrict to, global const VEC *restrict from,
                  global const VEC *restrict other, uint nonce, uint group_span, uint item_span,
                  uint step, uint count) {
    const BYTES row = step * (uint)sizeof(VEC);
    BYTES at = FIRST * (uint)sizeof(VEC);
    for (uint i = 0; i < count; i += 4) {
        const BYTES second = at + row, third = second + row, fourth = third + row;
        const VEC a = FROM(from, at) + nonce * FROM(other, at);
        const VEC b = FROM(from, second) + nonce * FROM(other, second);
        const VEC c = FROM(from, third) + nonce * FROM(other, third);
        const VEC d = FROM(from, fourth) + nonce * FROM(other, fourth);
        TO(to, at) = a;
        TO(to, second) = b;
        TO(to, third) = c;
        TO(to, fourth) = d;
        at = fourth + row;
    }
}
