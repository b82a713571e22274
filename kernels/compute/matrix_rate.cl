// Products of small matrices by instructions of the matrix units that OpenCL C has no function for:
// inline PTX (mma of the PTX ISA, by the 32 work-items of a warp together). What the macros say:
//   FP16_FP32, BF16_FP32, ...  the instruction: what is multiplied, and what it is added up in
//   ROWS, COLUMNS              a warp's accumulators: each row's left operand with each column's
//                              right one, one instruction each
//   STEPS                      how often a trip does that
//   FROM_LOCAL                 operands come from local memory for each step, in turn from as many
//                              slices of them as there are steps; else they stay in registers
// All operands and what the sums start from come from the host, in the order in which the
// instruction has them in registers. Each work-item leaves one word made of the bits of its sums.
#if defined(FP16_FP32)
#define NAME "m16n8k16.row.col.f32.f16.f16.f32"
#elif defined(BF16_FP32)
#define NAME "m16n8k16.row.col.f32.bf16.bf16.f32"
#elif defined(TF32_FP32)
#define NAME "m16n8k8.row.col.f32.tf32.tf32.f32"
#elif defined(E4M3_FP32)
#define NAME "m16n8k32.row.col.f32.e4m3.e4m3.f32"
#elif defined(INT8_INT32)
#define NAME "m16n8k32.row.col.s32.s8.s8.s32"
#elif defined(FP16_FP16)
#define NAME "m16n8k16.row.col.f16.f16.f16.f16"
#elif defined(FP64_FP64_K4)
#define NAME "m8n8k4.row.col.f64.f64.f64.f64"
#elif defined(FP64_FP64_K16)
#define NAME "m16n8k16.row.col.f64.f64.f64.f64"
#endif

#if defined(FP64_FP64_K4) || defined(FP64_FP64_K16)
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define SUM double
#define BITS(x) ((uint)(as_ulong(x) ^ (as_ulong(x) >> 32)))
#define NEGATE(a, bits) // such sums stay exact without
#else
#define BITS(x) as_uint(x)
#define NEGATE(a, bits) a ^= bits;
#endif

// A left fragment, a right one, and the sums of a work-item.
#if defined(FP64_FP64_K4)
#define LEFT double
#define RIGHT double
#define SUMS 2
#define MULTIPLY(d, a, b)                                                                          \
    asm volatile("mma.sync.aligned." NAME " {%0, %1}, {%2}, {%3}, {%0, %1};"                       \
                 : "+d"(d[0]), "+d"(d[1])                                                          \
                 : "d"(a), "d"(b))
#elif defined(FP64_FP64_K16)
#define LEFT double8
#define RIGHT double4
#define SUMS 4
#define MULTIPLY(d, a, b)                                                                          \
    asm volatile("mma.sync.aligned." NAME " {%0, %1, %2, %3}, "                                    \
                 "{%4, %5, %6, %7, %8, %9, %10, %11}, {%12, %13, %14, %15}, {%0, %1, %2, %3};"     \
                 : "+d"(d[0]), "+d"(d[1]), "+d"(d[2]), "+d"(d[3])                                  \
                 : "d"(a.s0), "d"(a.s1), "d"(a.s2), "d"(a.s3), "d"(a.s4), "d"(a.s5), "d"(a.s6),    \
                   "d"(a.s7), "d"(b.s0), "d"(b.s1), "d"(b.s2), "d"(b.s3))
#elif defined(FP16_FP16)
#define SUM uint // two halves
#define LEFT uint4
#define RIGHT uint2
#define SUMS 2
#define MULTIPLY(d, a, b)                                                                          \
    asm volatile("mma.sync.aligned." NAME " {%0, %1}, {%2, %3, %4, %5}, {%6, %7}, {%0, %1};"       \
                 : "+r"(d[0]), "+r"(d[1])                                                          \
                 : "r"(a.s0), "r"(a.s1), "r"(a.s2), "r"(a.s3), "r"(b.s0), "r"(b.s1))
#else
#if defined(INT8_INT32)
#define SUM int
#define IN_OUT "+r"
#else
#define SUM float
#define IN_OUT "+f"
#endif
#define LEFT uint4
#define RIGHT uint2
#define SUMS 4
#define MULTIPLY(d, a, b)                                                                          \
    asm volatile("mma.sync.aligned." NAME " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "        \
                 "{%0, %1, %2, %3};"                                                               \
                 : IN_OUT(d[0]), IN_OUT(d[1]), IN_OUT(d[2]), IN_OUT(d[3])                          \
                 : "r"(a.s0), "r"(a.s1), "r"(a.s2), "r"(a.s3), "r"(b.s0), "r"(b.s1))
#endif

// Operands of this format in registers are new ones for each step: `zero` is 0, which no compiler
// knows. Assemblers for chips that lack the instruction (of targets 90, 100, 103 and 110) make it of
// products of halves and additions, and would make the product once, and only add it from then on.
// Of the other formats they leave every instruction in the loop that stands there, on all targets
// from 80 to 120: counted in their code. Those do without, as each addition has to wait for the
// instructions that still read its operand.
#if defined(E4M3_FP32)
#define RENEW(b) b += zero;
#else
#define RENEW(b)
#endif

// Arrays indexed by what is known after unrolling are registers.
#define EACH(i, count) _Pragma("unroll") for (uint i = 0; i < count; ++i)

#define WARP 32u

// After every `turn` trips the left operands change their sign (`sign` has the bits to change), so
// that sums come back before they outgrow what the type holds exactly.
kernel void multiply(global uint *words, global const LEFT *left, global const RIGHT *right,
                     global const SUM *start, uint turn, uint sign, uint zero, uint trips
#ifdef FROM_LOCAL
                     ,
                     local LEFT *left_here, local RIGHT *right_here
#endif
) {
    const uint id = (uint)get_global_id(0);
    const uint lane = (uint)get_local_id(0) % WARP;
    LEFT a[ROWS];
    RIGHT b[COLUMNS];
    SUM d[ROWS][COLUMNS][SUMS];
#ifdef FROM_LOCAL
    const uint size = (uint)get_local_size(0);
    for (uint i = (uint)get_local_id(0); i < STEPS * ROWS * WARP; i += size)
        left_here[i] = left[i];
    for (uint i = (uint)get_local_id(0); i < STEPS * COLUMNS * WARP; i += size)
        right_here[i] = right[i];
    barrier(CLK_LOCAL_MEM_FENCE);
    uint changed = 0;
#else
    EACH(i, ROWS) a[i] = left[i * WARP + lane];
    EACH(j, COLUMNS) b[j] = right[j * WARP + lane];
#endif
    EACH(i, ROWS) EACH(j, COLUMNS) EACH(k, SUMS)
        d[i][j][k] = start[((i * COLUMNS + j) * WARP + lane) * SUMS + k];

    uint until = turn;
#pragma unroll 1
    for (uint trip = 0; trip < trips; ++trip) {
        EACH(step, STEPS) {
#ifdef FROM_LOCAL
            // From the slice that the trip says, or each would be read once for all trips.
            const uint slice = (trip + step) % STEPS;
            EACH(i, ROWS) a[i] = left_here[(slice * ROWS + i) * WARP + lane];
            EACH(j, COLUMNS) b[j] = right_here[(slice * COLUMNS + j) * WARP + lane];
            EACH(i, ROWS) { NEGATE(a[i], changed) }
#else
            EACH(j, COLUMNS) { RENEW(b[j]) }
#endif
            EACH(i, ROWS) EACH(j, COLUMNS) MULTIPLY(d[i][j], a[i], b[j]);
        }
        if (--until == 0u) {
            until = turn;
#ifdef FROM_LOCAL
            changed ^= sign;
#else
            EACH(i, ROWS) { NEGATE(a[i], sign) }
#endif
        }
    }

    uint word = id;
    EACH(i, ROWS) EACH(j, COLUMNS) EACH(k, SUMS) word = word * 31u + BITS(d[i][j][k]);
    words[id] = word;
}
