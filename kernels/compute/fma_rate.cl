// Fused multiply-adds in a loop, in the shape that the macros say:
//   REAL        float, double or half
//   WIDTH       of the vectors: 1, 2, 4, 8 or 16
//   CHAINS      independent recurrences a work-item: 1 to 16
//   TURNS       how often the loop's body steps every chain twice: 1 to 1023
//   FORM        how a multiply-add is written: 0 fma(), 1 mad(), 2 an expression, 3 inline PTX of two
//               halves, for a compiler that takes it and has no type half; WIDTH is 2 at least
//   RECURRENCE  what a chain computes: 0 x*a+b then x*c+d, 1 x+y*a then y+x*b, 2 x*x+b
// All operands come from the host, and no recurrence settles: a step too few or too many shows in
// the result. Each vector element leaves one word made of the bits of all its chains.
#define IS_float 1
#define IS_double 2
#define IS_half 3
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
#if PASTE(IS_, REAL) == 2
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#elif PASTE(IS_, REAL) == 3 && FORM != 3
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#endif

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
#define CONVERT(type) PASTE(convert_, VECTOR(type))
#define AS(type) PASTE(as_, VECTOR(type))

// NUMBER is what the host passes, VALUES what a chain has, with SAME(x) in all elements.
#if FORM == 3
#define NUMBER ushort // the bits of a half, of which VALUES has two in a word, the even one below
#define SAME(x) ((x)*0x10001u)
#if WIDTH == 2
#define VALUES uint
#elif WIDTH == 4
#define VALUES uint2
#elif WIDTH == 8
#define VALUES uint4
#else
#define VALUES uint8
#endif
VECTOR(uint) apart(VALUES pairs) {
    VECTOR(uint) words;
    words.even = pairs & 0xffffu;
    words.odd = pairs >> 16;
    return words;
}
#else
#define NUMBER REAL
#define SAME(x) (x)
#define VALUES VECTOR(REAL)
#endif

#if FORM == 3
#define WORD(x) apart(x)
#elif PASTE(IS_, REAL) == 1
#define WORD(x) AS(uint)(x)
#elif PASTE(IS_, REAL) == 2
#define WORD(x) CONVERT(uint)((AS(ulong)(x) ^ (AS(ulong)(x) >> 32)) & 0xffffffffUL)
#else
#define WORD(x) CONVERT(uint)(AS(ushort)(x))
#endif

#if FORM == 0
#define FMA(a, b, c) fma(a, b, c)
#elif FORM == 1
#define FMA(a, b, c) mad(a, b, c)
#elif FORM == 2
#define FMA(a, b, c) ((a) * (b) + (c))
#else
uint fma_2(uint a, uint b, uint c) {
    uint d;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}
#define DEFINE_FMA(name, type, of_half)                                                            \
    type name(type a, type b, type c) {                                                            \
        return (type)(of_half(a.lo, b.lo, c.lo), of_half(a.hi, b.hi, c.hi));                       \
    }
DEFINE_FMA(fma_4, uint2, fma_2)
DEFINE_FMA(fma_8, uint4, fma_4)
DEFINE_FMA(fma_16, uint8, fma_8)
#define FMA(a, b, c) PASTE(fma_, WIDTH)(a, b, c)
#endif

#if RECURRENCE == 0
#define FIRST(i) x##i = FMA(x##i, va, vb);
#define SECOND(i) x##i = FMA(x##i, vc, vd);
#elif RECURRENCE == 1
#define FIRST(i) x##i = FMA(y##i, va, x##i);
#define SECOND(i) y##i = FMA(x##i, vb, y##i);
#else
#define FIRST(i) x##i = FMA(x##i, x##i, vb);
#define SECOND(i) FIRST(i)
#endif

#define EACH_1(S) S(0)
#define EACH_2(S) EACH_1(S) S(1)
#define EACH_3(S) EACH_2(S) S(2)
#define EACH_4(S) EACH_3(S) S(3)
#define EACH_5(S) EACH_4(S) S(4)
#define EACH_6(S) EACH_5(S) S(5)
#define EACH_7(S) EACH_6(S) S(6)
#define EACH_8(S) EACH_7(S) S(7)
#define EACH_9(S) EACH_8(S) S(8)
#define EACH_10(S) EACH_9(S) S(9)
#define EACH_11(S) EACH_10(S) S(10)
#define EACH_12(S) EACH_11(S) S(11)
#define EACH_13(S) EACH_12(S) S(12)
#define EACH_14(S) EACH_13(S) S(13)
#define EACH_15(S) EACH_14(S) S(14)
#define EACH_16(S) EACH_15(S) S(15)
#define EACH(S) PASTE(EACH_, CHAINS)(S)

#define TURNS_1 EACH(FIRST) EACH(SECOND)
#define TURNS_2 TURNS_1 TURNS_1
#define TURNS_4 TURNS_2 TURNS_2
#define TURNS_8 TURNS_4 TURNS_4
#define TURNS_16 TURNS_8 TURNS_8
#define TURNS_32 TURNS_16 TURNS_16
#define TURNS_64 TURNS_32 TURNS_32
#define TURNS_128 TURNS_64 TURNS_64
#define TURNS_256 TURNS_128 TURNS_128
#define TURNS_512 TURNS_256 TURNS_256

// Between 1/2 and 3/2, in steps that even half can hold. The same in the host's model.
VALUES seed(VECTOR(uint) element, uint stream) {
    VECTOR(uint) h = element * 2654435761u + stream * 2246822519u;
    h = (h ^ (h >> 15)) & 1023u;
#if FORM == 3
    const VECTOR(uint) bits = 0x3800u + h + min(h, 512u); // the exponent changes at one
    return bits.even | bits.odd << 16;
#else
    return CONVERT(REAL)(h) * (REAL)0.0009765625f + (REAL)0.5f;
#endif
}

#define DECLARE_X(i) VALUES x##i = seed(element, i);
#define COMBINE_X(i) word = word * 31u + WORD(x##i);
#define DECLARE_Y(i) VALUES y##i = seed(element, 16 + i);
#define COMBINE_Y(i) word = word * 31u + WORD(y##i);

__kernel void fma_rate(__global VECTOR(uint) *out, uint trips, NUMBER a, NUMBER b,
                       NUMBER c, NUMBER d) {
    const uint item = (uint)get_global_id(0);
    const VECTOR(uint) element = item * (uint)WIDTH + ELEMENTS;
    const VALUES va = SAME(a);
    const VALUES vb = SAME(b);
    const VALUES vc = SAME(c);
    const VALUES vd = SAME(d);
    EACH(DECLARE_X)
#if RECURRENCE == 1
    EACH(DECLARE_Y)
#endif

#pragma unroll 1
    for (uint trip = 0; trip < trips; ++trip) {
#if TURNS & 1
        TURNS_1
#endif
#if TURNS & 2
        TURNS_2
#endif
#if TURNS & 4
        TURNS_4
#endif
#if TURNS & 8
        TURNS_8
#endif
#if TURNS & 16
        TURNS_16
#endif
#if TURNS & 32
        TURNS_32
#endif
#if TURNS & 64
        TURNS_64
#endif
#if TURNS & 128
        TURNS_128
#endif
#if TURNS & 256
        TURNS_256
#endif
#if TURNS & 512
        TURNS_512
#endif
    }

    VECTOR(uint) word = 0u;
    EACH(COMBINE_X)
#if RECURRENCE == 1
    EACH(COMBINE_Y)
#endif
    out[item] = word;
}
