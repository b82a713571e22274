#include "io/file.hpp"
#include "on_stub.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <filesystem>

namespace clprobe::test {

std::vector<std::string> program(const std::vector<std::string> &arguments) {
    std::vector<std::string> command = {CLPROBE_PROGRAM};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

Outcome run_on_stub(const std::string &behaviour, const std::vector<std::string> &arguments,
                    const Environment &more) {
    Environment environment = stub_environment(behaviour);
    for (const auto &[name, value] : more)
        environment[name] = value;
    Outcome outcome = run_program(program(arguments), environment);
    INFO("CLPROBE_STUB=" << behaviour << "\n" << outcome.out << outcome.err);
    REQUIRE(!outcome.timed_out);
    REQUIRE(outcome.signal == 0);
    for (const char *sign : {"terminate called", "Sanitizer", "runtime error:"})
        REQUIRE(outcome.err.find(sign) == std::string::npos);
    return outcome;
}

std::string text_of(const std::string &file) {
    return std::filesystem::exists(file) ? read_file(file) : "";
}

Report report_of(const std::string &file) {
    return report_from_json(parse_json(read_file(file)));
}

const ProbeRecord &StubRun::record(const std::string &probe) const {
    REQUIRE(report.devices.size() == 1);
    const auto &records = report.devices.front().probes;
    const auto found = std::ranges::find(records, probe, &ProbeRecord::probe);
    INFO(probe);
    REQUIRE(found != records.end());
    return *found;
}

StubRun report_on_stub(const std::string &behaviour, const std::vector<std::string> &arguments) {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    const std::string trace = scratch.file("trace");
    std::vector<std::string> all = {"run", "--json", json};
    all.insert(all.end(), arguments.begin(), arguments.end());
    StubRun run;
    run.outcome =
        run_on_stub(behaviour, all, {{"CLPROBE_STUB_TRACE", trace}, {"CLPROBE_PROFILE", "tiny"}});
    INFO("CLPROBE_STUB=" << behaviour << "\n" << run.outcome.err);
    REQUIRE(std::filesystem::exists(json));
    run.report = report_of(json);
    run.trace = text_of(trace);
    return run;
}

const Finding &finding(const ProbeRecord &record, std::string_view key) {
    const auto found = std::ranges::find(record.findings, key, &Finding::key);
    INFO(record.probe << ' ' << key);
    REQUIRE(found != record.findings.end());
    return *found;
}

bool without_values(const ProbeRecord &record) {
    return std::ranges::none_of(record.findings,
                                [](const Finding &f) { return f.value.has_value(); });
}

} // namespace clprobe::test
