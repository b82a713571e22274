// Attention in single precision: for each head O = softmax(scale Q K^T) V, the softmax over each row. All four have
// `length` rows of HEAD_WIDTH elements a head, head after head. With CHANNELS, rows are as networks have them: Q, K and V
// are one matrix with a row of 3 CHANNELS for each token, its query, key and value of all heads, and O has rows of CHANNELS.
// With CAUSAL, a query sees the keys up to its own row only.
// Scores are never in memory: each block of keys is weighted by its distance from the largest score so far, and what was
// summed before is rescaled where a larger one turns up. Two families of kernels do it, of which the macros choose one
// by naming its tile.
#include "common/multiply_add.clh"

// Less than any score: what it weighs is 0 beside a score.
#define LEAST (-1e30f)
#define LOG2_E 1.44269504f

// Where a head's first row lies, and how far it is to the next row; of keys and values, how far behind that of queries.
#ifdef CHANNELS
#define HEAD_AT(head) ((size_t)(head)*HEAD_WIDTH)
#define INPUT_PITCH (3 * CHANNELS)
#define OUTPUT_ROW_PITCH CHANNELS
#define KEYS_AT CHANNELS
#define VALUES_AT (2 * CHANNELS)
#else
#define HEAD_AT(head) ((size_t)(head)*length * HEAD_WIDTH)
#define INPUT_PITCH HEAD_WIDTH
#define OUTPUT_ROW_PITCH HEAD_WIDTH
#define KEYS_AT 0
#define VALUES_AT 0
#endif

#ifdef TILE_QUERIES
#include "workloads/attention_local.clh"
#else

// The family for devices that read operands through their caches. A work-item makes ROWS rows of O (tile.clh, whose
// macros say the shape of its tiles), whose loops are unrolled UNROLL times, from KEYS keys at a time: a multiple of
// COLUMNS. WIDTH is 4, 8 or 16. K and V are packed first, so that it reads both from end to end, with zeros where a
// panel reaches beyond the matrix, its keys filled up to a multiple of COLUMNS:
//   K  [heads][panels of COLUMNS keys][HEAD_WIDTH][COLUMNS]
//   V  [heads][panels of COLUMNS elements][keys][COLUMNS]
#define ROW_PITCH row_pitch
#include "common/tile.clh"
#include "common/vector_math.clh"

#define OUTPUT_PANELS ((HEAD_WIDTH + COLUMNS - 1) / COLUMNS)
#define OUTPUT_PITCH (OUTPUT_PANELS * COLUMNS)

// A work-item for a panel of keys, along the first dimension, and a head, along the second.
__kernel void pack_keys(__global const float *keys, __global float *panels, uint length,
                        uint first_head) {
    const uint panel = (uint)get_global_id(0);
    const uint head = first_head + (uint)get_global_id(1);
    const uint key_panels = (length + COLUMNS - 1) / COLUMNS;
    if (panel >= key_panels)
        return;
    __global const float *from =
        keys + KEYS_AT + HEAD_AT(head) + (size_t)panel * COLUMNS * INPUT_PITCH;
    __global float *to = panels + ((size_t)head * key_panels + panel) * COLUMNS * HEAD_WIDTH;
    const uint present = min(length - panel * COLUMNS, (uint)COLUMNS);
    for (uint i = 0; i < HEAD_WIDTH; ++i)
        for (uint c = 0; c < COLUMNS; ++c)
            to[i * COLUMNS + c] = c < present ? from[c * INPUT_PITCH + i] : 0.0f;
}

// The same of V: a work-item for COLUMNS keys.
__kernel void pack_values(__global const float *values, __global float *panels, uint length,
                          uint first_head) {
    const uint first = (uint)get_global_id(0) * COLUMNS;
    const uint head = first_head + (uint)get_global_id(1);
    const uint keys = (length + COLUMNS - 1) / COLUMNS * COLUMNS;
    if (first >= keys)
        return;
    for (uint panel = 0; panel < OUTPUT_PANELS; ++panel) {
        __global float *to =
            panels + (((size_t)head * OUTPUT_PANELS + panel) * keys + first) * COLUMNS;
        for (uint key = 0; key < COLUMNS; ++key) {
            __global const float *from = values + VALUES_AT + HEAD_AT(head) +
                                         (size_t)(first + key) * INPUT_PITCH + panel * COLUMNS;
            for (uint c = 0; c < COLUMNS; ++c)
                to[key * COLUMNS + c] =
                    first + key < length && panel * COLUMNS + c < HEAD_WIDTH ? from[c] : 0.0f;
        }
    }
}

#define KEEP_SCORE(r, v) STORE(tile_##r##_##v, v, weights + r * KEYS + panel * COLUMNS);
#define KEEP_SCORES(r) EACH_VECTOR(KEEP_SCORE, r)
#define RESCALE_VECTOR(r, v)                                                                       \
    tile_##r##_##v = LOAD(v, outputs + r * OUTPUT_PITCH + panel * COLUMNS) * rescaling[r];
#define RESCALE_ROW(r) EACH_VECTOR(RESCALE_VECTOR, r)
#define KEEP_OUTPUT(r, v) STORE(tile_##r##_##v, v, outputs + r * OUTPUT_PITCH + panel * COLUMNS);
#define KEEP_OUTPUTS(r) EACH_VECTOR(KEEP_OUTPUT, r)

#define ALIGNED __attribute__((aligned(4 * WIDTH)))

// A work-item for ROWS queries, along the first dimension, and a head, along the second. The last queries, which see
// the most keys, come first.
__kernel void attention(__global const float *queries, __global const float *key_panels,
                        __global const float *value_panels, __global float *results, uint length,
                        float scale, uint first_head) {
    const uint tiles = (length + ROWS - 1) / ROWS;
    if (get_global_id(0) >= tiles)
        return;
    const uint head = first_head + (uint)get_global_id(1);
    const uint first_query = (tiles - 1 - (uint)get_global_id(0)) * ROWS;
    const uint rows = min(length - first_query, (uint)ROWS);
    const uint padded = (length + COLUMNS - 1) / COLUMNS * COLUMNS;
    queries += HEAD_AT(head) + (size_t)first_query * INPUT_PITCH;
    results += HEAD_AT(head) + (size_t)first_query * OUTPUT_ROW_PITCH;
    __global const float *keys = key_panels + (size_t)head * padded * HEAD_WIDTH;
    __global const float *values = value_panels + (size_t)head * padded * OUTPUT_PITCH;

    float scaled[ROWS * HEAD_WIDTH] ALIGNED;
    float weights[ROWS * KEYS] ALIGNED;
    float outputs[ROWS * OUTPUT_PITCH] ALIGNED;
    float largest[ROWS];
    float rescaling[ROWS];
    VECTOR sums[ROWS];
    for (uint r = 0; r < ROWS; ++r)
        for (uint i = 0; i < HEAD_WIDTH; ++i)
            scaled[r * HEAD_WIDTH + i] =
                r < rows ? queries[r * INPUT_PITCH + i] * (scale * LOG2_E) : 0.0f;
    for (uint i = 0; i < ROWS * OUTPUT_PITCH; ++i)
        outputs[i] = 0.0f;
    for (uint r = 0; r < ROWS; ++r) {
        largest[r] = LEAST;
        sums[r] = (VECTOR)(0.0f);
    }

    const uint end = CAUSAL ? min(first_query + ROWS, length) : length;
    for (uint first = 0; first < end; first += KEYS) {
        const uint panels = min((end - first + COLUMNS - 1) / COLUMNS, (uint)(KEYS / COLUMNS));
        const uint count = panels * COLUMNS;
        for (uint panel = 0; panel < panels; ++panel) {
            const uint row_pitch = HEAD_WIDTH;
            const float *left = scaled;
            __global const float *right = keys + ((size_t)first + panel * COLUMNS) * HEAD_WIDTH;
            DECLARE_TILE
#pragma unroll UNROLL
            for (uint i = 0; i < HEAD_WIDTH; ++i) {
                MULTIPLY
            }
            EACH_ROW(KEEP_SCORES)
        }
        // Keys that are not there, or come after the query.
        if (first + count > (CAUSAL ? first_query + 1 : length))
            for (uint r = 0; r < ROWS; ++r)
                for (uint key = CAUSAL ? min(first_query + r + 1, length) : length;
                     key < first + count; ++key)
                    if (key >= first)
                        weights[r * KEYS + key - first] = LEAST;

        for (uint r = 0; r < ROWS; ++r) {
            float *row = weights + r * KEYS;
            VECTOR most = LOAD(0, row);
            for (uint v = 1; v < count / WIDTH; ++v) {
                const VECTOR scores = LOAD(v, row);
                most = LARGER(most, scores);
            }
            const float before = largest[r];
            const float among = largest_of(most);
            largest[r] = LARGER(before, among);
            VECTOR sum = (VECTOR)(0.0f);
#pragma unroll UNROLL // constants are loaded once a trip
            for (uint v = 0; v < count / WIDTH; ++v) {
                const VECTOR weight = power_of_2(LOAD(v, row) - largest[r]);
                sum += weight;
                STORE(weight, v, row);
            }
            rescaling[r] = exp2(before - largest[r]);
            sums[r] = sums[r] * rescaling[r] + sum;
        }

        for (uint panel = 0; panel < OUTPUT_PANELS; ++panel) {
            const uint row_pitch = KEYS;
            const float *left = weights;
            __global const float *right = values + ((size_t)panel * padded + first) * COLUMNS;
            DECLARE_TILE
            EACH_ROW(RESCALE_ROW)
#pragma unroll UNROLL
            for (uint i = 0; i < count; ++i) {
                MULTIPLY
            }
            EACH_ROW(KEEP_OUTPUTS)
        }
    }
    for (uint r = 0; r < rows; ++r) {
        const float whole = 1.0f / sum_of(sums[r]);
        for (uint i = 0; i < HEAD_WIDTH; ++i)
            results[r * OUTPUT_ROW_PITCH + i] = outputs[r * OUTPUT_PITCH + i] * whole;
    }
}
#endif
