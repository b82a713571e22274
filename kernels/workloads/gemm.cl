// A product of matrices, C = A B, of the numbers that the macros of numbers.clh say: A has rows x depth elements, B depth x columns, all of them row
// after row. Two families of kernels do it, of which the macros choose one by naming its tile.
#include "common/multiply_add.clh"
#ifdef TILE_ROWS
#include "workloads/gemm_local.clh"
#else

// The family for devices that read operands through their caches. Each work-item makes a tile of C (tile.clh, whose
// macros say the shape), whose loop is unrolled UNROLL times. A and B are packed first, so that it reads both from end
// to end, with zeros where a panel reaches beyond the matrix:
//   A  [panels of ROWS rows][depth / STEP][ROWS][STEP]
//   B  [panels of COLUMNS columns][depth, a multiple of STEP][COLUMNS]
// If LEFT_IN_PLACE is 1, A is read as it is; it has ROWS rows at least, and its depth is a multiple of STEP.
#if LEFT_IN_PLACE
#define ROW_PITCH row_pitch
#endif
#include "common/tile.clh"
#include "common/prefetch.clh"

#ifdef BYTES
#include "workloads/gemm_bytes.clh"
#else
// Copies `count` elements, of which there are `available`, and zeros beyond them.
#define COPY(count, available, from, to)                                                           \
    if (available >= count) {                                                                      \
        for (uint copied = 0; copied < count; ++copied)                                            \
            (to)[copied] = (from)[copied];                                                         \
    } else {                                                                                       \
        for (uint copied = 0; copied < count; ++copied)                                            \
            (to)[copied] = copied < available ? (from)[copied] : (COPIED)0;                             \
    }

// A work-item for STEP of the depth, along the first dimension, and a panel, along the second.
__kernel void pack_left(__global const COPIED *restrict matrix, __global COPIED *restrict panels,
                        uint rows, uint depth, uint steps) {
    const uint step = (uint)get_global_id(0);
    const uint panel = (uint)get_global_id(1);
    if (step >= steps)
        return;
    const uint first = step * STEP;
    __global COPIED *to = panels + ((size_t)panel * steps + step) * STEP * ROWS;
    for (uint r = 0; r < ROWS; ++r) {
        const uint row = panel * ROWS + r;
        const uint left = row < rows ? depth - first : 0;
        COPY(STEP, left, matrix + (size_t)row * depth + first, to + r * STEP)
    }
}

// The same of B. A work-item takes every n-th panel, n being the work-items along the second dimension.
__kernel void pack_right(__global const COPIED *restrict matrix, __global COPIED *restrict panels,
                         uint columns, uint depth, uint steps) {
    const uint step = (uint)get_global_id(0);
    const uint first = step * STEP;
    if (step >= steps)
        return;
    for (uint panel = (uint)get_global_id(1); panel * COLUMNS < columns;
         panel += (uint)get_global_size(1)) {
        const uint column = panel * COLUMNS;
        __global COPIED *to = panels + ((size_t)panel * steps + step) * STEP * COLUMNS;
        for (uint i = 0; i < STEP; ++i) {
            const uint left = first + i < depth ? columns - column : 0;
            COPY(COLUMNS, left, matrix + (size_t)(first + i) * columns + column, to + i * COLUMNS)
        }
    }
}
#endif

// Where a vector reaches beyond C, its elements are stored one by one.
#ifdef QUADS // C's rows begin anywhere, and some compilers put an array into memory
void store(VECTOR value, __global RESULT *to, uint column, uint columns) {
    if (column < columns)
        STORE_ELEMENT(value.x, 0, to);
    if (column + 1 < columns)
        STORE_ELEMENT(value.y, 1, to);
    if (column + 2 < columns)
        STORE_ELEMENT(value.z, 2, to);
    if (column + 3 < columns)
        STORE_ELEMENT(value.w, 3, to);
}
#else
#if WIDTH == 1
#define KEEP(value, to) ((to)[0] = (value))
#else
#define KEEP(value, to) PASTE(vstore, WIDTH)(value, 0, to)
#endif
void store(VECTOR value, __global RESULT *to, uint column, uint columns) {
    if (column + WIDTH <= columns) {
        STORE(value, 0, to);
    } else {
        SUMMED elements[WIDTH];
        KEEP(value, elements);
        for (uint i = 0; column + i < columns; ++i)
            STORE_ELEMENT(elements[i], i, to);
    }
}
#endif
#define STORE_VECTOR(r, v)                                                                         \
    store(tile_##r##_##v, to + v * WIDTH, column + v * WIDTH, columns);
#define STORE_ROW(r)                                                                               \
    if (r >= before && row + r < rows) {                                                                          \
        __global RESULT *to = product + (size_t)(row + r) * columns + column;                       \
        EACH_VECTOR(STORE_VECTOR, r)                                                               \
    }

// A CPU is asked for the product's lines, which come while the tile is made. It ignores those beyond the product.
#ifdef PROCESSOR_PREFETCHES
#define ASK_FOR_ROW(r)                                                                             \
    for (uint i = 0; i < COLUMNS; i += CACHE_LINE * sizeof(uint) / sizeof(RESULT))                 \
        PREFETCH_LINE(product + (size_t)(row + r) * columns + column + i);
#else
#define ASK_FOR_ROW(r)
#endif

// A work-item for a panel of A, along the first dimension, and one of B, along the second. The
// third counts blocks of A's panels, from one of them on: those of a block and one panel of B are
// used one after the other, so that caches can keep them. Where A stays in place, the last tile begins
// `before` rows before its panel, so as to have all of its rows.
__kernel void gemm(__global const STORED *left_panels, __global const STORED *right_panels,
                   __global RESULT *product, uint rows, uint columns, uint steps,
                   uint first_block) {
    const uint block = first_block + (uint)get_global_id(2);
    const uint panel = block * (uint)get_global_size(0) + (uint)get_global_id(0);
    const uint column = (uint)get_global_id(1) * COLUMNS;
    if (panel * ROWS >= rows || column >= columns)
        return;
#if LEFT_IN_PLACE
    const uint row_pitch = steps * STEP;
    const uint row = min(panel * ROWS, rows - ROWS);
#else
    const uint row = panel * ROWS;
#endif
    const uint before = panel * ROWS - row;
    __global const STORED *left = left_panels + (size_t)row * steps * STEP;
    __global const STORED *right = right_panels + (size_t)column * steps * STEP;
    EACH_ROW(ASK_FOR_ROW)
    DECLARE_TILE
    for (uint step = 0; step < steps; ++step) {
#pragma unroll UNROLL
        for (uint i = 0; i < STEP; i += AT_ONCE) {
            MULTIPLY
        }
        left += LEFT_IN_PLACE ? STEP : ROWS * STEP;
    }
    EACH_ROW(STORE_ROW)
}
#endif
