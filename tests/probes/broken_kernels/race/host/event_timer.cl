// As the probe's own, but all work-items change one word without an atomic.
kernel void spin(global uint *out, uint multiplier, uint increment, uint trips) {
    uint x = (uint)get_global_id(0);
    for (uint i = 0; i < trips; ++i)
        x = x * multiplier + increment;
    out[0] += x;
}
