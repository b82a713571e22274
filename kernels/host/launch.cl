// A kernel that does next to nothing, and whose every launch is seen: each raises a count, by one
// work-item. With a FACTOR of its own it is a program that no driver has built before.
#ifndef FACTOR
#define FACTOR 1u
#endif

kernel void count_launch(global uint *count, uint step) {
    count[0] = count[0] + step * FACTOR;
}

// A launch as long as its steps are many, of which each work-item goes on where the one before came
// to: many launches of few steps end where one of all steps does, so that none can be left out. The
// multiplier and the increment come at run time, so that no compiler composes several steps into one.
kernel void advance(global uint *state, uint multiplier, uint increment, uint trips) {
    const uint item = (uint)get_global_id(0);
    uint x = state[item];
    for (uint i = 0; i < trips; ++i)
        x = x * multiplier + increment;
    state[item] = x;
}
