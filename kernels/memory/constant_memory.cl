// Chases through constant memory.
#define RING_IN_CONSTANT_MEMORY
#include "common/ring.clh"

// All work-items of a group follow the ring, each from a place of its own.
kernel void follow_together(constant uchar *memory, global const uint *start, global uint *last,
                            uint trips) {
    uint at = start[get_global_id(0)];
    FOLLOW(trips)
    last[get_global_id(0)] = at;
}
