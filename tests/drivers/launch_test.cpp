// host/launch on the stub, whose launches take 100 us and a kernel of which counts them: what it
// finds there, and that it notices launches that do not take place.

#include "program.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

StubRun launches_on_stub(const std::string &behaviour, const std::string &profile = "tiny") {
    return report_on_stub("execute,trip_ns=1000,counts" + behaviour,
                          {"--profile", profile, "host/launch"});
}

const ProbeRecord &launches_in(const StubRun &run) {
    return run.record("host/launch");
}

bool is_by_timestamps(const Finding &finding) {
    return finding.key.starts_with("launch.dispatch") || finding.key.starts_with("launch.device");
}

} // namespace

TEST_CASE("program.launches_are_timed_as_long_as_they_take") {
    const StubRun run = launches_on_stub("", "quick");
    const ProbeRecord &record = launches_in(run);
    CAPTURE(record.reason);
    CHECK(record.status != Status::failed);
    // What else the machine does only lengthens them, or leaves them undecided.
    for (const char *key : {"launch.round_trip.p50", "launch.back_to_back", "launch.first"}) {
        const Finding &found = finding(record, key);
        CAPTURE(key, found.note);
        CHECK((found.status == Status::inconclusive || found.value >= 99e-6));
    }
    const Finding &round_trip = finding(record, "launch.round_trip.p50");
    REQUIRE(round_trip.value);
    for (const char *key : {"launch.enqueue", "launch.set_argument", "launch.finish"}) {
        const Finding &found = finding(record, key);
        CAPTURE(key, found.note);
        CHECK((found.status == Status::inconclusive || found.value < round_trip.value));
    }
    const Finding &device = finding(record, "launch.device.p50");
    CHECK((device.status == Status::inconclusive || device.value >= 99e-6));
    CHECK_THAT(run.trace, !ContainsSubstring("leaked"));
}

TEST_CASE("program.launches_that_are_lost_are_noticed") {
    for (const char *lost : {"=2", "=7", "=90"}) {
        const StubRun run = launches_on_stub(lost);
        const ProbeRecord &record = launches_in(run);
        CAPTURE(lost, record.reason);
        CHECK(record.status == Status::failed);
        CHECK_THAT(record.reason, ContainsSubstring("verification"));
        CHECK_THAT(record.reason, ContainsSubstring("the count of launches is"));
        CHECK(without_values(record));
    }
}

TEST_CASE("program.launches_without_timestamps_have_the_rest") {
    for (const char *behaviour :
         {",queue_profiling=-35", ",queue_profiling=-35,stamps=zero", ",stamps=error",
          ",stamps=zero", ",stamps=constant", ",stamps=backward", ",stamps=unstarted"}) {
        const StubRun run = launches_on_stub(behaviour, "quick");
        const ProbeRecord &record = launches_in(run);
        CAPTURE(behaviour, record.reason);
        CHECK(record.status != Status::failed);
        for (const Finding &found : record.findings) {
            CAPTURE(found.key, found.note);
            if (is_by_timestamps(found)) {
                CHECK(found.status == Status::unsupported);
                CHECK(!found.note.empty());
            }
        }
        CHECK(finding(record, "launch.round_trip.p50").value);
        CHECK(finding(record, "launch.back_to_back").value);
    }
}

TEST_CASE("program.launches_with_timestamps_in_another_unit_are_not_timed_by_them") {
    const StubRun run = launches_on_stub(",stamps=unit", "quick");
    for (const Finding &found : launches_in(run).findings)
        if (is_by_timestamps(found)) {
            CAPTURE(found.key, found.note);
            CHECK(found.status == Status::inconclusive);
        }
}

TEST_CASE("program.launches_with_timestamps_of_a_microsecond_are_timed_to_that") {
    const StubRun run = launches_on_stub(",stamps=coarse", "quick");
    const Finding &device = finding(launches_in(run), "launch.device.p50");
    CAPTURE(device.note);
    if (device.value) // else the host was too busy for the audit
        CHECK(device.interval->half_width() >= 0.99e-6);
}

TEST_CASE("program.a_first_launch_that_compiles_stands_apart") {
    const StubRun run = launches_on_stub(",first_us=20000", "quick");
    const double first = finding(launches_in(run), "launch.first").value.value();
    CHECK(first >= 20e-3);
    CHECK(finding(launches_in(run), "launch.round_trip.p50").value.value() < first / 2);
}

TEST_CASE("program.launches_that_hang_end_their_row") {
    const StubRun run = report_on_stub("launch_hang,counts", {"host/launch", "--timeout", "1"});
    const ProbeRecord &record = launches_in(run);
    CHECK(record.status == Status::failed);
    CHECK_THAT(record.reason, ContainsSubstring("did not end within 1 s"));
    CHECK(without_values(record));
}
