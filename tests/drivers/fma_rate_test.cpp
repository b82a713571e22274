// Multiply-adds of halves on drivers that have no such type, and take PTX in place of it, or do
// not.

#include "program.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string of_halves = "-DFORM=3";

StubRun run_fma_rate_on(const std::string &behaviour) {
    StubRun run = report_on_stub(sound + behaviour, {"compute/fma_rate"});
    CHECK(without_values(run.record("compute/fma_rate")));
    return run;
}

} // namespace

TEST_CASE("fma_rate.halves_are_not_tried_where_the_driver_has_none_and_takes_no_ptx") {
    const StubRun run = run_fma_rate_on("");
    const Finding &rate = finding(run.record("compute/fma_rate"), "fma.fp16.rate");
    CHECK(rate.status == Status::unsupported);
    CHECK_THAT(rate.note, ContainsSubstring("no half precision"));
    CHECK_THAT(run.trace, !ContainsSubstring(of_halves));
}

TEST_CASE("fma_rate.believes_no_pair_of_halves_that_does_nothing") {
    const StubRun run = run_fma_rate_on(",takes_ptx");
    for (const char *key : {"fma.fp16.rate", "fma.fp16.latency"}) {
        const Finding &found = finding(run.record("compute/fma_rate"), key);
        CHECK(found.status == Status::failed);
        CHECK_THAT(found.note, ContainsSubstring("verification"));
    }
    CHECK_THAT(run.trace, ContainsSubstring(of_halves));
    CHECK_THAT(run_fma_rate_on(",takes_ptx,fp16").trace, !ContainsSubstring(of_halves));
}

TEST_CASE("fma_rate.says_why_the_assembler_takes_no_pairs_of_halves") {
    const StubRun run = run_fma_rate_on(",takes_ptx,build_error=" + of_halves);
    const Finding &rate = finding(run.record("compute/fma_rate"), "fma.fp16.rate");
    CHECK(rate.status == Status::unsupported);
    CHECK_THAT(rate.note, ContainsSubstring("PTX") && ContainsSubstring("stub says no"));
    CHECK(finding(run.record("compute/fma_rate"), "fma.fp32.rate").status == Status::failed);
}
