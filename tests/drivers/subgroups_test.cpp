// The sub-groups' probe on drivers that take its programs, or do not.

#include "program.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

StubRun probed_on(const std::string &behaviour) {
    StubRun run = report_on_stub(sound + behaviour, {"execution/subgroups"});
    const ProbeRecord &record = run.record("execution/subgroups");
    CAPTURE(behaviour, record.reason);
    CHECK(without_values(record));
    return run;
}

} // namespace

TEST_CASE("subgroups.functions_are_not_tried_where_the_driver_names_none") {
    const StubRun run = probed_on("");
    CHECK_THAT(run.trace, ContainsSubstring("-DLANES=32"));
    CHECK_THAT(run.trace, !ContainsSubstring("-DSUB_GROUPS"));
    CHECK_THAT(run.record("execution/subgroups").reason, ContainsSubstring("verification"));
}

TEST_CASE("subgroups.believes_no_kernel_that_does_nothing") {
    const StubRun run = probed_on(",takes_ptx");
    const ProbeRecord &record = run.record("execution/subgroups");
    CHECK_THAT(run.trace, ContainsSubstring("-DSUB_GROUPS -DAS_PTX"));
    CHECK(record.status == Status::failed);
    CHECK_THAT(record.reason, ContainsSubstring("verification"));
}

TEST_CASE("subgroups.tries_each_exchange_alone_where_all_do_not_build") {
    const StubRun run = probed_on(",takes_ptx,build_error=-DAS_PTX");
    const Dataset &data = run.record("execution/subgroups").data;
    for (const char *exchange : {"shuffle", "shuffle_xor", "broadcast", "reduce", "scan"})
        CHECK_THAT(data.text_attribute(exchange + std::string(".unsupported")),
                   ContainsSubstring("error"));
    CHECK_THAT(run.trace, ContainsSubstring("-DAS_PTX -DONLY=4"));
    CHECK_THAT(run.trace, ContainsSubstring("clEnqueueNDRangeKernel shuffle_rate"));
    CHECK_THAT(run.trace, !ContainsSubstring("-DAS_PTX -DLANES"));
}

TEST_CASE("subgroups.inline_ptx_needs_whole_warps") {
    const StubRun run = probed_on(",takes_ptx,group=16");
    CHECK_THAT(run.trace, ContainsSubstring("-DLANES=16"));
    CHECK_THAT(run.trace, !ContainsSubstring("clBuildProgram -DSUB_GROUPS"));
}

TEST_CASE("subgroups.one_work_item_has_nothing_to_exchange") {
    const StubRun run = probed_on(",group=1");
    CHECK(run.record("execution/subgroups").status == Status::unsupported);
    CHECK_THAT(run.trace, !ContainsSubstring("clEnqueueNDRangeKernel shuffle"));
}
