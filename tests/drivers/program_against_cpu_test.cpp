// `clprobe network --against cpu`, on a device that runs no kernels: what the processor's library
// makes of networks, and how the program ends.

#include "io/file.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

void skip_without_library() {
    if (!std::filesystem::exists(std::filesystem::path(CLPROBE_PROGRAM).parent_path() /
                                 "clprobe-onednn"))
        SKIP("clprobe was built without oneDNN (libdnnl-dev)");
}

std::string file_in(const Scratch &scratch, const std::string &layers) {
    std::string file = scratch.file("mine.json");
    write_file(file, R"({"network_version": "1.0.0", "name": "mine", "title": "Mine",
                         "source": "me", "input": [3, 15, 14], "layers": [)" +
                         layers + "]}");
    return file;
}

Outcome against_cpu(std::vector<std::string> arguments, const Environment &more = {}) {
    arguments.insert(arguments.begin(), {"network", "--against", "cpu"});
    arguments.insert(arguments.end(), {"--profile", "tiny", "--rounds", "2"});
    return run_on_stub(sound, arguments, more);
}

/// Of the row of that network, the cell of that side.
const Json &cell(const Json &table, const std::string &network, const std::string &side) {
    static const Json none;
    for (const Json &row : table.at("rows"))
        if (row.at("network").at("name") == network)
            for (const Json &each : row.at("cells"))
                if (each.at("side") == side)
                    return each;
    return none;
}

} // namespace

TEST_CASE("program.against_cpu runs a network by the processor's library, and verifies it") {
    skip_without_library();
    const Scratch scratch;
    const std::string file = file_in(scratch, R"(
        {"name": "first", "operator": "convolution", "channels": 16, "kernel": 3, "padding": 1, "activation": "relu"},
        {"name": "depthwise", "operator": "depthwise_convolution", "kernel": 3, "padding": 1, "activation": "relu6"},
        {"name": "pointwise", "operator": "convolution", "channels": 16, "kernel": 1, "bias": false},
        {"name": "sum", "operator": "add", "inputs": ["pointwise", "first"], "activation": "relu"},
        {"name": "pooled", "operator": "max_pool", "kernel": 3, "stride": 2, "padding": 1},
        {"name": "strided", "operator": "convolution", "channels": 32, "kernel": 3, "stride": 2, "padding": 1,
         "groups": 2, "activation": "hard_swish"},
        {"name": "mean", "operator": "average_pool"},
        {"name": "dense", "operator": "dense", "channels": 10})");
    // What has misled: it is not passed on.
    const Outcome outcome = against_cpu({file, "--json", "-"},
                                        {{"OMP_PROC_BIND", "true"}, {"OPENBLAS_CORETYPE", "none"}});
    CHECK(outcome.exit_status == 1); // the device's probes fail
    const Json table = parse_json(outcome.out);
    for (const char *side : {"oneDNN, 1 thread", "oneDNN"}) {
        const Json &times = cell(table, "mine", side);
        if (times.is_null() && std::string(side) == "oneDNN")
            continue; // on one processor
        CHECK(times.at("calls") >= 6);
        CHECK(times.at("p50") > 0);
        CHECK_FALSE(times.at("implementation").get<std::string>().empty());
        CHECK(cell(table, "depthwise 3x3 16x15x14", side).at("rate") > 0);
    }
    CHECK_THAT(table.at("sides").back().at("title").get<std::string>(),
               ContainsSubstring("without") && ContainsSubstring("OMP_PROC_BIND"));
}

TEST_CASE("program.against_cpu runs a block of a transformer by the processor's library") {
    skip_without_library();
    for (const char *causal : {"false", "true"}) {
        const Scratch scratch;
        const std::string file = scratch.file("block.json");
        write_file(file, R"({"network_version": "1.0.0", "name": "block", "title": "Block",
                             "source": "me", "input": [24, 19], "layers": [
            {"name": "norm", "operator": "layer_norm"},
            {"name": "parts", "operator": "dense", "channels": 72},
            {"name": "heads", "operator": "attention", "heads": 3, "causal": )" +
                             std::string(causal) + R"(},
            {"name": "joined", "operator": "dense", "channels": 24},
            {"name": "sum", "operator": "add", "inputs": ["joined", "input"]}]})");
        const Outcome outcome = against_cpu({file, "--json", "-"});
        const Json table = parse_json(outcome.out);
        const Json &times = cell(table, "block", "oneDNN, 1 thread");
        CAPTURE(outcome.err, table.dump(1));
        CHECK(times.at("p50") > 0);
        const std::string attention = fmt::format("attention 72->24x19 by 3 {}heads",
                                                  causal == std::string("true") ? "causal " : "");
        CHECK(cell(table, attention, "oneDNN, 1 thread").at("rate") > 0);
        CHECK(cell(table, "layer norm 24x19", "oneDNN, 1 thread").at("p50") > 0);
    }
}

TEST_CASE("program.against_cpu names the layer that the library has nothing for") {
    skip_without_library();
    const Scratch scratch;
    const std::string file = file_in(scratch, R"({"name": "norm", "operator": "layer_norm"},
                            {"name": "first", "operator": "convolution", "channels": 4, "kernel": 1})");
    const Outcome outcome = against_cpu({file});
    CHECK_THAT(outcome.out, ContainsSubstring("layer norm, layer_norm, has no primitive here") &&
                                ContainsSubstring("conv 1x1 3->4x15x14"));
}

TEST_CASE("program.against_cpu refuses what it does not measure") {
    const auto refused = [](std::vector<std::string> arguments, const std::string &why) {
        arguments.insert(arguments.begin(), "network");
        const Outcome outcome = run_on_stub("devices=0", arguments);
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring(why));
    };
    refused({"--against", "gpu"}, "it takes cpu");
    refused({"--against", "cpu", "--type", "fp16"}, "in fp32 at batch 1");
    refused({"resnet-18", "--against", "cpu", "--batch", "4"}, "in fp32 at batch 1");
    refused({"resnet-81", "--against", "cpu"}, "did you mean resnet-18?");
    refused({"--against", "cpu", "--rounds", "0"}, "rounds");
    skip_without_library();
    const Outcome none = run_on_stub("devices=0", {"network", "--against", "cpu"});
    CHECK(none.exit_status == 3);
}
