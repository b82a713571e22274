// Reads and writes of one word at a time, all words of a launch being others: in a row, each so many
// words after the one before, or anywhere within spans. The words of a launch are numbered, from `start`
// on, and neighbours have neighbouring numbers; a pattern says where in memory the word of a number lies.
#include "common/group_sum.clh"

// Places are told in bytes: where addresses have 64 bits and registers 32, shifting an index costs more
// than the rest of an access. No array has more than 4 GiB. A CPU's compiler loads words in a row as a
// vector only where it sees that no place wraps round.
#ifdef ON_CPU
#define BYTES size_t
#else
#define BYTES uint
#endif
#define TO(word) (*(global uint *)((global uchar *)to + (BYTES)(word)*4))
#define FROM(word) (*(global const uint *)((global const uchar *)from + (BYTES)(word)*4))

// A work-item has eight words, a group's width apart by their numbers: from its first on so many steps.
#define STEP ((BYTES)get_local_size(0))
#define FIRST ((BYTES)start + (BYTES)get_group_id(0) * 8 * STEP + (BYTES)get_local_id(0))

// All are asked for before the first is there. Not in a loop, of which compilers for CPUs make none
// over work-items.
#define READ_ALL(PLACE)                                                                            \
    const BYTES first = FIRST;                                                                     \
    const uint sum = FROM(PLACE(first)) + FROM(PLACE(first + STEP)) +                              \
                     FROM(PLACE(first + 2 * STEP)) + FROM(PLACE(first + 3 * STEP)) +               \
                     FROM(PLACE(first + 4 * STEP)) + FROM(PLACE(first + 5 * STEP)) +               \
                     FROM(PLACE(first + 6 * STEP)) + FROM(PLACE(first + 7 * STEP));                \
    leave_sum(sum, scratch, sums);

// What is written differs from launch to launch by the nonce, so that it cannot be found there.
#define VALUE(number) ((uint)(number)*2654435761u ^ nonce)
#define WRITE(PLACE, number) TO(PLACE(number)) = VALUE(number);
#define WRITE_ALL(PLACE)                                                                           \
    const BYTES first = FIRST;                                                                     \
    WRITE(PLACE, first)                                                                            \
    WRITE(PLACE, first + STEP)                                                                     \
    WRITE(PLACE, first + 2 * STEP)                                                                 \
    WRITE(PLACE, first + 3 * STEP)                                                                 \
    WRITE(PLACE, first + 4 * STEP)                                                                 \
    WRITE(PLACE, first + 5 * STEP)                                                                 \
    WRITE(PLACE, first + 6 * STEP)                                                                 \
    WRITE(PLACE, first + 7 * STEP)

// The same in the host's model: what is read is random, as some memories compress.
kernel void fill(global uint *to, uint salt, uint start) {
    const BYTES end = FIRST + 8 * STEP;
    for (BYTES at = FIRST; at < end; at += STEP) {
        uint x = ((uint)at ^ salt) * 2654435761u;
        x ^= x >> 15;
        x *= 2246822519u;
        TO(at) = x ^ (x >> 13);
    }
}

// Anywhere within the number's span of mask + 1 words, a power of two, each number elsewhere. `fold` is
// half of the power, rounded up.
uint anywhere(uint number, uint mask, uint fold, uint key) {
    uint place = (number * 2654435769u + key) & mask;
    place ^= place >> fold;
    place = place * 2246822519u & mask;
    place ^= place >> fold;
    return (number & ~mask) | place;
}

#define SHIFTED(number) ((number) + shift)
#define STRIDED(number) ((number) << log_stride)
#define RANDOM(number) anywhere((uint)(number), mask, fold, key)

kernel void read_shifted(global const uint *from, local uint *scratch, global uint *sums, uint start,
                         uint shift) {
    READ_ALL(SHIFTED)
}

kernel void read_strided(global const uint *from, local uint *scratch, global uint *sums, uint start,
                         uint log_stride) {
    READ_ALL(STRIDED)
}

kernel void read_random(global const uint *from, local uint *scratch, global uint *sums, uint start,
                        uint mask, uint fold, uint key) {
    READ_ALL(RANDOM)
}

kernel void write_shifted(global uint *to, uint nonce, uint start, uint shift) {
    WRITE_ALL(SHIFTED)
}

kernel void write_strided(global uint *to, uint nonce, uint start, uint log_stride) {
    WRITE_ALL(STRIDED)
}

kernel void write_random(global uint *to, uint nonce, uint start, uint mask, uint fold, uint key) {
    WRITE_ALL(RANDOM)
}
