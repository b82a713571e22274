// `clprobe network`: what it prints, what it leaves, and how it ends.

#include "io/file.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The program, on a driver without devices: it needs none.
Outcome network(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "network");
    return run_on_stub("devices=0", arguments);
}

/// A report of a device on which a layer's roofs are known.
std::string report_in(const Scratch &scratch) {
    Report report;
    report.complete = true;
    DeviceRecord &record = report.devices.emplace_back();
    record.device.slug = "gpu0-made-up";
    record.device.name = "made up";
    ProbeRecord &probe = record.probes.emplace_back();
    probe.probe = "compute/fma_rate";
    probe.status = Status::measured;
    probe.clock.source = "host";
    for (const auto &[key, unit] :
         {std::pair{"fma.fp32.rate", Unit::flop_per_second},
          std::pair{"buffer.memory.read_bandwidth", Unit::byte_per_second},
          std::pair{"buffer.memory.write_bandwidth", Unit::byte_per_second}})
        probe.findings.push_back(measured({key, unit, Better::higher, {}}, 1e12, {0.9e12, 1.1e12}));
    std::string file = scratch.file("report.json");
    write_file(file, to_text(to_json(report)));
    return file;
}

} // namespace

TEST_CASE("program.network lists the networks that come with it") {
    const Outcome outcome = network({});
    CHECK(outcome.exit_status == 0);
    for (const char *name : {"gpt2-prefill", "gpt2-token", "mobilenet-v1", "mobilenet-v2",
                             "repvgg-a2", "resnet-18", "ssd-mobilenet-backbone", "vit-s-block"})
        CHECK_THAT(outcome.out, ContainsSubstring(name));
}

TEST_CASE("program.network prints a network by its name and of a file") {
    const Outcome known = network({"repvgg-a2", "--type", "fp16"});
    CHECK(known.exit_status == 0);
    CHECK_THAT(known.out, ContainsSubstring("13 x conv 3x3") && ContainsSubstring("47037") &&
                              ContainsSubstring("6272") && ContainsSubstring("5115.54") &&
                              ContainsSubstring("25499944 parameters"));
    const Scratch scratch;
    const std::string file = scratch.file("mine.json");
    write_file(file, R"({"network_version": "1.0.0", "name": "mine", "title": "Mine",
                         "source": "me", "input": [3, 8, 8], "layers": [
                         {"name": "a", "operator": "convolution", "channels": 4, "kernel": 3}]})");
    const Outcome own = network({file, "--markdown", "--batch", "2"});
    CHECK(own.exit_status == 0);
    CHECK_THAT(own.out, ContainsSubstring("### Mine") && ContainsSubstring("batch 2") &&
                            ContainsSubstring("| conv 3x3 |"));
}

TEST_CASE("program.network sets a network against a report") {
    const Scratch scratch;
    const std::string report = report_in(scratch);
    const Outcome shown = network({"resnet-18", "--report", report});
    CHECK(shown.exit_status == 0);
    CHECK_THAT(shown.out, ContainsSubstring("gpu0-made-up") && ContainsSubstring("predicted") &&
                              ContainsSubstring("launch.back_to_back: the report has none"));
    const Outcome data =
        network({"resnet-18", "--report", report, "--device", "gpu0-made-up", "--json", "-"});
    CHECK(data.exit_status == 0);
    const Json json = parse_json(data.out);
    CHECK(json.at("total").at("parameters") == 11'684'712);
    CHECK(json.at("devices").at(0).at("whole").at("bound") == "compute");
    const Outcome half = network({"resnet-18", "--report", report, "--type", "fp16"});
    CHECK(half.exit_status == 0);
    CHECK_THAT(half.out, ContainsSubstring("fma.fp16.rate: the report has none"));
}

TEST_CASE("program.network refuses what it cannot read or does not know") {
    const Scratch scratch;
    const std::string report = report_in(scratch);
    const auto refused = [](const std::vector<std::string> &arguments, const std::string &why) {
        const Outcome outcome = network(arguments);
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring(why));
    };
    refused({"resnet-81"}, "no network is called \"resnet-81\" (did you mean resnet-18?)");
    refused({"./no-such.json"}, "no-such.json");
    refused({report}, "no network, as it lacks 'network_version'");
    refused({"resnet-18", "--type", "fp61"}, "no type is called \"fp61\"");
    refused({"resnet-18", "--batch", "0"}, "batch is 0");
    refused({"resnet-18", "--batch", "-1"}, "no whole number");
    refused({"--batch", "4"}, "which network?");
    refused({"resnet-18", "--batch", "1000000000000"}, "batch is 1000000000000");
    refused({"resnet-18", "--device", "gpu0-made-up"}, "--device chooses one of a report");
    refused({"resnet-18", "--report", report, "--device", "gpu0-made-off"},
            "no device is called \"gpu0-made-off\" (did you mean gpu0-made-up?)");
    refused({"resnet-18", "--report", scratch.file("no.json")}, "cannot read");
}
