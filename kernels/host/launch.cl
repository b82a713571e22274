// A kernel that does next to nothing, and whose every launch is seen: each raises a count, by one
// work-item. With a FACTOR of its own it is a program that no driver has built before.
#ifndef FACTOR
#define FACTOR 1u
#endif

kernel void count_launch(global uint *count, uint step) {
    count[0] = count[0] + step * FACTOR;
}
