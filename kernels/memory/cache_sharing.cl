// One work-item goes round rings in an image and in a buffer, and between rounds reads other memory
// through either path.

constant sampler_t texels =
    CLK_NORMALIZED_COORDS_FALSE | CLK_ADDRESS_CLAMP_TO_EDGE | CLK_FILTER_NEAREST;

// What a round is made of: hops in each ring, and reads that evict, 64 bytes apart; the latter in
// multiples of eight.
typedef struct {
    uint image_hops;
    uint buffer_hops;
    uint image_reads;
    uint buffer_reads;
} Round;

#define AT(i) (int2)(((i) & 15) * 4 + ((i) >> 4 & 1) * 2 + x, (i) >> 4)
#define TEXEL(i) read_imageui(other_image, texels, AT(i)).s0
#define WORD(i) other_buffer[(i) * 16 + x]

// Images are 64 texels of 16 bytes wide. Every other row is read 32 bytes further on, so that lines
// of 32 bytes by two rows and more are all read. A texel of the ring holds the coordinates of the next; a
// word of the ring the index of the next.
kernel void rounds(read_only image2d_t ring_image, global const uint *ring_buffer,
                   read_only image2d_t other_image, global const uint *other_buffer, Round round,
                   global const uint *start, global uint *results, uint trips) {
    int2 texel = (int2)(start[0], start[1]);
    uint word = start[2];
    uint sum = start[3];
    for (uint trip = 0; trip < trips; ++trip) {
        for (uint hop = 0; hop < round.image_hops; ++hop)
            texel = as_int2(read_imageui(ring_image, texels, texel).s01);
        for (uint hop = 0; hop < round.buffer_hops; ++hop)
            word = ring_buffer[word];
        const uint x = trip & 1;
        for (uint i = 0; i < round.image_reads; i += 8) {
            sum += TEXEL(i) + TEXEL(i + 1) + TEXEL(i + 2) + TEXEL(i + 3);
            sum += TEXEL(i + 4) + TEXEL(i + 5) + TEXEL(i + 6) + TEXEL(i + 7);
        }
        for (uint i = 0; i < round.buffer_reads; i += 8) {
            sum += WORD(i) + WORD(i + 1) + WORD(i + 2) + WORD(i + 3);
            sum += WORD(i + 4) + WORD(i + 5) + WORD(i + 6) + WORD(i + 7);
        }
    }
    results[0] = texel.x;
    results[1] = texel.y;
    results[2] = word;
    results[3] = sum;
}
