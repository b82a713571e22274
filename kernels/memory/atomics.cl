// Atomic operations on 32-bit words, in local or global memory. What the macros say:
//   nothing                the operations that OpenCL C 1.2 has
//   FLOAT_ADD, FLOAT_MIN   that one of cl_ext_float_atomics alone, where the compiler has it;
//                          additions also where the compiler has none but takes PTX
// An operation's code is even where its result is dropped, and one more where it is used.
//
// All words that an operation meets are counted up or down by `by` from `start`, as bits: floats
// between 2^23 and 2^24, whose bits count like integers, stand for the reals.
#if defined(FLOAT_ADD)
#if defined(__opencl_c_ext_fp32_global_atomic_add)
#define HAS_GLOBAL
#endif
#if defined(__opencl_c_ext_fp32_local_atomic_add)
#define HAS_LOCAL
#endif
#if !defined(cl_ext_float_atomics) && defined(__NV_CL_C_VERSION)
#define HAS_GLOBAL
#define HAS_LOCAL
#define AS_PTX
#endif
#elif defined(FLOAT_MIN)
#if defined(__opencl_c_ext_fp32_global_atomic_min_max)
#define HAS_GLOBAL
#endif
#if defined(__opencl_c_ext_fp32_local_atomic_min_max)
#define HAS_LOCAL
#endif
#else
#define HAS_GLOBAL
#define HAS_LOCAL
#endif

#define FLOATS(SPACE, p) ((volatile SPACE float *)(p))
#define XCHG_FLOAT(SPACE, p) atomic_xchg(FLOATS(SPACE, p), as_float(word))
#define REAL(SPACE, p) ((volatile SPACE atomic_float *)(p))
#define SCOPE_global memory_scope_device
#define SCOPE_local memory_scope_work_group
#ifdef AS_PTX
float add_one_global(volatile global uint *p) {
    float was;
    asm volatile("atom.global.add.f32 %0, [%1], 0f3F800000;" : "=f"(was) : "l"(p) : "memory");
    return was;
}
float add_one_local(volatile local uint *p) {
    float was;
    asm volatile("atom.shared.add.f32 %0, [%1], 0f3F800000;"
                 : "=f"(was)
                 : "r"((uint)p)
                 : "memory");
    return was;
}
#define ADD_REAL(SPACE, p) add_one_##SPACE(p)
#else
#define ADD_REAL(SPACE, p)                                                                         \
    atomic_fetch_add_explicit(REAL(SPACE, p), 1.0f, memory_order_relaxed, SCOPE_##SPACE)
#endif
#define MIN_REAL(SPACE, p)                                                                         \
    atomic_fetch_min_explicit(REAL(SPACE, p), as_float(word), memory_order_relaxed, SCOPE_##SPACE)

#define FOUR_A_TRIP(step)                                                                          \
    for (uint trip = 0; trip < trips; ++trip) {                                                    \
        { step } { step } { step } { step }                                                        \
    }                                                                                              \
    break;

// The cases of a switch over the operation: as many of them as there is time for, at `p`.
#if defined(FLOAT_ADD)
#define MANY(SPACE)                                                                                \
    case 10: FOUR_A_TRIP(ADD_REAL(SPACE, p);)                                                      \
    case 11: FOUR_A_TRIP(seen += as_uint(ADD_REAL(SPACE, p));)
#elif defined(FLOAT_MIN)
#define MANY(SPACE)                                                                                \
    case 12: FOUR_A_TRIP(word -= by; MIN_REAL(SPACE, p);)                                          \
    case 13: FOUR_A_TRIP(word -= by; seen += as_uint(MIN_REAL(SPACE, p));)
#else
#define MANY(SPACE)                                                                                \
    case 0: FOUR_A_TRIP(atomic_add(p, by);)                                                        \
    case 1: FOUR_A_TRIP(seen += atomic_add(p, by);)                                                \
    case 2: FOUR_A_TRIP(word -= by; atomic_min(p, word);)                                          \
    case 3: FOUR_A_TRIP(word -= by; seen += atomic_min(p, word);)                                  \
    case 4: FOUR_A_TRIP(word += by; atomic_xchg(p, word);)                                         \
    case 5: FOUR_A_TRIP(word += by; seen += atomic_xchg(p, word);)                                 \
    case 6: FOUR_A_TRIP(atomic_cmpxchg(p, word, word + by); word += by;)                           \
    case 7: FOUR_A_TRIP(const uint was = atomic_cmpxchg(p, word, word + by);                       \
                        const bool done = was == word; seen += done;                               \
                        word = done ? word + by : was;)                                            \
    case 8: FOUR_A_TRIP(word += by; XCHG_FLOAT(SPACE, p);)                                         \
    case 9: FOUR_A_TRIP(word += by; seen += as_uint(XCHG_FLOAT(SPACE, p));)
#endif

// The same one after the other: the place of each hangs on the result of the one before (`zero` is
// 0, which no compiler knows). Added in bytes, as scaling costs some processors more than the rest.
#define AFTER(SPACE) ((volatile SPACE uint *)(bytes + (seen & zero)))
#if defined(FLOAT_ADD)
#define CHAIN(SPACE)                                                                               \
    case 10: FOUR_A_TRIP(seen = as_uint(ADD_REAL(SPACE, AFTER(SPACE)));)
#elif defined(FLOAT_MIN)
#define CHAIN(SPACE)                                                                               \
    case 12: FOUR_A_TRIP(word -= by; seen = as_uint(MIN_REAL(SPACE, AFTER(SPACE)));)
#else
#define CHAIN(SPACE)                                                                               \
    case 0: FOUR_A_TRIP(seen = atomic_add(AFTER(SPACE), by);)                                      \
    case 2: FOUR_A_TRIP(word -= by; seen = atomic_min(AFTER(SPACE), word);)                        \
    case 4: FOUR_A_TRIP(word += by; seen = atomic_xchg(AFTER(SPACE), word);)                       \
    case 6: FOUR_A_TRIP(seen = atomic_cmpxchg(AFTER(SPACE), word, word + by); word += by;)         \
    case 8: FOUR_A_TRIP(word += by; seen = as_uint(XCHG_FLOAT(SPACE, AFTER(SPACE)));)
#endif

// Every work-item on the word of its own number (`mask` all ones) or all on the first (`mask` 0).
// `apart` tells the words of one work-item from those of the next. Leaves the sum of the results,
// of compare-exchanges the number of those that exchanged.
#ifdef HAS_GLOBAL
kernel void many_global(volatile global uint *memory, global uint *seen_by, uint op, uint start,
                        uint by, uint apart, uint mask, uint trips) {
    const uint id = (uint)get_global_id(0);
    volatile global uint *p = memory + (id & mask);
    uint word = start + id * apart;
    uint seen = 0;
    switch (op) {
        MANY(global)
    }
    seen_by[id] = seen;
}

// One work-item at one place; leaves its last result.
kernel void chain_global(volatile global uint *memory, global uint *seen_by, uint op, uint start,
                         uint by, uint zero, uint place, uint trips) {
    volatile global uchar *bytes = (volatile global uchar *)(memory + place);
    uint word = start;
    uint seen = 0;
    switch (op) {
        CHAIN(global)
    }
    seen_by[get_global_id(0)] = seen;
}
#endif

// The same in local memory, each group in its own; what it holds in the end goes to `memory`.
#ifdef HAS_LOCAL
kernel void many_local(global uint *memory, global uint *seen_by, uint op, uint start, uint by,
                       uint apart, uint mask, uint trips, volatile local uint *shared) {
    const uint id = (uint)get_global_id(0);
    const uint lane = (uint)get_local_id(0);
    shared[lane] = start;
    barrier(CLK_LOCAL_MEM_FENCE);
    volatile local uint *p = shared + (lane & mask);
    uint word = start + id * apart;
    uint seen = 0;
    switch (op) {
        MANY(local)
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    memory[id] = shared[lane];
    seen_by[id] = seen;
}

kernel void chain_local(global uint *memory, global uint *seen_by, uint op, uint start, uint by,
                        uint zero, uint place, uint trips, volatile local uint *shared) {
    volatile local uchar *bytes = (volatile local uchar *)(shared + place);
    shared[place] = start;
    uint word = start;
    uint seen = 0;
    switch (op) {
        CHAIN(local)
    }
    memory[place] = shared[place];
    seen_by[get_global_id(0)] = seen;
}
#endif
