// The end of a network of convolutions: the average over the image, and a dense layer behind it.
// Several work-items add up each result. The macros are
//   LANES    work-items of a result, a power of two
//   RESULTS  of a work-group
//   WIDTH    elements of the dense layer's vectors: 4, 8 or 16
#include "common/multiply_add.clh"
#define ITEMS (LANES * RESULTS)
#define JOIN_NAMES(a, b) a##b
#define JOIN(a, b) JOIN_NAMES(a, b)
#define VECTOR JOIN(float, WIDTH)
#define LOAD(index, from) JOIN(vload, WIDTH)(index, from)

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

// The mean of each channel's plane. The input lies as workloads/convolution writes it, in blocks of
// channels with a halo; what comes out is one channel after the other.
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
    float sum = 0.0f;
    for (uint pixel = lane; pixel < height * width; pixel += LANES) {
        const uint place = (pixel / width + halo) * pitch + pixel % width + halo;
        sum += input[(from / block * plane + place) * block + from % block];
    }
    sum = sum_of_lanes(sum, sums, lane, item % RESULTS, RESULTS);
    if (lane == 0 && channel < channels)
        output[channel] = sum / (float)(height * width);
}

// Each output is the product of a row of weights with the input, and a bias. Rows and input are so
// many vectors, filled up with zeros.
__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) void
dense(__global const float *restrict input, __global const float *restrict weights,
      __global const float *restrict biases, __global float *restrict output, uint vectors,
      uint outputs) {
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
        output[number] = sum + biases[number];
}
