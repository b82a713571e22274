// Reads of texels in patterns that the host lays out, their sums, and kernels that paint images.

constant sampler_t nearest =
    CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST;
constant sampler_t linear =
    CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_LINEAR;

// Which tiles of an image the groups go through: group g begins with tile first + g * apart, modulo
// `tiles`, and goes one further at each trip. Tiles are numbered along x, then y. A work-item reads 16
// texels of a tile: its place, with each combination of `xs` and `ys` exclusive-ored.
typedef struct {
    uint first;
    uint apart;
    uint tiles;
    uint columns_log2; // tiles in a row
    uint width_log2;   // of a tile, in texels
    uint height_log2;
    uint xs[4];
    uint ys[4];
} Walk;

// What an image holds: 32 random bits for each texel.
uint painted(uint x, uint y, uint key) {
    uint bits = (x * 0x9e3779b1u ^ key) + y * 0x85ebca6bu;
    bits = (bits ^ bits >> 16) * 0x7feb352du;
    bits = (bits ^ bits >> 15) * 0x846ca68bu;
    return bits ^ bits >> 16;
}

// A byte a channel, in units of `unit`.
kernel void paint_values(write_only image2d_t image, uint key, float unit) {
    const int width = get_image_width(image);
    const int height = get_image_height(image);
    for (int y = (int)get_group_id(0); y < height; y += (int)get_num_groups(0))
        for (int x = (int)get_local_id(0); x < width; x += (int)get_local_size(0)) {
            const uint bits = painted(x, y, key);
            const uint4 bytes = (uint4)(bits, bits >> 8, bits >> 16, bits >> 24) & 255;
            write_imagef(image, (int2)(x, y), convert_float4(bytes) * unit);
        }
}

// A word a channel.
kernel void paint_words(write_only image2d_t image, uint key) {
    const int width = get_image_width(image);
    const int height = get_image_height(image);
    for (int y = (int)get_group_id(0); y < height; y += (int)get_num_groups(0))
        for (int x = (int)get_local_id(0); x < width; x += (int)get_local_size(0))
            write_imageui(image, (int2)(x, y),
                          painted(x, y, key) * (uint4)(1, 0x9e3779b1u, 0x85ebca77u, 0xc2b2ae3du));
}

#define ROW(y)                                                                                     \
    sum += READ(x0, y);                                                                            \
    sum += READ(x1, y);                                                                            \
    sum += READ(x2, y);                                                                            \
    sum += READ(x3, y)

// Sums the texels of each trip, whole numbers of `scale`-ths, and adds up these. Coordinates are
// numbers of type `number`, counted from `origin`.
#define READER(name, type, number, origin, whole)                                                  \
    kernel void name(read_only image2d_t image, Walk walk, global const uint2 *places,             \
                     float scale, global uint *sums, uint trips) {                                 \
        const uint2 place = places[get_local_id(0)];                                               \
        uint tile = (walk.first + (uint)get_group_id(0) * walk.apart) % walk.tiles;                \
        uint total = 0;                                                                            \
        for (uint trip = 0; trip < trips; ++trip) {                                                \
            const uint column = tile & ((1u << walk.columns_log2) - 1);                            \
            const uint x = (column << walk.width_log2) + place.x;                                  \
            const uint y = ((tile >> walk.columns_log2) << walk.height_log2) + place.y;            \
            const number x0 = (number)(x ^ walk.xs[0]) + origin;                                   \
            const number x1 = (number)(x ^ walk.xs[1]) + origin;                                   \
            const number x2 = (number)(x ^ walk.xs[2]) + origin;                                   \
            const number x3 = (number)(x ^ walk.xs[3]) + origin;                                   \
            type sum = 0;                                                                          \
            ROW((number)(y ^ walk.ys[0]) + origin);                                                \
            ROW((number)(y ^ walk.ys[1]) + origin);                                                \
            ROW((number)(y ^ walk.ys[2]) + origin);                                                \
            ROW((number)(y ^ walk.ys[3]) + origin);                                                \
            total += whole;                                                                        \
            tile = tile + 1 < walk.tiles ? tile + 1 : 0;                                           \
        }                                                                                          \
        sums[get_global_id(0)] = total;                                                            \
    }

// A compiler may leave out the channels that are not used: formats with fewer have readers of their
// own.
#define READ(x, y) read_imagef(image, nearest, (int2)(x, y)).s0
READER(nearest1, float, int, 0, convert_uint_rte(sum *scale))
#undef READ
#define READ(x, y) read_imagef(image, nearest, (int2)(x, y)).s01
READER(nearest2, float2, int, 0, convert_uint_rte((sum.s0 + sum.s1) * scale))
#undef READ
#define READ(x, y) read_imagef(image, nearest, (int2)(x, y))
READER(nearest4, float4, int, 0, convert_uint_rte((sum.s0 + sum.s1 + sum.s2 + sum.s3) * scale))
#undef READ

// In the corner between four texels, where each counts a quarter.
#define READ(x, y) read_imagef(image, linear, (float2)(x, y)).s0
READER(linear1, float, float, 1, convert_uint_rte(sum *scale))
#undef READ
#define READ(x, y) read_imagef(image, linear, (float2)(x, y)).s01
READER(linear2, float2, float, 1, convert_uint_rte((sum.s0 + sum.s1) * scale))
#undef READ
#define READ(x, y) read_imagef(image, linear, (float2)(x, y))
READER(linear4, float4, float, 1, convert_uint_rte((sum.s0 + sum.s1 + sum.s2 + sum.s3) * scale))
#undef READ

// All 32 bits of every channel, so that nothing can be compressed.
#define READ(x, y) read_imageui(image, nearest, (int2)(x, y))
READER(words4, uint4, int, 0, sum.s0 + sum.s1 + sum.s2 + sum.s3)
