// What networks need beside convolutions and products of matrices. Images lie as
// workloads/convolution has them: in blocks of channels, of WIDTH or a multiple of it, each plane
// with a halo. Of a sequence each token is a row of channels, one behind the other. The macros are
//   LANES    work-items that add up a result, a power of two
//   RESULTS  of a work-group
//   WIDTH    elements of a vector: 4, 8 or 16
//   HEAD     channels of a head of attention(), a multiple of WIDTH; without it there is none
//   KEY_LANES  work-items that share the keys of a head out, with HEAD
#include "common/multiply_add.clh"
#define ITEMS (LANES * RESULTS)
#define JOIN_NAMES(a, b) a##b
#define JOIN(a, b) JOIN_NAMES(a, b)
#define VECTOR JOIN(float, WIDTH)
#define LOAD(index, from) JOIN(vload, WIDTH)(index, from)
#define STORE(value, index, to) JOIN(vstore, WIDTH)(value, index, to)

float sum_of_four(float4 x) {
    return (x.x + x.y) + (x.z + x.w);
}
#if WIDTH == 4
#define SUM(x) sum_of_four(x)
#elif WIDTH == 8
#define SUM(x) sum_of_four((x).lo + (x).hi)
#else
#define SUM(x) sum_of_four(((x).lo.lo + (x).lo.hi) + ((x).hi.lo + (x).hi.hi))
#endif

// What is applied to sums: 0 nothing, 1 ReLU, 4 GELU, by its form with a hyperbolic tangent
// (D. Hendrycks and K. Gimpel 2016), which is a sigmoid. In the order of clprobe::Activation.
VECTOR activated(VECTOR x, uint activation) {
    const VECTOR zero = (VECTOR)(0.0f);
    if (activation == 1)
        return x > zero ? x : zero;
    if (activation == 4)
        return x / (1.0f + exp(-1.5957691216f * (x + 0.044715f * x * x * x)));
    return x;
}

// The sum over the lanes of a result, whose sums lie `step` apart from `first` on. All work-items
// of a group call it.
float sum_of_lanes(float sum, __local float *sums, uint lane, uint first, uint step) {
    sums[first + lane * step] = sum;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint lanes = LANES / 2; lanes > 0; lanes /= 2) {
        if (lane < lanes)
            sums[first + lane * step] += sums[first + (lane + lanes) * step];
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    return sums[first];
}

// Where WIDTH channels of a pixel lie, from `channel` on. The row is that of its own image.
size_t place_of(uint channel, uint image, uint images, uint y, uint x, uint height, uint width,
                uint halo, uint block) {
    const uint pitch = width + 2 * halo;
    const size_t plane = (size_t)pitch * (height + 2 * halo);
    return ((size_t)(channel / block * images + image) * plane + (size_t)(y + halo) * pitch + x +
            halo) *
               block +
           channel % block;
}

// The part of the images that a work-item makes: `run` neighbouring pixels of a row, or those that are
// left, of WIDTH channels. Work-items are in the order in which these lie. The last of a launch may
// have no such part.
typedef struct {
    uint channel, image, y, first, last; // before `last`
} Part;
Part part_of_item(uint images, uint height, uint width, uint block, uint run) {
    const uint vectors = block / WIDTH; // of a pixel's block
    const uint runs = (width + run - 1) / run;
    const uint place = (uint)get_global_id(0) / vectors;
    Part part;
    part.channel =
        place / runs / height / images * block + (uint)get_global_id(0) % vectors * WIDTH;
    part.image = place / runs / height % images;
    part.y = place / runs % height;
    part.first = place % runs * run;
    part.last = min(part.first + run, width);
    return part;
}

// The sums of two batches of images. Each may have other blocks and another halo. Channels that they do not
// have are zero.
__kernel void add(__global const float *restrict first, __global const float *restrict second,
                  __global float *restrict output, uint channels, uint images, uint height,
                  uint width, uint first_halo, uint first_block, uint second_halo, uint second_block,
                  uint output_halo, uint output_block, uint blocks, uint activation, uint run) {
    const Part at = part_of_item(images, height, width, output_block, run);
    if (at.channel >= blocks * output_block)
        return;
    first +=
        place_of(at.channel, at.image, images, at.y, 0, height, width, first_halo, first_block);
    second +=
        place_of(at.channel, at.image, images, at.y, 0, height, width, second_halo, second_block);
    output +=
        place_of(at.channel, at.image, images, at.y, 0, height, width, output_halo, output_block);
    for (uint x = at.first; x < at.last; ++x) {
        VECTOR sum = (VECTOR)(0.0f);
        if (at.channel < channels)
            sum = LOAD(0, first + x * first_block) + LOAD(0, second + x * second_block);
        STORE(activated(sum, activation), 0, output + x * output_block);
    }
}

// The greatest of each window of window x window pixels, of those that are on the image.
__kernel void max_pool(__global const float *restrict input, __global float *restrict output,
                       uint channels, uint images, uint input_height, uint input_width,
                       uint input_halo, uint input_block, uint height, uint width, uint halo, uint block,
                       uint blocks, uint window, uint stride, uint padding, uint run) {
    const Part at = part_of_item(images, height, width, block, run);
    if (at.channel >= blocks * block)
        return;
    const uint top = max(at.y * stride, padding) - padding;
    const uint bottom = min(at.y * stride + window - padding, input_height);
    output += place_of(at.channel, at.image, images, at.y, 0, height, width, halo, block);
    for (uint x = at.first; x < at.last; ++x) {
        const uint left = max(x * stride, padding) - padding;
        const uint right = min(x * stride + window - padding, input_width);
        VECTOR greatest = (VECTOR)(at.channel < channels ? -INFINITY : 0.0f);
        for (uint from_y = top; at.channel < channels && from_y < bottom; ++from_y) {
            __global const float *from =
                input + place_of(at.channel, at.image, images, from_y, left, input_height,
                                 input_width, input_halo, input_block);
            for (uint i = left; i < right; ++i, from += input_block) {
                const VECTOR value = LOAD(0, from);
                greatest = value > greatest ? value : greatest;
            }
        }
        STORE(greatest, 0, output + x * block);
    }
}

// The mean of each channel's plane, of an image for each group along the second dimension. The input
// lies as workloads/convolution writes it, in blocks of channels with a halo; what comes out is one
// channel after the other, an image after the other.
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
average_pool(__global const float *restrict input, __global float *restrict output, uint channels,
             uint height, uint width, uint halo, uint block) {
    __local float sums[ITEMS];
    const uint item = (uint)get_local_id(0);
    const uint lane = item / RESULTS;
    const uint channel = (uint)get_group_id(0) * RESULTS + item % RESULTS;
    const uint from = min(channel, channels - 1);
    const uint pitch = width + 2 * halo;
    const size_t plane = (size_t)pitch * (height + 2 * halo);
    const uint image = (uint)get_group_id(1);
    const size_t number = (size_t)(from / block) * get_num_groups(1) + image;
    float sum = 0.0f;
    for (uint pixel = lane; pixel < height * width; pixel += LANES) {
        const uint place = (pixel / width + halo) * pitch + pixel % width + halo;
        sum += input[(number * plane + place) * block + from % block];
    }
    sum = sum_of_lanes(sum, sums, lane, item % RESULTS, RESULTS);
    if (lane == 0 && channel < channels)
        output[(size_t)image * channels + channel] = sum / (float)(height * width);
}

// A dense layer of one token: each output is the product of a row of weights with the input, and a
// bias. Rows and input are so many vectors, filled up with zeros. Where it `adds`, another token is
// added behind the activation.
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
dense(__global const float *restrict input, __global const float *restrict weights,
      __global const float *restrict biases, __global const float *restrict addend,
      __global float *restrict output, uint vectors, uint outputs, uint activation, uint adds) {
    __local float sums[ITEMS];
    const uint item = (uint)get_local_id(0);
    const uint lane = item % LANES;
    const uint number = (uint)get_group_id(0) * RESULTS + item / LANES;
    __global const float *row = weights + (size_t)min(number, outputs - 1) * vectors * WIDTH;
    VECTOR products = (VECTOR)(0.0f);
    for (uint i = lane; i < vectors; i += LANES)
        products = MULTIPLY_ADD(LOAD(i, row), LOAD(i, input), products);
    const float sum = sum_of_lanes(SUM(products), sums, lane, item / LANES * LANES, 1);
    if (lane == 0 && number < outputs)
        output[number] = activated((VECTOR)(sum + biases[number]), activation).s0 +
                         (adds ? addend[number] : 0.0f);
}

// Adds biases to a product, whose rows are tokens, in its place, as dense() does. A work-item for
// WIDTH columns of a row.
__kernel void finish(__global const float *restrict biases, __global const float *restrict addend,
                     __global float *restrict product, uint rows, uint columns, uint activation,
                     uint adds) {
    const uint vectors = (columns + WIDTH - 1) / WIDTH;
    const uint row = (uint)get_global_id(0) / vectors;
    const uint column = (uint)get_global_id(0) % vectors * WIDTH;
    if (row >= rows)
        return;
    const size_t at = (size_t)row * columns + column;
    if (column + WIDTH <= columns) {
        VECTOR sum = activated(LOAD(0, product + at) + LOAD(0, biases + column), activation);
        if (adds)
            sum += LOAD(0, addend + at);
        STORE(sum, 0, product + at);
    } else {
        for (uint i = 0; column + i < columns; ++i)
            product[at + i] =
                activated((VECTOR)(product[at + i] + biases[column + i]), activation).s0 +
                (adds ? addend[at + i] : 0.0f);
    }
}

#ifdef HEAD
#define VECTORS (HEAD / WIDTH)

// The key of a token, behind which its value lies `channels` further. Earlier tokens have both side
// by side, and the last one its query before.
#define KEY_OF(token)                                                                              \
    ((token) < cached ? past + (size_t)(token)*2 * channels : input + channels)

// Attention of one token to itself and those before it, with a softmax that is kept up to date as
// keys come (M. Milakov and N. Gimelshein 2018). A work-group for each head; its lanes share the
// keys out, WIDTH at a time.
__kernel __attribute__((reqd_work_group_size(KEY_LANES, 1, 1))) void
attention(__global const float *restrict input, __global const float *restrict past,
          __global float *restrict output, uint cached, uint channels) {
    __local float sums[KEY_LANES * HEAD];
    __local float greatest[KEY_LANES];
    __local float totals[KEY_LANES];
    const uint lane = (uint)get_local_id(0);
    const uint head = (uint)get_group_id(0) * HEAD;
    const uint keys = cached + 1;
    VECTOR factors[VECTORS];
    VECTOR values[VECTORS];
#pragma unroll
    for (uint v = 0; v < VECTORS; ++v) {
        factors[v] = LOAD(v, input + head) * rsqrt((float)HEAD);
        values[v] = (VECTOR)(0.0f);
    }
    float most = -INFINITY;
    float total = 0.0f;
    for (uint first = lane * WIDTH; first < keys; first += KEY_LANES * WIDTH) {
        float logits[WIDTH];
        float next = most;
        for (uint i = 0; i < WIDTH; ++i) {
            __global const float *key = KEY_OF(min(first + i, keys - 1)) + head;
            VECTOR products = (VECTOR)(0.0f);
#pragma unroll
            for (uint v = 0; v < VECTORS; ++v)
                products = MULTIPLY_ADD(factors[v], LOAD(v, key), products);
            logits[i] = first + i < keys ? SUM(products) : -INFINITY;
            next = logits[i] > next ? logits[i] : next;
        }
        const VECTOR weights = exp(LOAD(0, logits) - next);
        const float scale = exp(most - next);
        most = next;
        total = total * scale + SUM(weights);
        STORE(weights, 0, logits);
#pragma unroll
        for (uint v = 0; v < VECTORS; ++v)
            values[v] *= scale;
        for (uint i = 0; i < WIDTH; ++i) {
            __global const float *value = KEY_OF(min(first + i, keys - 1)) + channels + head;
#pragma unroll
            for (uint v = 0; v < VECTORS; ++v)
                values[v] = MULTIPLY_ADD((VECTOR)(logits[i]), LOAD(v, value), values[v]);
        }
    }
    greatest[lane] = most;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (uint i = 0; i < KEY_LANES; ++i)
        most = greatest[i] > most ? greatest[i] : most;
    const float scale = exp(greatest[lane] - most);
    totals[lane] = total * scale;
#pragma unroll
    for (uint v = 0; v < VECTORS; ++v)
        STORE(values[v] * scale, v, sums + lane * HEAD);
    barrier(CLK_LOCAL_MEM_FENCE);
    total = 0.0f;
    for (uint i = 0; i < KEY_LANES; ++i)
        total += totals[i];
    for (uint i = lane; i < HEAD; i += KEY_LANES) {
        float sum = 0.0f;
        for (uint other = 0; other < KEY_LANES; ++other)
            sum += sums[other * HEAD + i];
        output[head + i] = sum / total;
    }
}
#endif

// Goes through all of a buffer, so that caches hold nothing else. It is not timed.
__kernel void sweep(__global float *buffer, uint vectors) {
    const uint item = (uint)get_global_id(0);
    if (item < vectors)
        STORE(LOAD(item, buffer) + 1.0f, item, buffer);
}
