// The matrix units' probe on drivers that take its instructions, or do not.

#include "program.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

StubRun run_on(const std::string &behaviour) {
    StubRun run = report_on_stub(sound + behaviour, {"compute/matrix_rate"});
    const ProbeRecord &record = run.record("compute/matrix_rate");
    CAPTURE(behaviour, record.reason);
    CHECK(without_values(record));
    CHECK_FALSE(record.findings.empty());
    return run;
}

} // namespace

TEST_CASE("matrix_rate.is_not_tried_where_no_compiler_takes_its_instructions") {
    const StubRun run = run_on("");
    CHECK(run.record("compute/matrix_rate").status == Status::unsupported);
    CHECK_THAT(run.trace, !ContainsSubstring("FP16_FP32"));
}

TEST_CASE("matrix_rate.believes_no_kernel_that_does_nothing") {
    const StubRun run = run_on(",takes_ptx");
    const ProbeRecord &record = run.record("compute/matrix_rate");
    CHECK(record.status == Status::failed);
    CHECK_THAT(record.reason, ContainsSubstring("verification"));
}

TEST_CASE("matrix_rate.says_of_each_type_why_it_does_not_build") {
    const StubRun run = run_on(",takes_ptx,build_error=mma.sync");
    const ProbeRecord &record = run.record("compute/matrix_rate");
    for (const Finding &found : record.findings) {
        CAPTURE(found.key, found.note);
        CHECK(found.status == Status::unsupported);
        CHECK_THAT(found.note, ContainsSubstring("error"));
    }
}

TEST_CASE("matrix_rate.needs_whole_warps") {
    const StubRun run = run_on(",takes_ptx,group=16");
    CHECK(run.record("compute/matrix_rate").status != Status::measured);
    CHECK_THAT(run.trace, !ContainsSubstring("clEnqueueNDRangeKernel multiply"));
}
