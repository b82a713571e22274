// A dependent chain of known length: work whose duration the trip count sets, for holding the time
// stamps of the device against the host's clock. The multiplier and the increment come at run time,
// so that no compiler composes several steps into one.
kernel void spin(global uint *out, uint multiplier, uint increment, uint trips) {
    uint x = (uint)get_global_id(0);
    for (uint i = 0; i < trips; ++i)
        x = x * multiplier + increment;
    out[get_global_id(0)] = x;
}
