// Softmax, and layer norm, of each row of a matrix in single precision: LENGTH elements, one row behind the other. The
// other macros are
//   WIDTH   elements of a vector: 1, 2, 4, 8 or 16. Where it divides LENGTH, matrices begin where such vectors may
//   LANES   work-items that share a row, a power of two. A lane has every LANES-th vector. With one, WIDTH is 4 at least
//   ROWS    rows of a work-group
//   HELD    vectors of a row that each lane keeps in registers, enough for all: the row is read once. WIDTH then divides
//           LENGTH. 0: the row is read again
//   ONLINE  1: without HELD, a softmax weights by the largest logit so far and rescales, so that it reads a row twice and
//           writes it once; 0: weights wait in the output until their sum is known
#include "common/multiply_add.clh"

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#if WIDTH == 1
#define VECTOR float
#else
#define VECTOR PASTE(float, WIDTH)
#endif
#include "common/vector_math.clh"

// Of a row. The last one is not full where WIDTH does not divide LENGTH.
#define VECTORS ((LENGTH + WIDTH - 1) / WIDTH)
#if LENGTH % WIDTH == 0
#define LOAD(i, from, absent) ((__global const VECTOR *)(from))[i]
#define STORE(value, i, to) (((__global VECTOR *)(to))[i] = (value))
#else
#define LOAD(i, from, absent) load_some(i, from, absent)
#define STORE(value, i, to) store_some(value, i, to)
VECTOR load_some(uint i, __global const float *from, float absent) {
    if (i < VECTORS - 1)
        return PASTE(vload, WIDTH)(i, from);
    float some[WIDTH];
    for (uint c = 0; c < WIDTH; ++c)
        some[c] = i * WIDTH + c < LENGTH ? from[i * WIDTH + c] : absent;
    return PASTE(vload, WIDTH)(0, some);
}
void store_some(VECTOR value, uint i, __global float *to) {
    if (i < VECTORS - 1) {
        PASTE(vstore, WIDTH)(value, i, to);
    } else {
        float some[WIDTH];
        PASTE(vstore, WIDTH)(value, 0, some);
        for (uint c = 0; i * WIDTH + c < LENGTH; ++c)
            to[i * WIDTH + c] = some[c];
    }
}
#endif

// Less than any logit: what it weighs is 0 beside a logit.
#define LEAST (-1e30f)
#define LOG2_E 1.44269504f

// The weight of what is so far below the largest logit.
#if LANES == 1 // on CPUs
#define WEIGHT(distance) power_of_2((distance)*LOG2_E)
#else
#define WEIGHT(distance) exp2((distance)*LOG2_E)
#endif

// The largest logit of a part of a row, and the sum of the weights by it.
#define LARGEST x
#define TOTAL y
float2 together(float2 a, float2 b) {
    const float largest = fmax(a.LARGEST, b.LARGEST);
    return (float2)(largest, a.TOTAL * exp2((a.LARGEST - largest) * LOG2_E) +
                                 b.TOTAL * exp2((b.LARGEST - largest) * LOG2_E));
}

// What the lanes of a row have, as one, by way of `shared`, which has room for the group. All of the group do it.
#define LAST (LANES < 8 ? LANES : 8)
#if LANES == 1
#define JOIN_LANES(value, shared, with)
#else
#define JOIN_LANES(value, shared, with)                                                            \
    shared[item] = value;                                                                          \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                  \
    for (uint lanes = LANES / 2; lanes >= LAST; lanes /= 2) {                                      \
        if (lane < lanes)                                                                          \
            shared[item] = with(shared[item], shared[item + lanes]);                               \
        barrier(CLK_LOCAL_MEM_FENCE);                                                              \
    }                                                                                              \
    value = shared[item - lane];                                                                   \
    for (uint i = 1; i < LAST; ++i)                                                                \
        value = with(value, shared[item - lane + i]);
#endif

// The vectors of its row that a lane has. A row that the matrix does not have has none: its lanes go along for the
// barriers.
#define EACH_VECTOR(i) for (uint i = lane; i < vectors; i += LANES)
#define EACH_HELD(h) _Pragma("unroll") for (uint h = 0; h < HELD; ++h)
#define PLACE(h) ((h)*LANES + lane)

#define ITEMS (LANES * ROWS)
#define FIND_ROW                                                                                   \
    const uint item = (uint)get_local_id(0);                                                       \
    const uint lane = item % LANES;                                                                \
    const uint row = first_row + (uint)get_group_id(0) * ROWS + item / LANES;                      \
    const uint vectors = row < rows ? VECTORS : 0;                                                 \
    __global const float *from = input + (size_t)row * LENGTH;                                     \
    __global float *to = output + (size_t)row * LENGTH;

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
softmax(__global const float *restrict input, __global float *restrict output, uint rows,
        uint first_row) {
#if LANES > 1
    __local float2 shared[ITEMS];
#endif
    FIND_ROW
    float2 part;
    VECTOR most = (VECTOR)(LEAST);
    VECTOR sums = (VECTOR)(0.0f);
#if HELD > 0
    VECTOR held[HELD];
    EACH_HELD(h) {
        held[h] = (VECTOR)(LEAST);
        if (PLACE(h) < vectors)
            held[h] = LOAD(PLACE(h), from, LEAST);
        most = LARGER(most, held[h]);
    }
    part.LARGEST = largest_of(most);
    EACH_HELD(h) {
        held[h] = WEIGHT(held[h] - part.LARGEST);
        sums += held[h];
    }
#elif ONLINE
    EACH_VECTOR(i) {
        const VECTOR logits = LOAD(i, from, LEAST);
        const VECTOR next = LARGER(most, logits);
        sums = sums * WEIGHT(most - next) + WEIGHT(logits - next);
        most = next;
    }
    part.LARGEST = largest_of(most);
    sums *= WEIGHT(most - part.LARGEST);
#else
    EACH_VECTOR(i) {
        const VECTOR logits = LOAD(i, from, LEAST);
        most = LARGER(most, logits);
    }
    part.LARGEST = largest_of(most);
    EACH_VECTOR(i) {
        const VECTOR weights = WEIGHT(LOAD(i, from, LEAST) - part.LARGEST);
        sums += weights;
        STORE(weights, i, to);
    }
#endif
    part.TOTAL = sum_of(sums);
    float2 whole = part;
    JOIN_LANES(whole, shared, together)
    // Weights are by the largest logit of the lane.
    const float factor = exp2((part.LARGEST - whole.LARGEST) * LOG2_E) / whole.TOTAL;
#if HELD > 0
    EACH_HELD(h)
        if (PLACE(h) < vectors)
            STORE(held[h] * factor, PLACE(h), to);
#elif ONLINE
    EACH_VECTOR(i)
        STORE(WEIGHT(LOAD(i, from, LEAST) - part.LARGEST) * factor, i, to);
#else
    EACH_VECTOR(i)
        STORE(LOAD(i, to, 0.0f) * factor, i, to);
#endif
}

// Each row less its mean, over the root of its variance and of `epsilon`, times a gain and with a bias of each element.
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
layer_norm(__global const float *restrict input, __global const float *restrict gains,
           __global const float *restrict biases, __global float *restrict output, uint rows,
           float epsilon, uint first_row) {
#if LANES > 1
    __local float shared_sums[ITEMS];
    __local float shared_squares[ITEMS];
#endif
    FIND_ROW
#if HELD > 0
    VECTOR held[HELD];
    EACH_HELD(h)
        if (PLACE(h) < vectors)
            held[h] = LOAD(PLACE(h), from, 0.0f);
#define ELEMENTS(i, absent) held[h] // an index that is known keeps it in registers
#define EACH_PART(i)                                                                               \
    _Pragma("unroll") for (uint h = 0, i = lane; h < HELD; ++h, i += LANES) if (i < vectors)
#else
#define ELEMENTS(i, absent) LOAD(i, from, absent)
#define EACH_PART(i) EACH_VECTOR(i)
#endif
    VECTOR sums = (VECTOR)(0.0f);
    EACH_PART(i)
        sums += ELEMENTS(i, 0.0f);
    float sum = sum_of(sums);
    JOIN_LANES(sum, shared_sums, SUM)
    const float mean = sum / LENGTH;

    VECTOR squares = (VECTOR)(0.0f);
    EACH_PART(i) {
        const VECTOR apart = ELEMENTS(i, mean) - mean;
        squares = MULTIPLY_ADD(apart, apart, squares);
    }
    float square = sum_of(squares);
    JOIN_LANES(square, shared_squares, SUM)
    const float scale = 1.0f / sqrt(square / LENGTH + epsilon);

    EACH_PART(i)
        STORE(MULTIPLY_ADD((ELEMENTS(i, mean) - mean) * scale, LOAD(i, gains, 0.0f),
                           LOAD(i, biases, 0.0f)),
              i, to);
}
