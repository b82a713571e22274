// The program on devices that misbehave: each probe ends in a row that says why, and the others go
// on.

#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <regex>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string fma_text = "kernels/compute/fma_rate.cl";

std::size_t probe_count() {
    const Json list = parse_json(run_on_stub("", {"list", "--json"}).out);
    std::size_t count = 0;
    for (const Json &probe : list.at("probes"))
        count += probe.at("on_request").get<bool>() ? 0 : 1;
    return count;
}

/// The text however its lines were wrapped.
std::string without_blanks(std::string text) {
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
    return text;
}

/// Whether the probe runs kernels at all, of which the stub executes next to none. Those of matrix
/// units are not tried unless it takes PTX.
bool launches(const ProbeRecord &record) {
    const bool tried =
        record.probe != "compute/matrix_rate" || record.status != Status::unsupported;
    return record.probe != "host/transfer" && tried;
}

} // namespace

TEST_CASE("program.idle_kernels_are_never_measured") {
    const StubRun run = report_on_stub("fp16,fp64,takes_ptx");
    CHECK(run.outcome.exit_status == 1);
    CHECK(run.report.complete);
    const auto &records = run.report.devices.at(0).probes;
    CHECK(records.size() == probe_count());
    for (const ProbeRecord &record : records) {
        CAPTURE(record.probe, record.reason);
        if (!launches(record))
            continue;
        CHECK_THAT(run.outcome.out, ContainsSubstring("x  " + record.probe));
        CHECK(record.status == Status::failed);
        CHECK_THAT(record.reason, ContainsSubstring("verification"));
        CHECK(without_values(record));
    }
}

TEST_CASE("program.sound_stamps_are_the_clock") {
    const StubRun run = report_on_stub(sound, {"compute/fma_rate"});
    CHECK(!without_values(run.record("host/event_timer")));
    CHECK(run.record("host/event_timer").prerequisite);
    CHECK(run.record("compute/fma_rate").clock.source == "events");
}

TEST_CASE("program.bad_stamps_leave_the_host_clock") {
    for (const char *behaviour :
         {"queue_profiling=-35", "queue_profiling=-35,timer_ns=0,stamps=zero",
          "queue_profiling=-35,timer_ns=0,stamps=error", "stamps=zero", "stamps=backward",
          "stamps=constant", "stamps=unstarted", "stamps=error", "stamps=unit", "stamps=coarse"}) {
        const StubRun run = report_on_stub(sound + "," + behaviour, {"compute/fma_rate"});
        const ProbeRecord &timer = run.record("host/event_timer");
        const ProbeRecord &rate = run.record("compute/fma_rate");
        CAPTURE(behaviour, timer.reason, rate.clock.reason);
        CHECK(rate.clock.source == "host");
        CHECK(!rate.clock.reason.empty());
        CHECK(timer.status != Status::failed);
        CHECK_THAT(run.outcome.out, ContainsSubstring("host"));
    }
}

TEST_CASE("program.refused_profiling_is_told") {
    for (const char *isolation : {"--isolate", "--no-isolate"}) {
        const Outcome devices = run_on_stub("queue_profiling=-35", {"devices", isolation});
        CHECK(devices.exit_status == 0);
        CHECK_THAT(devices.out, ContainsSubstring("CL_INVALID_QUEUE_PROPERTIES"));
    }
}

TEST_CASE("program.build_error_shows_log_file_and_line") {
    const StubRun run = report_on_stub(sound + ",build_error=" + fma_text);
    const std::string log = fma_text + ":12:5: error: stub says no";
    CHECK(run.outcome.exit_status == 1);
    CHECK(run.record("compute/fma_rate").status == Status::failed);
    CHECK_THAT(run.record("compute/fma_rate").reason, ContainsSubstring(log));
    CHECK_THAT(without_blanks(run.outcome.out), ContainsSubstring(without_blanks(log)));
    CHECK(!without_values(run.record("host/event_timer")));
}

TEST_CASE("program.crash_in_a_build_is_one_failed_row") {
    const StubRun run = report_on_stub(sound + ",build_crash=" + fma_text);
    CHECK(run.outcome.exit_status == 1);
    CHECK(run.report.complete);
    CHECK(run.report.devices.at(0).probes.size() == probe_count());
    CHECK(run.record("compute/fma_rate").status == Status::failed);
    CHECK_THAT(run.record("compute/fma_rate").reason, ContainsSubstring("SIGSEGV"));
    CHECK(!without_values(run.record("host/event_timer")));
}

TEST_CASE("program.hang_in_a_build_is_one_failed_row") {
    const StubRun run = report_on_stub(sound + ",build_hang=" + fma_text, {"--timeout", "2"});
    CHECK(run.outcome.exit_status == 1);
    CHECK(run.report.devices.at(0).probes.size() == probe_count());
    CHECK(run.record("compute/fma_rate").status == Status::failed);
    CHECK_THAT(run.record("compute/fma_rate").reason, ContainsSubstring("did not end within 2 s"));
    CHECK(!without_values(run.record("host/event_timer")));
}

TEST_CASE("program.launches_that_hang_or_crash_fail_every_row") {
    const std::pair<const char *, const char *> cases[] = {
        {"launch_hang", "did not end within 1 s"}, {"launch_crash", "SIGSEGV"}};
    for (const auto &[behaviour, reason] : cases) {
        const StubRun run = report_on_stub(behaviour, {"--timeout", "1"});
        CAPTURE(behaviour);
        CHECK(run.outcome.exit_status == 1);
        CHECK(run.report.complete);
        const auto &records = run.report.devices.at(0).probes;
        CHECK(records.size() == probe_count());
        for (const ProbeRecord &record : records) {
            if (!launches(record))
                continue;
            CHECK(record.status == Status::failed);
            CHECK_THAT(record.reason, ContainsSubstring(reason));
            CHECK(without_values(record));
        }
    }
}

TEST_CASE("program.failures_of_the_device_are_named") {
    struct Case {
        const char *behaviour;
        const char *reason;
        bool of_launches;
    };
    for (const auto &[behaviour, reason, of_launches] :
         {Case{"oom=0", "CL_MEM_OBJECT_ALLOCATION_FAILURE", false},
          Case{"oom=0,oom_code=-61", "CL_INVALID_BUFFER_SIZE", false},
          Case{"oom_launch", "CL_OUT_OF_RESOURCES", true},
          Case{"vanish=0", "CL_DEVICE_NOT_AVAILABLE", false},
          Case{"vanish=1", "CL_OUT_OF_RESOURCES", true}}) {
        const StubRun run = report_on_stub(behaviour);
        CAPTURE(behaviour);
        CHECK(run.outcome.exit_status == 1);
        bool gone = false;
        for (const ProbeRecord &record : run.report.devices.at(0).probes) {
            CAPTURE(record.probe);
            if (gone) {
                CHECK(record.status == Status::failed);
                CHECK(record.reason == "not tried: the device is gone");
                continue;
            }
            gone = record.reason.starts_with("the device is gone");
            if (!launches(record) && (of_launches || record.status == Status::unsupported))
                continue;
            CHECK(without_values(record));
            // To execution/occupancy a launch out of resources is one too large: an answer.
            if (record.probe == "execution/occupancy" && record.status == Status::inconclusive)
                continue;
            CHECK(record.status == Status::failed);
            CHECK_THAT(record.reason, ContainsSubstring(reason));
        }
    }
}

TEST_CASE("program.a_device_that_vanishes_keeps_what_was_measured") {
    // The audit of the clock takes some dozen launches in a process of its own.
    const StubRun run = report_on_stub(sound + ",vanish=500", {"host/event_timer"});
    CHECK(!without_values(run.record("host/event_timer")));
    const StubRun gone = report_on_stub(sound + ",vanish=10", {"host/event_timer"});
    CHECK(gone.record("host/event_timer").status == Status::failed);
}

TEST_CASE("program.a_device_that_vanishes_is_called_so_once") {
    for (const char *isolation : {"--isolate", "--no-isolate"}) {
        const StubRun run = report_on_stub(
            isolation == std::string("--isolate") ? "vanish=0" : sound + ",vanish=10", {isolation});
        CAPTURE(isolation, run.outcome.out);
        const auto &records = run.report.devices.at(0).probes;
        CHECK(run.report.complete);
        CHECK(records.size() == probe_count());
        const auto lost = std::ranges::find_if(records, [](const ProbeRecord &record) {
            return record.reason.starts_with("the device is gone: ");
        });
        REQUIRE(lost != records.end());
        for (auto later = lost + 1; later != records.end(); ++later)
            CHECK(later->reason == "not tried: the device is gone");
    }
}

TEST_CASE("program.no_isolation_survives_errors_too") {
    const StubRun run = report_on_stub("vanish=1", {"--no-isolate"});
    CHECK(run.outcome.exit_status == 1);
    CHECK(run.report.devices.at(0).probes.size() == probe_count());
}

TEST_CASE("program.half_a_driver_is_no_reason_to_crash") {
    for (const char *behaviour :
         {"half_answers", "mhz=0", "no_cache_size", "address_bits=32", "no_images,fp16,fp64",
          "group=16", "group=4096", "cpu", "cpu,group=4096", "devices=2"}) {
        const StubRun run = report_on_stub(sound + "," + behaviour);
        CAPTURE(behaviour);
        CHECK(run.outcome.exit_status == 1);
        for (const ProbeRecord &record : run.report.devices.at(0).probes) {
            CAPTURE(record.probe, record.reason);
            CHECK_THAT(record.reason, !ContainsSubstring("crashed"));
            CHECK_THAT(record.reason, !ContainsSubstring("CL_INVALID"));
            CHECK((record.probe == "host/event_timer" || !launches(record) ||
                   without_values(record)));
        }
        const Outcome devices = run_on_stub(behaviour, {"devices"});
        CHECK(devices.exit_status == 0);
    }
}

TEST_CASE("program.allocations_stay_under_a_quarter_and_launches_in_groups_that_fit") {
    const StubRun run = report_on_stub("group=64");
    constexpr unsigned long long quarter = 16u << 20;
    const std::regex sizes("clCreateBuffer bytes=(\\d+)");
    std::size_t buffers = 0;
    for (std::sregex_iterator match(run.trace.begin(), run.trace.end(), sizes), end; match != end;
         ++match, ++buffers)
        CHECK(std::stoull((*match)[1]) <= quarter);
    CHECK(buffers > 0);
    for (const ProbeRecord &record : run.report.devices.at(0).probes)
        CHECK_THAT(record.reason, !ContainsSubstring("CL_INVALID_WORK_GROUP_SIZE"));
}

TEST_CASE("program.odd_names_make_sound_slugs_and_reports") {
    const StubRun run = report_on_stub("name=<b>\"Odd\"\t\x1b[31m\xff\n\xc3\xa9 ", {"host/*"});
    const DeviceInfo &device = run.report.devices.at(0).device;
    CHECK(std::regex_match(device.slug, std::regex("gpu[0-9]+-[a-z0-9-]+")));
    CHECK_THAT(device.name, ContainsSubstring("\"Odd\""));
    CHECK_THAT(run.outcome.out, !ContainsSubstring("\x1b"));
    CHECK_THAT(run_on_stub("name=<b>\x1b[31m", {"devices"}).out, !ContainsSubstring("\x1b"));
}

TEST_CASE("program.launches_stay_under_50_ms") {
    for (const char *trip_ns : {"100", "30000", "1000000", "20000000"}) {
        const StubRun run = report_on_stub(std::string("execute,trip_ns=") + trip_ns,
                                           {"--profile", "quick", "host/event_timer"});
        CAPTURE(trip_ns);
        const std::regex launches("clEnqueueNDRangeKernel spin .* us=(\\d+)");
        std::size_t count = 0;
        for (std::sregex_iterator match(run.trace.begin(), run.trace.end(), launches), end;
             match != end; ++match, ++count)
            CHECK(std::stoul((*match)[1]) <= 50'000);
        CHECK(count > 0);
    }
}
