// Probes of execution on drivers that take their time as some real ones do.

#include "program.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;
using namespace clprobe::test;

namespace {

// Groups take 0.1 ms a trip; two run beside each other.
const std::string two_units = "execute,cpu,group=16,units=2,trip_ns=100000";

/// What execution/compute_units finds; nothing where the host was too busy for the stub's stamps to
/// pass their audit.
std::optional<Finding> units_found(const std::string &behaviour) {
    const StubRun run =
        report_on_stub(behaviour, {"--profile", "quick", "execution/compute_units"});
    const ProbeRecord &record = run.record("execution/compute_units");
    CAPTURE(behaviour, record.reason, record.clock.reason);
    CHECK(record.status != Status::failed);
    if (record.clock.source != "events")
        return std::nullopt;
    return finding(record, "compute_units");
}

} // namespace

TEST_CASE("execution_probes.units_are_counted_whatever_the_driver_claims_and_a_launch_costs") {
    // llvmpipe claims eight on two processors, compiles inside the first launch's stamps, and takes
    // some tenths of a millisecond for any launch.
    for (const char *more : {"", ",claims=8", ",claims=8,launch_us=500", ",first_us=45000",
                             ",claims=8,launch_us=500,first_us=45000"}) {
        const std::optional<Finding> units = units_found(two_units + more);
        CAPTURE(more);
        CHECK((!units || units->value == 2));
    }
}

TEST_CASE("execution_probes.units_are_counted_with_the_largest_groups") {
    const std::optional<Finding> units =
        units_found("execute,cpu,group=4096,units=2,trip_ns=100000");
    CHECK((!units || units->value == 2));
}

TEST_CASE("execution_probes.units_that_stack_for_launches_in_a_row_are_never_taken_for_one") {
    for (const char *in_a_row : {"1", "7", "20"}) {
        const std::optional<Finding> units = units_found(two_units + ",stacks=" + in_a_row);
        CAPTURE(in_a_row);
        CHECK((!units || !units->value || units->value == 2));
    }
}

TEST_CASE("execution_probes.a_launch_that_is_all_cost_tells_no_units") {
    const std::optional<Finding> units =
        units_found("execute,cpu,group=16,units=2,trip_ns=100,launch_us=20000");
    CHECK((!units || units->status == Status::inconclusive));
}
