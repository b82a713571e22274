// A chain of STEPS steps (1, 16, 64 or 256), which is what there is to compile: written out one after
// the other, or as a loop of so many turns, which is to be unrolled, or not. With a NONCE of its own it is
// a program that no driver has built before.
#ifndef STEPS
#define STEPS 1
#endif
#ifndef NONCE
#define NONCE 1u
#endif

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define STEP x = x * multiplier + increment;
#define FOUR(steps) steps steps steps steps
#define CHAIN_1 STEP
#define CHAIN_16 FOUR(FOUR(STEP))
#define CHAIN_64 FOUR(CHAIN_16)
#define CHAIN_256 FOUR(CHAIN_64)

kernel void chain(global uint *out, uint multiplier, uint increment) {
    uint x = (uint)get_global_id(0) ^ NONCE;
#if defined(UNROLLED)
#pragma unroll
    for (uint i = 0; i < STEPS; ++i) {
        STEP
    }
#elif defined(LOOP)
#pragma unroll 1
    for (uint i = 0; i < STEPS; ++i) {
        STEP
    }
#else
    PASTE(CHAIN_, STEPS)
#endif
    out[get_global_id(0)] = x;
}
