// What `clprobe tune` keeps, and what later runs make of it.

#include "io/choices.hpp"
#include "io/file.hpp"
#include "program.hpp"

#include <clprobe/report.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <filesystem>
#include <vector>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

/// The system's own drivers, and a cache of the test's own.
Environment with_cache(const Scratch &scratch) {
    return {{"OCL_ICD_VENDORS", "/etc/OpenCL/vendors"}, {"XDG_CACHE_HOME", scratch.file("cache")}};
}

Outcome run_on_cpu(const Scratch &scratch, const char *command,
                   const char *probe = "workloads/gemm") {
    return run_on_stub("",
                       {command, probe, "--device", "cpu", "--profile", "tiny", "--json",
                        scratch.file("report.json")},
                       with_cache(scratch));
}

/// How the plan of the smallest shape was chosen.
std::string choice_in(const Scratch &scratch) {
    const Report report = report_of(scratch.file("report.json"));
    const auto &records = report.devices.at(0).probes;
    const auto gemm = std::ranges::find(records, "workloads/gemm", &ProbeRecord::probe);
    REQUIRE(gemm != records.end());
    return gemm->data.text_attribute("choice.64x64x64");
}

} // namespace

TEST_CASE("program.tune_keeps_what_won_for_later_runs") {
    const Scratch scratch;
    const Outcome first = run_on_cpu(scratch, "run");
    INFO(first.out << first.err);
    if (first.exit_status == 2 || first.exit_status == 3) // no such device, or none at all
        SKIP("the system has no CPU as an OpenCL device");
    REQUIRE(first.exit_status == 0);
    CHECK(choice_in(scratch) == "predicted to be the fastest");

    const Outcome tuned = run_on_cpu(scratch, "tune");
    INFO(tuned.out << tuned.err);
    REQUIRE(tuned.exit_status == 0);
    CHECK_THAT(tuned.err, ContainsSubstring("1 choice kept in " + scratch.file("cache")));
    CHECK(choice_in(scratch) == "the fastest of a race");

    REQUIRE(run_on_cpu(scratch, "run").exit_status == 0);
    CHECK(choice_in(scratch) == "kept from a race");

    // A file that cannot be read is named, and costs no run.
    const fs::path kept = fs::directory_iterator(scratch.file("cache/clprobe/tuning"))->path();
    write_file(kept, R"({"choices": [{"kernel": 1}]})");
    const Outcome spoilt = run_on_cpu(scratch, "run");
    CHECK(spoilt.exit_status == 0);
    CHECK_THAT(spoilt.err, ContainsSubstring("choices that were kept are left out") &&
                               ContainsSubstring("/choices/0/kernel"));
    CHECK(choice_in(scratch) == "predicted to be the fastest");
}

TEST_CASE("program.tune_tries_every_plan_of_one_shape", "[long]") {
    const Scratch scratch;
    const Outcome tuned = run_on_stub("",
                                      {"tune", "workloads/softmax_norm", "--shape",
                                       "layer_norm.64x40", "--every-plan", "--device", "cpu",
                                       "--profile", "tiny", "--json", scratch.file("report.json")},
                                      with_cache(scratch));
    INFO(tuned.out << tuned.err);
    if (tuned.exit_status == 2 || tuned.exit_status == 3) // no such device, or none at all
        SKIP("the system has no CPU as an OpenCL device");
    REQUIRE(tuned.exit_status == 0);
    CHECK_THAT(tuned.out, ContainsSubstring("layer_norm.64x40: ") &&
                              ContainsSubstring("of the likely ones takes"));
    const Report report = report_of(scratch.file("report.json"));
    const auto &records = report.devices.at(0).probes;
    const auto norms = std::ranges::find(records, "workloads/softmax_norm", &ProbeRecord::probe);
    REQUIRE(norms != records.end());
    CHECK(norms->data.number_attribute("over_best.layer_norm.64x40").value_or(0) > 0);
    CHECK_THAT(norms->data.text_attribute("unmeasured.softmax.64x40"),
               ContainsSubstring("the search was for"));
}

TEST_CASE("program.networks_take_what_was_kept_for_their_convolutions", "[long]") {
    const Scratch scratch;
    const Outcome tuned = run_on_cpu(scratch, "tune");
    INFO(tuned.out << tuned.err);
    if (tuned.exit_status == 2 || tuned.exit_status == 3) // no such device, or none at all
        SKIP("the system has no CPU as an OpenCL device");
    const fs::path kept = fs::directory_iterator(scratch.file("cache/clprobe/tuning"))->path();
    const auto network = [&] {
        REQUIRE(run_on_cpu(scratch, "run", "workloads/network").exit_status == 0);
        const Report report = report_of(scratch.file("report.json"));
        const auto &records = report.devices.at(0).probes;
        const auto record = std::ranges::find(records, "workloads/network", &ProbeRecord::probe);
        REQUIRE(record != records.end());
        return *record;
    };
    const ProbeRecord before = network();
    CHECK(before.data.number_attribute("kept.small") == 0.0);

    // The plan of the second layer, which lies between the layer's number and the rounds.
    const auto build =
        std::ranges::find(before.builds, "workloads/convolution", &BuildRecord::kernel);
    REQUIRE(build != before.builds.end());
    const Series *layers = before.data.find("layer");
    REQUIRE(layers != nullptr);
    const auto second =
        std::ranges::find_if(layers->points, [](const Point &point) { return point.at[1] == 1; });
    REQUIRE(second != layers->points.end());
    const std::vector<Choice> choices = {{build->kernel,
                                          build->sha256,
                                          "3x3.16-16.14x14",
                                          {second->at.begin() + 2, second->at.end() - 1}}};
    write_file(kept, to_text(to_json(choices)));
    CHECK(network().data.number_attribute("kept.small") == 1.0);
}

TEST_CASE("program.tune_wants_to_know_what") {
    const Outcome outcome = run_on_stub("", {"tune"});
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("PROBE"));
}

TEST_CASE("program.tune_refuses_what_has_no_choice_to_make") {
    const Outcome outcome = run_on_stub("", {"tune", "host/launch"});
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("host/launch has no choice to make") &&
                                ContainsSubstring("workloads/gemm"));
}

TEST_CASE("program.tune_takes_one_network_at_a_batch_that_can_be") {
    const auto refused = [](const std::vector<std::string> &arguments, const std::string &what) {
        std::vector<std::string> command = {"tune"};
        command.insert(command.end(), arguments.begin(), arguments.end());
        const Outcome outcome = run_on_stub("", command);
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring(what));
    };
    refused({"nonsense"}, "no probe, and no network is called \"nonsense\"");
    refused({"resnet-18", "--batch", "0"}, "a batch of 0: expected 1 to");
    refused({"resnet-18", "--batch", "1000000000"}, "a batch of 1000000000: expected 1 to");
    refused({"resnet-18", "repvgg-a2"}, "one network alone");
    refused({"workloads/gemm", "--batch", "4"}, "--batch is of a network");
}

TEST_CASE("program.tune_says_that_no_shape_of_a_network_has_that_name") {
    const Outcome outcome =
        run_on_stub("", {"tune", "resnet-18", "--shape", "no such shape", "--profile", "tiny"});
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("no shape of these has 'no such shape'"));
}

TEST_CASE("program.tune_needs_a_place_for_what_it_finds") {
    const Outcome outcome =
        run_on_stub("", {"tune", "workloads/gemm"}, {{"HOME", ""}, {"XDG_CACHE_HOME", ""}});
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("set HOME or XDG_CACHE_HOME"));
}
