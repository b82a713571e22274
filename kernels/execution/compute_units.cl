// Work-groups that leave no issue slot of their compute unit free: eight independent chains of
// integers a work-item. A step of a chain is x = (x * a) ^ b: product and exclusive or do not
// compose, so that no compiler makes one step of two. They are in two vectors, as Mesa's compiler for
// Midgard leaves out the second half of one of eight.
kernel void fill_unit(global uint *restrict out, uint trips, uint a, uint b) {
    const uint id = (uint)get_global_id(0);
    uint4 x = id * 8 + (uint4)(0, 1, 2, 3);
    uint4 y = x + 4u;
    for (uint trip = 0; trip < trips; ++trip) {
        x *= a;
        y *= a;
        x ^= b;
        y ^= b;
    }
    const uint4 folded = x ^ y;
    out[id] = folded.x ^ folded.y ^ folded.z ^ folded.w;
}
