// As the probe's own, but writing behind the buffer.
kernel void spin(global uint *out, uint multiplier, uint increment, uint trips) {
    uint x = (uint)get_global_id(0);
    for (uint i = 0; i < trips; ++i)
        x = x * multiplier + increment;
    out[get_global_id(0) + 1000000] = x;
}
