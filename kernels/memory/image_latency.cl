// Chases through images, each texel of which holds the coordinates of the next.

#include "common/ring_order.clh"

constant sampler_t texels =
    CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST;

// Where the blocks of a ring are in an image: rectangles of texels. All numbers are logarithms.
typedef struct {
    uint width; // of a block, in texels
    uint height;
    uint row; // blocks beside each other
} Layout;

int2 texel_at(uint block, Layout layout) {
    return (int2)((block & ((1 << layout.row) - 1)) << layout.width,
                  block >> layout.row << layout.height);
}

// Makes the first texel of each block that a ring visits from `first` to before `end` hold the
// coordinates of the next.
kernel void link_ring(write_only image2d_t image, Ring ring, Layout layout, uint first, uint end) {
    for (uint i = first + (uint)get_global_id(0); i < end; i += (uint)get_global_size(0)) {
        const int2 next = texel_at(ring_block(i + 1 < ring.blocks ? i + 1 : 0, ring), layout);
        write_imageui(image, texel_at(ring_block(i, ring), layout), (uint4)(as_uint2(next), 0, 0));
    }
}

// Makes a ring of pairs of texels, which may be twice the same one. Both hold the coordinates of
// the second, and those of the next pair's first.
kernel void link_pairs(write_only image2d_t image, global const int4 *pairs, uint count) {
    for (uint i = (uint)get_global_id(0); i < count; i += (uint)get_global_size(0)) {
        const int4 pair = pairs[i];
        const int4 next = pairs[i + 1 < count ? i + 1 : 0];
        const uint4 texel = as_uint4((int4)(pair.s23, next.s01));
        write_imageui(image, pair.s01, texel);
        write_imageui(image, pair.s23, texel);
    }
}

#define HOP at = as_int2(read_imageui(image, texels, at).s01)

// First each group reads `warm` blocks of the ring from the from-th on, in its order, so that the
// caches of the unit it runs on keep of them what they can; `sums` is for the host to check. Then
// its first work-item follows the ring from there for 16 hops a trip. The start is read for each
// group: a compiler that knew it to be the same for all could take another path.
kernel void follow_ring(read_only image2d_t image, Ring ring, Layout layout, uint from, uint warm,
                        global uint *sums, global const int2 *start, global int2 *last,
                        uint trips) {
    uint sum = 0;
    for (uint i = (uint)get_local_id(0); i < warm; i += (uint)get_local_size(0)) {
        const uint block = ring_block((from + i) % ring.blocks, ring);
        const uint4 next = read_imageui(image, texels, texel_at(block, layout));
        sum += next.s0 + next.s1;
    }
    sums[get_global_id(0)] = sum;
    barrier(CLK_GLOBAL_MEM_FENCE);
    if (get_local_id(0) > 0)
        return;
    int2 at = start[get_local_id(0)];
    for (uint trip = 0; trip < trips; ++trip) {
        HOP; HOP; HOP; HOP;
        HOP; HOP; HOP; HOP;
        HOP; HOP; HOP; HOP;
        HOP; HOP; HOP; HOP;
    }
    last[get_group_id(0)] = at;
}

#define PAIR                                                                                       \
    at = as_int2(read_imageui(image, texels, at).s01);                                             \
    at = as_int2(read_imageui(image, texels, at).s23)

// Follows a ring of pairs for eight of them a trip.
kernel void follow_pairs(read_only image2d_t image, global const int2 *start, global int2 *last,
                         uint trips) {
    int2 at = start[get_global_id(0)];
    for (uint trip = 0; trip < trips; ++trip) {
        PAIR; PAIR; PAIR; PAIR;
        PAIR; PAIR; PAIR; PAIR;
    }
    last[get_global_id(0)] = at;
}
