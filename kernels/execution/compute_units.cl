// Work-groups that leave no issue slot of their compute unit free: eight independent chains of
// integers a work-item. A step of a chain is x = (x * a) ^ b: product and exclusive or do not
// compose, so that no compiler makes one step of two.
kernel void fill_unit(global uint *restrict out, uint trips, uint a, uint b) {
    const uint id = (uint)get_global_id(0);
    uint8 x = (uint8)(id * 8) + (uint8)(0, 1, 2, 3, 4, 5, 6, 7);
    for (uint trip = 0; trip < trips; ++trip) {
        x *= a;
        x ^= b;
    }
    const uint4 folded = x.lo ^ x.hi;
    out[id] = folded.x ^ folded.y ^ folded.z ^ folded.w;
}
