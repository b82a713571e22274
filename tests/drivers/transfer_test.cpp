// host/transfer on the stub, whose transfers are real: what it finds there, and that it notices
// transfers that do not take place.

#include "program.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

StubRun transfer_on_stub(const std::string &behaviour) {
    return report_on_stub(behaviour, {"host/transfer"});
}

} // namespace

TEST_CASE("program.transfers_that_move_nothing_are_noticed") {
    for (const char *behaviour :
         {"lost=write", "lost=read", "lost=map,discrete", "lost=unmap,discrete"}) {
        const StubRun run = transfer_on_stub(behaviour);
        const ProbeRecord &record = run.record("host/transfer");
        CAPTURE(behaviour, record.reason);
        CHECK(record.status == Status::failed);
        CHECK_THAT(record.reason, ContainsSubstring("verification"));
        CHECK(without_values(record));
    }
}

TEST_CASE("program.transfers_are_measured_without_a_kernel") {
    const StubRun run = transfer_on_stub("");
    const ProbeRecord &record = run.record("host/transfer");
    CAPTURE(record.reason);
    CHECK(!without_values(record));
    CHECK(record.data.find("transfers") != nullptr);
    CHECK(finding(record, "transfer.write.pageable").status != Status::unsupported);
}

TEST_CASE("program.a_mapping_that_copies_is_told") {
    // A copy takes 0.1 ns a byte and more there, and again when it ends.
    const StubRun run = transfer_on_stub("discrete");
    CHECK(finding(run.record("host/transfer"), "transfer.zero_copy").value != 1.0);
}

TEST_CASE("program.transfers_without_pinned_memory_leave_the_others") {
    const StubRun run = transfer_on_stub("allocations=2");
    const ProbeRecord &record = run.record("host/transfer");
    CAPTURE(record.reason);
    CHECK(!without_values(record));
    const Finding &pinned = finding(record, "transfer.map_write.pinned");
    CHECK(pinned.status == Status::unsupported);
    CHECK_THAT(pinned.note, ContainsSubstring("CL_MEM_OBJECT_ALLOCATION_FAILURE"));
    CHECK(finding(record, "transfer.map_write.pageable").status != Status::unsupported);
}

TEST_CASE("program.transfers_want_some_memory") {
    const StubRun run = transfer_on_stub("memory_mib=1");
    const ProbeRecord &record = run.record("host/transfer");
    CHECK(record.status == Status::unsupported);
    CHECK_THAT(record.reason, ContainsSubstring("too little memory"));
}
