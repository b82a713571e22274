// Chains of one operation each, in the shape that the macros say:
//   TYPE     int8, int16, int32, uint32, int64, fp16, fp32 or fp64
//   WIDTH    of the vectors: 1, 2, 4, 8 or 16
//   CHAINS   independent chains of a work-item: 1, 4 or 8
//   DOT      how dot products of four bytes are written: 1 by OpenCL C's functions, 2 by inline PTX
//   ONLY     LOOP_<operation>: a program of that loop alone, in a kernel called `chain`
// A trip takes each chain through some pairs of steps, of one operation or a few, as the operation's
// _first and _second say; what else a step needs is next to nothing beside it, or told with the
// result. No compiler knows the operands a, b, c and d. No chain of integers or of sums and products
// comes to rest, and what others come to rest at differs from trip to trip.
#define IS_int8 1
#define IS_int16 2
#define IS_int32 3
#define IS_uint32 4
#define IS_int64 5
#define IS_fp16 6
#define IS_fp32 7
#define IS_fp64 8
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#define IS PASTE(IS_, TYPE)

#if IS == 1
#define ELEMENT uchar
#define SIGNED_ELEMENT char
#define BITS 8
#elif IS == 2
#define ELEMENT ushort
#define SIGNED_ELEMENT short
#define BITS 16
#elif IS == 3
#define ELEMENT uint
#define SIGNED_ELEMENT int
#define BITS 32
#elif IS == 4
#define ELEMENT uint
#define SIGNED_ELEMENT uint
#define BITS 32
#elif IS == 5
#define ELEMENT ulong
#define SIGNED_ELEMENT long
#define BITS 64
#elif IS == 6
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#define ELEMENT half
#elif IS == 7
#define ELEMENT float
#else
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define ELEMENT double
#endif
#define WHOLE (IS <= 5)

#if WIDTH == 1
#define VECTOR(type) type
#define ELEMENTS 0u
#else
#define VECTOR(type) PASTE(type, WIDTH)
#if WIDTH == 2
#define ELEMENTS (uint2)(0, 1)
#elif WIDTH == 4
#define ELEMENTS (uint4)(0, 1, 2, 3)
#elif WIDTH == 8
#define ELEMENTS (uint8)(0, 1, 2, 3, 4, 5, 6, 7)
#else
#define ELEMENTS (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#endif
#endif
#define V VECTOR(ELEMENT)
#define CONVERT(type) PASTE(convert_, VECTOR(type))
#define AS(type) PASTE(as_, VECTOR(type))
// Of a scalar: narrow integers are computed as int, and cut here.
#define CUT(value) ((V)(value))

#if WHOLE
// From 3 to 65, odd: products of 1 come to rest. The same in the host's model.
#define SEED(h) CONVERT(ELEMENT)(2u * (h) + 3u)
#define MOVING(trip) ((V)((ELEMENT)((trip)&31u)))
#define SIGNED(x) AS(SIGNED_ELEMENT)(x)
#else
// Between 1 and 2, in steps that even half can hold; likewise.
#define SEED(h) (CONVERT(ELEMENT)(h) * (ELEMENT)0.03125f + (ELEMENT)1.0f)
#define SIGNED(x) (x)
#if IS == 6
#define MOVING(trip) ((V)(as_half((ushort)(0x3c00u | ((trip)&31u) << 5))))
#elif IS == 7
#define MOVING(trip) ((V)(as_float(0x3f800000u | ((trip)&31u) << 18)))
#else
#define MOVING(trip) ((V)(as_double((ulong)(0x3ff00000u | ((trip)&31u) << 15) << 32)))
#endif
#endif

VECTOR(uint) hash(VECTOR(uint) element, uint stream) {
    const VECTOR(uint) h = element * 2654435761u + stream * 2246822519u;
    return (h ^ (h >> 15)) & 31u;
}

#define EACH_1(S, op) S(0, op)
#define EACH_4(S, op) S(0, op) S(1, op) S(2, op) S(3, op)
#define EACH_8(S, op) EACH_4(S, op) S(4, op) S(5, op) S(6, op) S(7, op)
#define EACH(S, op) PASTE(EACH_, CHAINS)(S, op)

#define DECLARE(i, op)                                                                             \
    V x##i = CUT(SEED(hash(element, 2 * i)) + d);                                                  \
    V y##i = SEED(hash(element, 2 * i + 1));
// Of a pair, the steps that change x and y by turns; or a step that gives the next x, and its like.
#define FIRST(i, op) op##_first(x##i, y##i)
#define SECOND(i, op) op##_second(x##i, y##i)
#define NEXT(i, op) x##i = op##_next(x##i);
#define RESULT(i, op) out[i * size + item] = CUT(x##i + y##i + y##i);

#define PAIRS_1(first, second, op) EACH(first, op) EACH(second, op)
#define PAIRS_2(first, second, op) PAIRS_1(first, second, op) PAIRS_1(first, second, op)
#define PAIRS_4(first, second, op) PAIRS_2(first, second, op) PAIRS_2(first, second, op)
#define PAIRS_12(first, second, op)                                                                \
    PAIRS_4(first, second, op) PAIRS_4(first, second, op) PAIRS_4(first, second, op)
#define PAIRS_13(first, second, op) PAIRS_12(first, second, op) PAIRS_1(first, second, op)

// `moving`, `up` and `down` are others in each of 32 trips.
#define LOOP(op, PAIRS, first, second)                                                             \
    _Pragma("unroll 1") for (uint trip = 0; trip < trips; ++trip) {                                \
        const V moving = MOVING(trip);                                                             \
        const V up = CUT(b + moving);                                                              \
        const V down = CUT(c + moving);                                                            \
        PAIRS(first, second, op)                                                                   \
    }
#define PAIR_LOOP(op, PAIRS) LOOP(op, PAIRS, FIRST, SECOND)
#define NEXT_LOOP(op, PAIRS) LOOP(op, PAIRS, NEXT, NEXT)

// A kernel of one loop, or of several of which `operation` is one.
#define KERNEL(name, loops)                                                                        \
    kernel void name(global V *out, global const ELEMENT *operands, uint operation, uint trips) {  \
        const uint item = (uint)get_global_id(0);                                                  \
        const uint size = (uint)get_global_size(0);                                                \
        const VECTOR(uint) element = item * (uint)WIDTH + ELEMENTS;                                \
        const V a = operands[0];                                                                   \
        const V b = operands[1];                                                                   \
        const V c = operands[2];                                                                   \
        const V d = operands[3];                                                                   \
        EACH(DECLARE, op)                                                                          \
        loops                                                                                      \
        EACH(RESULT, op)                                                                           \
    }

#if WHOLE

#define _add_first(x, y) x = CUT(x + y);
#define _add_second(x, y) y = CUT(y + x);
#define LOOP_add PAIR_LOOP(_add, PAIRS_13)

#if IS == 2 && WIDTH == 1 // products of two such are beyond int, which they would be computed as
#define WIDE(x) ((uint)(x))
#else
#define WIDE(x) (x)
#endif
#define _mul_first(x, y) x = CUT(WIDE(x) * y);
#define _mul_second(x, y) y = CUT(WIDE(y) * x);
#define LOOP_mul PAIR_LOOP(_mul, PAIRS_13)

#define _mad_first(x, y) x = CUT(WIDE(x) * a + y);
#define _mad_second(x, y) y = CUT(WIDE(y) * b + x);
#define LOOP_mad PAIR_LOOP(_mad, PAIRS_13)

// Each result says by how much the next shifts.
#define _shift_next(x) CUT(a >> (x & (V)(BITS - 1)))
#define LOOP_shift NEXT_LOOP(_shift, PAIRS_13)

// With additions between: what is only logic, compilers find shorter ways for.
#define _logic_first(x, y) x ^= y;
#define _logic_second(x, y) y = CUT(y + x);
#define LOOP_logic PAIR_LOOP(_logic, PAIRS_13)

#define _popcount_first(x, y) x = CUT(popcount(x) + y);
#define _popcount_second(x, y) y = CUT(popcount(y) + x);
#define LOOP_popcount PAIR_LOOP(_popcount, PAIRS_2)

#define QUOTIENT(x, y) AS(ELEMENT)((VECTOR(SIGNED_ELEMENT))(SIGNED(x) / SIGNED(CUT(y))))
#define _divide_first(x, y) x = QUOTIENT(a, y | (V)1);
#define _divide_second(x, y) y = CUT(WIDE(y) * b + x);
#define LOOP_divide PAIR_LOOP(_divide, PAIRS_2)

// The high word of a product with the largest number is one less than the other factor.
#define _mul_hi_next(x) mul_hi(x, a)
#define LOOP_mul_hi NEXT_LOOP(_mul_hi, PAIRS_4)

#define _mad24_next(x) AS(uint)(mad24(SIGNED(x), SIGNED(a), SIGNED(b)))
#define LOOP_mad24 NEXT_LOOP(_mad24, PAIRS_13)

#define _to_fp32_first(x, y) x = AS(uint)(CONVERT(float)(SIGNED(x))) + y;
#define _to_fp32_second(x, y) y = AS(uint)(CONVERT(float)(SIGNED(y))) + x;
#define LOOP_to_fp32 PAIR_LOOP(_to_fp32, PAIRS_13)

#if DOT == 1
#pragma OPENCL EXTENSION cl_khr_integer_dot_product : enable
#define DOT4(x, y) ((uint)dot_4x8packed_ss_int(x, a) + y)
#define DOT4_SAT(x, y) ((uint)dot_acc_sat_4x8packed_ss_int(x, a, (int)(y)))
#elif DOT == 2
uint dp4a(uint x, uint a, uint y) {
    uint sum;
    asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(sum) : "r"(x), "r"(a), "r"(y));
    return sum;
}
#define DOT4(x, y) dp4a(x, a, y)
#endif
#define _dot4_first(x, y) x = DOT4(x, y);
#define _dot4_second(x, y) y = DOT4(y, x);
#define LOOP_dot4 PAIR_LOOP(_dot4, PAIRS_13)

#define _dot4_sat_first(x, y) x = DOT4_SAT(x, y);
#define _dot4_sat_second(x, y) y = DOT4_SAT(y, x);
#define LOOP_dot4_sat PAIR_LOOP(_dot4_sat, PAIRS_13)

#else // reals

// Sums of whole multiples of 1/32, which come back after six pairs.
#define _add_first(x, y) x = x + y;
#define _add_second(x, y) y = y - x;
#define LOOP_add PAIR_LOOP(_add, PAIRS_13)

#define _mul_first(x, y) x = x * a;
#define _mul_second(x, y) x = x * b;
#define LOOP_mul PAIR_LOOP(_mul, PAIRS_13)

#define _mad_first(x, y) x = mad(x, a, c);
#define _mad_second(x, y) x = mad(x, b, d);
#define LOOP_mad PAIR_LOOP(_mad, PAIRS_13)

// Functions, of what comes to rest after some steps, elsewhere in each trip.
#define _divide_next(x) a / x + moving
#define LOOP_divide NEXT_LOOP(_divide, PAIRS_1)
#define _recip_next(x) (V)((ELEMENT)1.0f) / x + moving
#define LOOP_recip NEXT_LOOP(_recip, PAIRS_1)
#define _sqrt_next(x) sqrt(x) + moving
#define LOOP_sqrt NEXT_LOOP(_sqrt, PAIRS_1)
#define _rsqrt_next(x) rsqrt(x) + moving
#define LOOP_rsqrt NEXT_LOOP(_rsqrt, PAIRS_1)
#define _exp2_next(x) exp2(x) - moving
#define LOOP_exp2 NEXT_LOOP(_exp2, PAIRS_1)
#define _log2_next(x) log2(x) + moving
#define LOOP_log2 NEXT_LOOP(_log2, PAIRS_1)
#define _sin_next(x) sin(x) + moving
#define LOOP_sin NEXT_LOOP(_sin, PAIRS_1)

#define _native_divide_next(x) native_divide(a, x) + moving
#define LOOP_native_divide NEXT_LOOP(_native_divide, PAIRS_4)
#define _native_recip_next(x) native_recip(x) + moving
#define LOOP_native_recip NEXT_LOOP(_native_recip, PAIRS_4)
#define _native_sqrt_next(x) native_sqrt(x) + moving
#define LOOP_native_sqrt NEXT_LOOP(_native_sqrt, PAIRS_4)
#define _native_rsqrt_next(x) native_rsqrt(x) + moving
#define LOOP_native_rsqrt NEXT_LOOP(_native_rsqrt, PAIRS_4)
#define _native_exp2_next(x) native_exp2(x) - moving
#define LOOP_native_exp2 NEXT_LOOP(_native_exp2, PAIRS_4)
#define _native_log2_next(x) native_log2(x) + moving
#define LOOP_native_log2 NEXT_LOOP(_native_log2, PAIRS_4)
#define _native_sin_next(x) native_sin(x) + moving
#define LOOP_native_sin NEXT_LOOP(_native_sin, PAIRS_4)

// From 2^23 on, each number is the one before plus 1 added to its bits.
#define _to_int32_next(x) AS(float)(CONVERT(int)(x) + AS(int)(a))
#define LOOP_to_int32 NEXT_LOOP(_to_int32, PAIRS_13)

// To single precision and back. Of two factors that were halves compilers multiply the halves
// instead, which leaves the same: c, which is 0, may make another one of the second.
#define AS_FP32(factor) AS(float)(AS(uint)(CONVERT(float)(factor)) | AS(uint)(CONVERT(float)(c)))
#define BY_FP32(x, factor) CONVERT(half)(CONVERT(float)(x) * AS_FP32(factor))
#define _to_fp32_first(x, y) x = BY_FP32(x, a);
#define _to_fp32_second(x, y) x = BY_FP32(x, b);
#define LOOP_to_fp32 PAIR_LOOP(_to_fp32, PAIRS_13)

// A function of many numbers, for its accuracy.
#define ACCURACY                                                                                   \
    kernel void accuracy(global ELEMENT *out, global const ELEMENT *in, uint operation) {          \
        const uint item = (uint)get_global_id(0);                                                  \
        const ELEMENT x = in[item];                                                                \
        ELEMENT result = x;                                                                        \
        switch (operation) {                                                                       \
        case 14: result = in[item ^ 1u] / x; break;                                                \
        case 15: result = (ELEMENT)1.0f / x; break;                                                \
        case 16: result = sqrt(x); break;                                                          \
        case 17: result = rsqrt(x); break;                                                         \
        case 18: result = exp2(x); break;                                                          \
        case 19: result = log2(x); break;                                                          \
        case 20: result = sin(x); break;                                                           \
        NATIVE_FUNCTIONS                                                                           \
        }                                                                                          \
        out[item] = result;                                                                        \
    }
#if IS == 7
#define NATIVE_FUNCTIONS                                                                           \
    case 21: result = native_divide(in[item ^ 1u], x); break;                                      \
    case 22: result = native_recip(x); break;                                                      \
    case 23: result = native_sqrt(x); break;                                                       \
    case 24: result = native_rsqrt(x); break;                                                      \
    case 25: result = native_exp2(x); break;                                                       \
    case 26: result = native_log2(x); break;                                                       \
    case 27: result = native_sin(x); break;
#else
#define NATIVE_FUNCTIONS
#endif
#endif // WHOLE

// Bounds that are passed by turns from either side; the last one moves.
#define _min_first(x, y)                                                                           \
    x = AS(ELEMENT)(max(SIGNED(x), SIGNED(a)));                                                    \
    x = AS(ELEMENT)(min(SIGNED(x), SIGNED(b)));                                                    \
    x = AS(ELEMENT)(max(SIGNED(x), SIGNED(c)));
#define _min_second(x, y)                                                                          \
    x = AS(ELEMENT)(min(SIGNED(x), SIGNED(d)));                                                    \
    x = AS(ELEMENT)(max(SIGNED(x), SIGNED(a)));                                                    \
    x = AS(ELEMENT)(min(SIGNED(x), SIGNED(moving)));
#define LOOP_min PAIR_LOOP(_min, PAIRS_4)

// Up from below a, down from above it.
#define _select_next(x) SIGNED(x) < SIGNED(a) ? up : down
#define LOOP_select NEXT_LOOP(_select, PAIRS_13)

// Operations have the numbers of the host's enumeration.
#define CASE(number, loop)                                                                         \
    case number: loop; break;
#if WHOLE
#define ARITHMETIC_CASES                                                                           \
    CASE(0, LOOP_add)                                                                              \
    CASE(1, LOOP_mul)                                                                              \
    CASE(2, LOOP_mad)                                                                              \
    CASE(5, LOOP_shift)                                                                            \
    CASE(6, LOOP_logic)                                                                            \
    CASE(7, LOOP_popcount)                                                                         \
    CASE(8, LOOP_min)                                                                              \
    CASE(9, LOOP_select)                                                                           \
    FURTHER_CASES
#if IS == 3
#define FURTHER_CASES CASE(4, LOOP_mad24) CASE(11, LOOP_to_fp32)
#elif IS >= 4
#define FURTHER_CASES CASE(3, LOOP_mul_hi)
#else
#define FURTHER_CASES
#endif
#else
#define ARITHMETIC_CASES                                                                           \
    CASE(0, LOOP_add)                                                                              \
    CASE(1, LOOP_mul)                                                                              \
    CASE(2, LOOP_mad)                                                                              \
    CASE(8, LOOP_min)                                                                              \
    CASE(9, LOOP_select)                                                                           \
    FURTHER_CASES
#if IS == 6
#define FURTHER_CASES CASE(11, LOOP_to_fp32)
#elif IS == 7
#define FURTHER_CASES CASE(10, LOOP_to_int32)
#else
#define FURTHER_CASES
#endif
#define FUNCTION_CASES                                                                             \
    CASE(14, LOOP_divide)                                                                          \
    CASE(15, LOOP_recip)                                                                           \
    CASE(16, LOOP_sqrt)                                                                            \
    CASE(17, LOOP_rsqrt)                                                                           \
    CASE(18, LOOP_exp2)                                                                            \
    CASE(19, LOOP_log2)                                                                            \
    CASE(20, LOOP_sin)
#define NATIVE_CASES                                                                               \
    CASE(21, LOOP_native_divide)                                                                   \
    CASE(22, LOOP_native_recip)                                                                    \
    CASE(23, LOOP_native_sqrt)                                                                     \
    CASE(24, LOOP_native_rsqrt)                                                                    \
    CASE(25, LOOP_native_exp2)                                                                     \
    CASE(26, LOOP_native_log2)                                                                     \
    CASE(27, LOOP_native_sin)
#endif
#define ONE_OF(cases)                                                                              \
    switch (operation) { cases }

#ifdef ONLY
KERNEL(chain, ONLY)
#else
KERNEL(arithmetic, ONE_OF(ARITHMETIC_CASES))
#if WHOLE
KERNEL(chain_divide, LOOP_divide)
#elif CHAINS == 1 // one work-item has registers enough for all
KERNEL(functions, ONE_OF(FUNCTION_CASES))
ACCURACY
#else
KERNEL(chain_divide, LOOP_divide)
KERNEL(chain_recip, LOOP_recip)
KERNEL(chain_sqrt, LOOP_sqrt)
KERNEL(chain_rsqrt, LOOP_rsqrt)
KERNEL(chain_exp2, LOOP_exp2)
KERNEL(chain_log2, LOOP_log2)
KERNEL(chain_sin, LOOP_sin)
#endif
#if IS == 7
KERNEL(natives, ONE_OF(NATIVE_CASES))
#endif
#endif
