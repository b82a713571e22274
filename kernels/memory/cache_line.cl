// Chains of loads through memory, and two work-groups that increment words near each other.
// Addresses are counted in words from the buffer's first multiple of 4 KiB, so that the host knows
// which of them share a line.

// In words from the buffer's beginning.
uint first_aligned(global uint *memory) {
    return ((4096u - (uint)(size_t)memory) & 4095u) / 4;
}

// Makes a ring of the words at `order`: each says where the next is, in bytes from the buffer's
// beginning, as scaling an index and adding twice at each hop cost some processors more than a load.
kernel void link_slots(global uint *memory, global const uint *order, uint slots) {
    const uint first = first_aligned(memory);
    for (uint i = (uint)get_global_id(0); i < slots; i += (uint)get_global_size(0))
        memory[first + order[i]] = (first + order[i + 1 < slots ? i + 1 : 0]) * 4;
}

// Writes every word, so that the caches hold nothing else.
kernel void evict(global uint *memory, uint words, uint value) {
    for (uint i = (uint)get_global_id(0); i < words; i += (uint)get_global_size(0))
        memory[i] = value + i;
}

#define HOP at = *(global const uint *)(bytes + at)

// Follows the ring for 16 hops a trip. Where it starts is read for each lane: a compiler that knew
// it to be the same for all could take the loads through another cache.
kernel void chase(global uint *memory, global const uint *start, global uint *last, uint trips) {
    global const uchar *bytes = (global const uchar *)memory;
    const uint first = first_aligned(memory);
    uint at = (first + start[get_global_id(0)]) * 4;
    for (uint trip = 0; trip < trips; ++trip) {
        HOP; HOP; HOP; HOP;
        HOP; HOP; HOP; HOP;
        HOP; HOP; HOP; HOP;
        HOP; HOP; HOP; HOP;
    }
    last[get_global_id(0)] = at / 4 - first;
}

// Each of two groups increments a word of its own, `distance` words apart, once it has seen that
// the other is there too or has polled long enough. Both counts go to `last`, and behind them
// whether the groups met.
kernel void contend(global uint *memory, uint offset, uint distance, uint polls,
                    volatile global uint *arrived, global uint *last, uint trips) {
    const uint group = (uint)get_group_id(0);
    volatile global uint *word = memory + (first_aligned(memory) + offset + group * distance);
    atomic_xchg(word, group);
    atomic_inc(arrived);
    uint poll = 0;
    while (poll < polls && atomic_add(arrived, 0) < 2)
        ++poll;
    for (uint trip = 0; trip < trips; ++trip) {
        atomic_inc(word);
        atomic_inc(word);
        atomic_inc(word);
        atomic_inc(word);
    }
    last[group] = atomic_add(word, 0);
    last[2 + group] = poll < polls;
}
