// Dot products of vectors that are loaded once: of two or three arrays of float4, as many pairs a
// work-item as PAIRS says (1, 3, 7, 11 or 17), sixteen multiplications each, into a fourth array.
// A trip goes as many rows further as there are work-items along y; the number of rows is a power of
// two, and `mask` one less.

#if PAIRS == 1
#define THIRD(load) (float4)(0.0f)
#else
#define THIRD(load) load
#endif

// The dot products of a with b and with b in the three orders that swap its elements in pairs.
float4 pair(float4 a, float4 b) {
    return (float4)(dot(a, b), dot(a, b.yxwz), dot(a, b.zwxy), dot(a, b.wzyx));
}

float4 combined(float4 x, float4 y, float4 z) {
    const float4 xy = pair(x, y);
#if PAIRS == 1
    return xy;
#else
    const float4 yz = pair(y, z);
    const float4 zx = pair(z, x);
    float4 sum = xy + yz + zx;
#if PAIRS >= 7
    const float4 xyz = pair(xy, z);
    sum += pair(x, x) + pair(y, y) + pair(z, z) + xyz;
#endif
#if PAIRS >= 11
    const float4 yzx = pair(yz, x);
    const float4 zxy = pair(zx, y);
    const float4 xyzx = pair(xyz, x);
    const float4 yzxy = pair(yzx, y);
    sum += yzx + zxy + xyzx + yzxy;
#endif
#if PAIRS >= 17
    const float4 zxyz = pair(zxy, z);
    const float4 xyzxy = pair(xyzx, y);
    const float4 yzxyz = pair(yzxy, z);
    const float4 zxyzx = pair(zxyz, x);
    const float4 xyzxyz = pair(xyzxy, z);
    const float4 yzxyzx = pair(yzxyz, x);
    sum += zxyz + xyzxy + yzxyz + zxyzx + xyzxyz + yzxyzx;
#endif
    return sum;
#endif
}

kernel void dot_buffers(global const float4 *restrict xs, global const float4 *restrict ys,
                        global const float4 *restrict zs, global float4 *restrict out,
                        uint first_row, uint mask, uint trips) {
    const uint width = (uint)get_global_size(0);
    const uint rows = (uint)get_global_size(1);
    const uint column = (uint)get_global_id(0);
    uint row = (first_row + (uint)get_global_id(1)) & mask;
#pragma unroll 1
    for (uint trip = 0; trip < trips; ++trip) {
        const uint element = row * width + column;
        out[element] = combined(xs[element], ys[element], THIRD(zs[element]));
        row = (row + rows) & mask;
    }
}

#ifdef __IMAGE_SUPPORT__
constant sampler_t texels =
    CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_NONE | CLK_FILTER_NEAREST;

kernel void dot_images(read_only image2d_t xs, read_only image2d_t ys, read_only image2d_t zs,
                       write_only image2d_t out, uint first_row, uint mask, uint trips) {
    const uint rows = (uint)get_global_size(1);
    const int column = (int)get_global_id(0);
    uint row = (first_row + (uint)get_global_id(1)) & mask;
#pragma unroll 1
    for (uint trip = 0; trip < trips; ++trip) {
        const int2 at = (int2)(column, (int)row);
        write_imagef(out, at,
                     combined(read_imagef(xs, texels, at), read_imagef(ys, texels, at),
                              THIRD(read_imagef(zs, texels, at))));
        row = (row + rows) & mask;
    }
}
#endif

#if PAIRS == 1 // in one of the programs only, as compilers take their time
// Between 1/4 and 3/4, in steps of 2^-24: all 23 bits of a float are random. The same on the host.
float4 value(uint element, uint key) {
    uint4 bits = (element * 4u + (uint4)(0, 1, 2, 3)) * 0x9e3779b1u ^ key;
    bits = (bits ^ bits >> 16) * 0x7feb352du;
    bits = (bits ^ bits >> 15) * 0x846ca68bu;
    bits ^= bits >> 16;
    return convert_float4(bits >> 9) * 0x1p-24f + 0.25f;
}

kernel void fill_buffer(global float4 *array, uint key) {
    const uint element = (uint)get_global_id(0);
    array[element] = value(element, key);
}

#ifdef __IMAGE_SUPPORT__
kernel void fill_image(write_only image2d_t image, uint key) {
    const int2 at = (int2)((int)get_global_id(0), (int)get_global_id(1));
    write_imagef(image, at, value((uint)at.y * (uint)get_global_size(0) + (uint)at.x, key));
}

kernel void read_texel(read_only image2d_t image, int2 at, global float4 *out) {
    *out = read_imagef(image, texels, at);
}

kernel void poison_image(write_only image2d_t image) {
    write_imagef(image, (int2)((int)get_global_id(0), (int)get_global_id(1)), (float4)(-1.0f));
}
#endif
#endif
