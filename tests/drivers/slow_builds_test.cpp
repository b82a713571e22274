// Probes of many programs on this machine's own device, where each build takes its time: they build
// no more than their time allows, and say what they then do without.

#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace clprobe;
using namespace clprobe::test;

namespace {

constexpr double slow_build = 0.4;

/// Seconds that the probe may take at the quick profile.
double quick_seconds(const std::string &probe) {
    const Outcome list = run_program(program({"list", "--json"}), {});
    const nlohmann::json probes = nlohmann::json::parse(list.out).at("probes");
    for (const auto &listed : probes)
        if (listed.at("name") == probe)
            return listed.at("seconds").get<double>() / 4;
    FAIL("no probe " << probe);
    return 0;
}

} // namespace

TEST_CASE("slow_builds.keep_to_the_time_of_the_probe") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    const Outcome outcome =
        run_program(program({"run", "--profile", "quick", "--json", json, "compute/fma_rate",
                             "compute/dot_product", "memory/buffer_bandwidth"}),
                    {{"OPENCL_LAYERS", CLPROBE_SLOW_BUILDS}, {"CLPROBE_BUILD_MS", "400"}});
    if (outcome.exit_status == 3)
        SKIP("no device");
    INFO(outcome.out << outcome.err);
    const Report report = report_of(json);
    for (const ProbeRecord &record : report.devices.at(0).probes) {
        CAPTURE(record.probe, record.reason);
        REQUIRE_FALSE(record.builds.empty());
        if (record.builds.front().seconds < slow_build)
            SKIP("this OpenCL loader knows no layers");
        if (record.prerequisite)
            continue;
        CHECK(record.status != Status::failed);
        const double building = slow_build * static_cast<double>(record.builds.size() - 1);
        CHECK(building <= 2 * quick_seconds(record.probe));
        for (const Finding &finding : record.findings)
            CHECK((finding.value || !finding.note.empty()));
    }
}
