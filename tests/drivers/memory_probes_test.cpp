// The memory probes on devices with little of it, without images, and where memory is refused: each
// ends in a row that says why, and nothing is lost.

#include "program.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <regex>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// What must hold of each memory probe on the stub, whatever it is asked to lack: probes get as far
/// as their own kernels, which do nothing.
StubRun memory_probes_on(const std::string &behaviour) {
    StubRun run = report_on_stub(sound + ",fp16,fp64," + behaviour, {"memory/*"});
    CHECK(run.report.complete);
    CHECK_THAT(run.trace, !ContainsSubstring("leaked memory"));
    std::size_t probes = 0;
    for (const ProbeRecord &record : run.report.devices.at(0).probes) {
        if (!record.probe.starts_with("memory/"))
            continue;
        ++probes;
        CAPTURE(behaviour, record.probe, record.reason);
        CHECK(record.status != Status::measured);
        CHECK(record.status != Status::suspect);
        CHECK_FALSE(record.reason.empty());
        CHECK_THAT(record.reason, !ContainsSubstring("crashed"));
        CHECK_THAT(record.reason, !ContainsSubstring("CL_INVALID"));
        CHECK(without_values(record));
        CHECK_FALSE(record.findings.empty());
    }
    CHECK(probes > 0);
    return run;
}

/// The sizes of all buffers that were asked for.
std::vector<unsigned long long> buffers(const StubRun &run) {
    const std::regex sizes("clCreateBuffer bytes=(\\d+)");
    std::vector<unsigned long long> bytes;
    for (std::sregex_iterator match(run.trace.begin(), run.trace.end(), sizes), end; match != end;
         ++match)
        bytes.push_back(std::stoull((*match)[1]));
    return bytes;
}

} // namespace

TEST_CASE("memory_probes.on_a_processor_that_claims_no_compute_units") {
    const StubRun run = memory_probes_on("cpu,claims=0");
    for (const unsigned long long bytes : buffers(run))
        CHECK(bytes > 0);
}

TEST_CASE("memory_probes.on_devices_with_little_memory") {
    for (const unsigned long long mib : {4u, 16u, 64u}) {
        const StubRun run = memory_probes_on("memory_mib=" + std::to_string(mib));
        CAPTURE(mib);
        CHECK_FALSE(buffers(run).empty());
        for (const unsigned long long bytes : buffers(run))
            CHECK(bytes <= (mib << 20) / 16); // a quarter of what one allocation may have
    }
}

TEST_CASE("memory_probes.on_other_devices") {
    for (const char *behaviour :
         {"address_bits=32", "group=64", "group=1", "cpu,group=1", "cpu,group=4096", "discrete",
          "cpu", "no_cache_size", "half_answers", "stamps=zero"})
        static_cast<void>(memory_probes_on(behaviour));
}

TEST_CASE("memory_probes.without_images") {
    const StubRun run = memory_probes_on("no_images");
    CHECK_THAT(run.trace, !ContainsSubstring("clCreateImage"));
    for (const ProbeRecord &record : run.report.devices.at(0).probes)
        if (record.probe.starts_with("memory/image_")) {
            CAPTURE(record.probe);
            CHECK(record.status == Status::unsupported);
            CHECK_THAT(record.reason, ContainsSubstring("image"));
        }
}

TEST_CASE("memory_probes.with_few_formats_or_images_refused") {
    for (const char *behaviour :
         {"formats=0", "formats=1", "image_error=-5", "image_error=-10", "image_error=-4"})
        static_cast<void>(memory_probes_on(behaviour));
}

TEST_CASE("memory_probes.where_memory_is_refused_half_way") {
    // The audit of the clock, in the same process or not, takes its buffers too.
    for (const char *granted : {"0", "1", "2", "3", "4", "6", "8"}) {
        const StubRun run = memory_probes_on(std::string("allocations=") + granted);
        for (const ProbeRecord &record : run.report.devices.at(0).probes) {
            CAPTURE(granted, record.probe, record.reason);
            if (record.probe.starts_with("memory/") && *granted == '0')
                CHECK_THAT(record.reason, ContainsSubstring("CL_MEM_OBJECT_ALLOCATION_FAILURE"));
        }
    }
}
