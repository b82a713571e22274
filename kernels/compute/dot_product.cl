// Dot products of vectors that are loaded once: of two or three arrays of float4, as many
// multiplications a work-item as MULTIPLICATIONS says (16, 48, 107, 169 or 261), into a fourth array.
// A trip goes as many rows further as there are work-items along y; the number of rows is a power of
// two, and `mask` one less.

// Pairs of vectors, sixteen products each. Of a vector with itself six products come twice: as many
// of these as are too many are taken once.
#define PAIRS ((MULTIPLICATIONS + 15) / 16)
#define ONCE (16 * PAIRS - MULTIPLICATIONS)

#if PAIRS == 1
#define THIRD(load) (float4)(0.0f)
#else
#define THIRD(load) load
#endif

// The dot products of a with b and with b in the three orders that swap its elements in pairs.
float4 pair(float4 a, float4 b) {
    return (float4)(dot(a, b), dot(a, b.yxwz), dot(a, b.zwxy), dot(a, b.wzyx));
}

// The dot product of (a, b) with (b, a), which is two products, each twice.
float swapped(float2 a, float2 b, int once) {
    if (once <= 0)
        return dot((float4)(a, b), (float4)(b, a));
    const float first = a.x * b.x;
    if (once == 1)
        return first + first + dot((float2)(a.y, b.y), (float2)(b.y, a.y));
    const float second = a.y * b.y;
    return first + first + (second + second);
}

// pair(a, a)
float4 square(float4 a, int once) {
    return (float4)(dot(a, a), swapped(a.xz, a.yw, once), swapped(a.xy, a.zw, once - 2),
                    swapped(a.xy, a.wz, once - 4));
}

// The sum of so many results: the first is pair(a, b), the next pairs it with c, the next that with
// a, and so on.
float4 chain(float4 a, float4 b, float4 c, int links) {
    float4 last = pair(a, b);
    float4 sum = last;
    if (links > 1)
        sum += last = pair(last, c);
    if (links > 2)
        sum += last = pair(last, a);
    if (links > 3)
        sum += last = pair(last, b);
    if (links > 4)
        sum += pair(last, c);
    return sum;
}

// One chain after the other, so that few values are alive at a time.
float4 combined(float4 x, float4 y, float4 z) {
    if (PAIRS == 1)
        return pair(x, y);
    const int links = PAIRS == 3 ? 3 : PAIRS - 3;
    float4 sum = chain(x, y, z, (links + 2) / 3);
    sum += chain(y, z, x, (links + 1) / 3);
    sum += chain(z, x, y, links / 3);
    if (PAIRS > 3) {
        sum += square(x, ONCE);
        sum += square(y, ONCE - 6);
        sum += square(z, ONCE - 12);
    }
    return sum;
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
