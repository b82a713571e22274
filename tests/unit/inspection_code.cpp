#include "inspect/code.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

namespace {

constexpr const char *bifrost = R"(clause_0:
ds(0) nbb r_uncond ncph
{
    *MOV.i32 r3:t0, #0
    +LOAD.i32 t1, r0, t1, @r2
}

clause_6:
ds(0) nbb r_uncond ncph dwb(0)
{
    *NOP t0
    +ICMP.u32.m1.ge t1, r3, u1.w0
    *NOP t0
    +BRANCHZ.i16.eq t1, t1.h0, clause_11
}

clause_9:
ds(0) nbb next_store dwb(0)
{
    *NOP t0
    +JUMP t1, clause_15
}

clause_11:
ds(0) nbb r_uncond
{
    *FMA.f32 t0, r2, u1.w1, u1.w1
    +NOP t1
    *FMA.v2f16 r2:t0, t0, u1.w1, t0
    +IADD.s32 r3:t1, r3, 0x00000001 /* 0.000000 */
    *NOP t0
    +JUMP t1, clause_6
}

clause_15:
ds(0) eos store
{
    *NOP t0
    +STORE.i32 t1, r0, r1, @r2
}
)";

constexpr const char *valhall = R"(   LOAD.i32.unsigned.slot0 @r2, r0, offset:0
   IADD_IMM.i32.reconverge r3, 0x0, #0x0
   ICMP_OR.u32.ge.m1 r4, r3, u2, 0x0
   BRANCHZ.eq.reconverge ^r4.h0, offset:1

   BRANCHZ.eq 0x0, offset:5

   NOP.wait0 
   FMA.f32 r2, ^r2, u3, u3
   FMA.f32 r2, ^r2, u3, ^r2
   IADD_IMM.i32 r3, ^r3, #0x1
   BRANCHZ.eq.reconverge 0x0, offset:-8

   NOP.wait0 
   STORE.i32.slot1.end @r2, ^r0, offset:0
)";

constexpr const char *midgard = R"(LDST_MOV R0.x~~~, GLOBAL_THREAD_ID.xyzx

MOV.i64 AL0.x, TMP0.[xx], U0.x.zext
MUL.i32 AL0.z, R0.x, #3
uconstants 0x7FFFFF, 0x3F800000, 0x0, 0x0

brx.reserved.cond.always -1 -> alu/4
ST.32 AL0.zzzz, AL0.u64.x + AL1.u64.x << 2
)";

constexpr const char *ptx = R"(.version 8.0
.target sm_90

.entry other(
	.param .u32 other_param_0
)
{
	ret;
}
	// .globl	rate
.entry rate(
	.param .u64 .ptr .global .align 4 rate_param_0,
	.param .u32 rate_param_1
)
{
	.reg .pred 	%p<4>;
	.reg .f32 	%f<9>;

	ld.param.u32 	%r6, [rate_param_1];
	setp.eq.s32 	%p1, %r6, 0;
	@%p1 bra 	$L__BB1_3;

$L__BB1_2: // a loop in a loop that has none of the work
	add.s32 	%r9, %r9, -1;
$L__BB1_4:
	fma.rn.f32 	%f5, %f5, %f1, %f2;
	fma.rn.f32 	%f5, %f5, %f3, %f4;
	mad.lo.s32 	%r1, %r2, %r3, %r4;
	setp.ne.s32 	%p2, %r9, 0;
	@%p2 bra 	$L__BB1_4;
	@%p3 bra 	$L__BB1_2;
	bra.uni 	$L__BB1_3;

$L__BB1_3:
	st.global.f32 	[%rd4], %f5;
	ret;

}
)";

constexpr const char *x86 = R"(
kernel.so:     file format elf64-x86-64

0000000000001100 <_pocl_kernel_rate_workgroup>:
    1100:	push   %rbp
    1101:	jmp    1110 <_pocl_kernel_rate_workgroup+0x10>
    1108:	nopl   0x0(%rax,%rax,1)
    110a:	mov    %rax,%rbx
    1110:	vfmadd213ps %zmm0,%zmm1,%zmm2
    1116:	vfnmadd231ps %zmm0,%zmm1,%zmm2
    111c:	dec    %eax
    111e:	jne    110a <_pocl_kernel_rate_workgroup+0xa>
    1120:	ret
)";

} // namespace

TEST_CASE("unit.inspection.bifrost's tuples are counted, and its loop without the way out") {
    const auto code = counted("bifrost", bifrost);
    REQUIRE(code);
    CHECK(code->all == InstructionCount{10, 2, 8, 4});
    CHECK(code->loop == InstructionCount{6, 2, 5});
    CHECK(code->all.share() == 0.25);
}

TEST_CASE("unit.inspection.valhall's jumps count instructions") {
    const auto code = counted("valhall", valhall);
    REQUIRE(code);
    CHECK(code->all == InstructionCount{10, 2, 12, 4});
    // ICMP_OR, BRANCHZ over the way out, NOP.wait0 and the four behind it.
    CHECK(code->loop == InstructionCount{6, 2, 7});
}

TEST_CASE("unit.inspection.midgard's constants are no instructions") {
    const auto code = counted("midgard", midgard);
    REQUIRE(code);
    CHECK(code->all == InstructionCount{5, 0, 5});
    CHECK_FALSE(code->loop);
}

TEST_CASE("unit.inspection.the entry of a PTX text is found and its innermost loop counted") {
    const auto code = counted("ptx", ptx_entry(ptx, "rate"));
    REQUIRE(code);
    CHECK(code->text.find("other") == std::string::npos);
    CHECK(code->all == InstructionCount{13, 2, 13});
    CHECK(code->loop == InstructionCount{5, 2, 5});
    CHECK(ptx_entry(ptx, "rat").empty());
    CHECK(ptx_entry("", "rate").empty());
    CHECK_FALSE(counted("ptx", ""));
}

TEST_CASE("unit.inspection.a processor's loop may be entered in its middle") {
    const auto code = counted("x86-64", x86);
    REQUIRE(code);
    CHECK(code->all == InstructionCount{8, 2, 8});
    CHECK(code->loop == InstructionCount{5, 2, 5});
}

TEST_CASE("unit.inspection.of two loops the one with more multiply-adds counts") {
    const auto line = [](std::vector<std::string> labels, std::string jump, bool fma) {
        CodeLine made;
        made.labels = std::move(labels);
        made.jump = std::move(jump);
        made.instruction = made.slot = true;
        made.fma = fma;
        return made;
    };
    std::vector<CodeLine> code = {line({"a"}, "", false), line({}, "", false), line({}, "a", false),
                                  line({"b"}, "b", true), line({}, "nowhere", false)};
    CHECK(count_loop(code) == InstructionCount{1, 1, 1});
    code[3].fma = false;
    CHECK(count_loop(code) == InstructionCount{3, 0, 3});
    CHECK_FALSE(count_loop({}));
    CHECK_FALSE(count_loop({line({"a"}, "", true)}));
}

TEST_CASE("unit.inspection.what a Mali's loop loads is counted in bytes") {
    const auto code = counted("bifrost", "clause_0:\n*NOP t0\n+LOAD.i128 t1, r4, t1, @r16\n"
                                         "*FMA.f32 r1:t0, r16, r17, r1\n+LOAD.i32.tl t1, #0.x\n"
                                         "*NOP t0\n+LD_VAR.f32 t1, r4\n"
                                         "*NOP t0\n+BRANCHZ.i16.eq t1, t1.h0, clause_0\n");
    REQUIRE(code);
    CHECK(code->loop == InstructionCount{5, 1, 4, 20});
    CHECK_FALSE(counted("ptx", "ld.global.f32 %f1, [%rd1];\n")->all.loaded_bytes);
}
