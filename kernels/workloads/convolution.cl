// A convolution, with bias and activation. Activations lie in blocks of channels, and each plane of a
// block has a halo of zeros around it, which no launch writes:
//   activations  [blocks][images][halo, rows, halo][halo, pixels of a row, halo]
//                [channels of a block]
// Rows of pixels, and of what is made of them, are counted over all images of a batch: tiles need
// not end where an image does.
// Where the blocks of one convolution's output are those of the next one's input, that reads what
// this one writes. Two families of kernels do it, of which the macros choose one by naming its
// tile. Those of both are
//   ACTIVATION  none, relu, relu6 or hard_swish
//   WINOGRAD    1: of a 3x3 kernel with stride 1, in fewer products
// The direct kernels of the family of panels have the numbers that the macros of numbers.clh say, bytes
// excepted; the others are in single precision.
#include "common/multiply_add.clh"
#include "common/numbers.clh"
#ifdef TILE_ROWS
#define VECTOR float4
#include "common/group_tile.clh"
#else
#define ROW_PITCH (STRIDE * STEP)
#include "common/tile.clh"
#include "common/prefetch.clh"
#endif

// From planes of height x width pixels, a channel after the other, an image after the other. A
// work-item for each pixel of a block's plane, `block` channels each, along the first dimension, each
// block, along the second, and each image, along the third.
__kernel void pack_input(__global const COPIED *planes, __global COPIED *input, uint channels,
                         uint height, uint width, uint halo,
                         uint block) {
    const uint pitch = width + 2 * halo;
    const uint plane = pitch * (height + 2 * halo);
    const uint pixel = (uint)get_global_id(0);
    const uint number = (uint)get_global_id(1);
    const uint image = (uint)get_global_id(2);
    if (pixel >= plane)
        return;
    // In the halo above and left of the image these wrap around to numbers beyond it.
    const uint y = pixel / pitch - halo;
    const uint x = pixel % pitch - halo;
    planes += (size_t)image * channels * height * width;
    __global COPIED *to =
        input + (((size_t)number * get_global_size(2) + image) * plane + pixel) * block;
    for (uint i = 0; i < block; ++i) {
        const uint channel = number * block + i;
        const bool inside = y < height && x < width && channel < channels;
        to[i] = inside ? planes[((size_t)channel * height + y) * width + x] : (COPIED)0;
    }
}

VECTOR none(VECTOR x) {
    return x;
}
VECTOR relu(VECTOR x) {
    return x > (VECTOR)(0.0f) ? x : (VECTOR)(0.0f);
}
VECTOR relu6(VECTOR x) {
    const VECTOR most = (VECTOR)(6.0f);
    return relu(x) < most ? relu(x) : most;
}
VECTOR hard_swish(VECTOR x) {
    return x * relu6(x + (VECTOR)(3.0f)) * (VECTOR)(1.0f / 6.0f);
}

#if WINOGRAD
#include "workloads/winograd.clh"
#elif defined(TILE_ROWS)
#include "workloads/convolution_local.clh"
#else

// The family for devices that read operands through their caches. A work-item makes tiles (tile.clh),
// whose rows are neighbouring pixels of a row of the output. The output has blocks of WIDTH
// channels, the input of STEP; of a depthwise convolution both have blocks of STEP.
//   weights      [panels of COLUMNS output channels][a row of biases; for each block that they are
//                made of and each of its KERNEL x KERNEL taps, a row for each channel][COLUMNS]
// Besides the tile's, the macros are
//   KERNEL      taps on each side, odd; the image is padded so that its size stays, but for STRIDE
//   STRIDE      pixels of the input from one of the output to the next
//   DEPTHWISE   1: each output channel is made of the input's channel of that number only; a tile
//               has one vector a row then, and STEP is a multiple of WIDTH
//   UNROLL      how many channels of a block are multiplied between two branches
//   PREFETCH    1: the weights of a block are asked for while those of the one before are used, if
//               a work-item has several tiles
//   ONE_TILE    1: `tiles` is always 1, and the sums stay in registers

#ifndef ONE_TILE
#define ONE_TILE 0
#endif

// Rows of the weights for each block.
#if DEPTHWISE
#define BLOCK_ROWS (KERNEL * KERNEL)
#define OUTPUT_BLOCK STEP
#else
#define BLOCK_ROWS (KERNEL * KERNEL * STEP)
#define OUTPUT_BLOCK WIDTH
#endif

// From weights[outputs][inputs][KERNEL][KERNEL], where inputs is 1 of a depthwise convolution. A
// work-item for each row, along the first dimension, and each panel, along the second.
__kernel void pack_weights(__global const COPIED *weights, __global const COPIED *biases,
                           __global COPIED *panels, uint outputs, uint inputs, uint rows) {
    const uint row = (uint)get_global_id(0);
    const uint panel = (uint)get_global_id(1);
    if (row >= rows)
        return;
    __global COPIED *to = panels + ((size_t)panel * rows + row) * COLUMNS;
    const uint taps = KERNEL * KERNEL;
    const uint channels = BLOCK_ROWS / taps;
    const uint block = (row - 1) / BLOCK_ROWS;
    const uint tap = (row - 1) / channels % taps;
    const uint channel = block * channels + (row - 1) % channels;
    for (uint i = 0; i < COLUMNS; ++i) {
        const uint output = panel * COLUMNS + i;
        to[i] = 0;
        if (output < outputs && row == 0)
            to[i] = biases[output];
        else if (output < outputs && channel < inputs)
            to[i] = weights[((size_t)output * inputs + channel) * taps + tap];
    }
}

#define ACTIVATE_VECTOR(r, v) tile_##r##_##v = ACTIVATION(tile_##r##_##v);
#define ACTIVATE_ROW(r) EACH_VECTOR(ACTIVATE_VECTOR, r)

// The last tile of a row begins early enough to end with it. The pixels that it shares with the one
// before are not its own; nor are vectors of the last panel beyond the output's channels.
#define IF_OWN(r, v) if (x + r >= first_own && panel * VECTORS + v < output_vectors)
#define PLACE(r, v) (to + ((size_t)v * output_plane + r) * OUTPUT_BLOCK)
#define LOAD_BIAS(r, v) tile_##r##_##v = LOAD(v, panel_weights);
#define LOAD_SUM(r, v) IF_OWN(r, v) tile_##r##_##v = LOAD(0, PLACE(r, v));
#define STORE_SUM(r, v) IF_OWN(r, v) STORE(tile_##r##_##v, 0, PLACE(r, v));
#define LOAD_BIASES(r) EACH_VECTOR(LOAD_BIAS, r)
#define LOAD_SUMS(r) EACH_VECTOR(LOAD_SUM, r)
#define STORE_SUMS(r) EACH_VECTOR(STORE_SUM, r)

#if ONE_TILE
#define EACH_PASS const uint first = 0, at_once = blocks;
#define EACH_TILE const uint tile = first_tile; if (tile < last_tile)
#else
#define EACH_PASS                                                                                  \
    const uint at_once = tiles > 1 ? 1 : blocks;                                                   \
    for (uint first = 0; first < blocks; first += at_once)
#define EACH_TILE for (uint tile = first_tile; tile < last_tile; ++tile)
#endif

// Where Mesa's compilers know how many taps there are, they make one piece of all, and run out of registers. That
// `tiles` is never 0 is what hides it from them. What steps from row to row is an address, to which they add with three
// instructions; to an index with six. Of an index, LLVM has computed the whole address again for each pixel of a tile.
#define EACH_TAP                                                                                   \
    __global const STORED *taps = corner;                                                          \
    for (uint ky = 0; ky < KERNEL + (tiles == 0); ++ky, taps += input_pitch * STEP)                \
        for (uint kx = 0; kx < KERNEL; ++kx)
#define TAP (taps + kx * STEP)

// Of a depthwise convolution: adds the products of one tap, a vector of channels each.
#define MULTIPLY_CHANNELS(r)                                                                       \
    tile_##r##_0 = MULTIPLY_ADD(LOAD(0, left + r * ROW_PITCH), right_0, tile_##r##_0);

// A work-item for `tiles` tiles, one row after the other, along the first dimension, and for a
// panel of output channels, from `first_panel` on, along the second. Each channel is made of
// `blocks` blocks of the input. Of several tiles each gets the products of a block before any gets
// the next block's, so that weights are read only once; the sums lie in the output meanwhile.
__kernel void convolution(__global const STORED *restrict input,
                          __global const STORED *restrict weights, __global RESULT *restrict output,
                          uint blocks, uint output_vectors, uint input_height, uint input_width,
                          uint input_halo, uint output_halo, uint tiles, uint first_panel,
                          uint images) {
    const uint height = (input_height - 1) / STRIDE + 1;
    const uint width = (input_width - 1) / STRIDE + 1;
    const uint tiles_of_row = (width + ROWS - 1) / ROWS;
    const uint first_tile = (uint)get_global_id(0) * tiles;
    const uint last_tile = min(first_tile + tiles, tiles_of_row * height * images);
    const uint panel = first_panel + (uint)get_global_id(1);
    if (panel * VECTORS >= output_vectors)
        return;
    const uint input_pitch = input_width + 2 * input_halo;
    const uint input_rows = input_height + 2 * input_halo;
    const uint input_plane = input_pitch * input_rows * images;
    const uint output_pitch = width + 2 * output_halo;
    const uint output_rows = height + 2 * output_halo;
    const uint output_plane = output_pitch * output_rows * images;
    const uint skipped = input_halo - KERNEL / 2;
    __global const STORED *panel_weights =
        weights + (size_t)panel * (1 + blocks * BLOCK_ROWS) * COLUMNS;
    EACH_PASS {
        EACH_TILE {
            const uint image = tile / tiles_of_row / height;
            const uint y = tile / tiles_of_row % height;
            const uint first_own = tile % tiles_of_row * ROWS;
            const uint x = min(first_own, width - ROWS);
            const uint first_channel = panel * COLUMNS;
            __global RESULT *to = output +
                                 ((size_t)(first_channel / OUTPUT_BLOCK) * output_plane +
                                  (image * output_rows + y + output_halo) * output_pitch + x +
                                  output_halo) *
                                     OUTPUT_BLOCK +
                                 first_channel % OUTPUT_BLOCK;
            __global const STORED *right = panel_weights + (1 + first * BLOCK_ROWS) * COLUMNS;
            DECLARE_TILE
            if (first == 0) {
                EACH_ROW(LOAD_BIASES)
            } else {
                EACH_ROW(LOAD_SUMS)
            }
            if (!ONE_TILE && tiles > 1)
                prefetch_part(right + BLOCK_ROWS * COLUMNS, BLOCK_ROWS * COLUMNS,
                              tile - first_tile, tiles);
            for (uint block = first; block < first + at_once; ++block) {
                const uint channel = DEPTHWISE ? first_channel : block * STEP;
                __global const STORED *corner =
                    input +
                    ((size_t)(channel / STEP) * input_plane +
                     (image * input_rows + y * STRIDE + skipped) * input_pitch + x * STRIDE +
                     skipped) *
                        STEP +
                    channel % STEP;
                EACH_TAP {
                    __global const STORED *left = TAP;
#if DEPTHWISE
                    LOAD_RIGHT(0, 0)
                    EACH_ROW(MULTIPLY_CHANNELS)
                    right += COLUMNS;
#else
#pragma unroll UNROLL
                    for (uint i = 0; i < STEP; i += AT_ONCE) {
                        MULTIPLY
                    }
#endif
                }
            }
            if (first + at_once == blocks) {
                EACH_ROW(ACTIVATE_ROW)
            }
            EACH_ROW(STORE_SUMS)
        }
    }
}
#endif
