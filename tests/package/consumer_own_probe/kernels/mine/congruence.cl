#include "common/step.clh"

// Steps of a linear congruential generator, whose result the host can compute.
__kernel void congruence(__global uint *values, uint trips) {
    uint value = get_global_id(0);
    for (uint i = 0; i < trips; ++i)
        value = step(value);
    values[get_global_id(0)] = value;
}
