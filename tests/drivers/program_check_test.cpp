// `clprobe check`: what it prints, what it leaves, and how it ends.

#include "io/file.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <string>
#include <vector>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A file of expectations about devices with that in their name.
std::string about(const std::string &device, const std::string &expectations) {
    return R"({"expectations_version": "1.0.0", "title": "A team's gate", "device": ")" + device +
           R"(", "source": "the budget", "expectations": [)" + expectations + "]}";
}

const std::string holds =
    R"({"claim": "time goes by", "key": "event_timer.resolution", "unit": "ns", "at_least": 0})";
const std::string fails =
    R"({"claim": "no time goes by", "key": "event_timer.resolution", "unit": "ns", "at_most": 0})";
const std::string untestable =
    R"({"claim": "it copies", "key": "buffer.memory.copy_bandwidth", "unit": "GB/s", "at_least": 1})";

/// A report of the stub, and a folder for files of expectations.
struct Gate {
    Gate() {
        const std::vector<std::string> run = {"run",  "host/event_timer", "--profile",
                                              "tiny", "--json",           report};
        REQUIRE(run_on_stub(sound, run).exit_status == 0);
        // On a busy machine the stub's timer may be suspect, and that is not the question here.
        Report measured = read_report(report);
        for (Finding &finding : measured.devices.at(0).probes.at(0).findings)
            if (finding.value)
                finding.status = Status::measured;
        write_file(report, to_text(to_json(measured)));
    }
    std::string with(const std::string &name, const std::string &expectations,
                     const std::string &device = "stub") const {
        std::string file = scratch.file(name);
        write_file(file, about(device, expectations));
        return file;
    }
    [[nodiscard]] Outcome check(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"check", report});
        return run_on_stub("devices=0", arguments);
    }

    Scratch scratch;
    std::string report = scratch.file("report.json");
};

} // namespace

TEST_CASE("program.check ends with 1 where an expectation is refuted") {
    const Gate gate;
    const Outcome kept = gate.check({gate.with("a.json", holds + "," + untestable)});
    CHECK(kept.exit_status == 0);
    CHECK_THAT(kept.out, ContainsSubstring("2 expectations: 1 confirmed, 1 untestable") &&
                             ContainsSubstring("time goes by [1]") &&
                             ContainsSubstring("not measured"));
    const Outcome refuted = gate.check({gate.with("a.json", holds), gate.with("b.json", fails)});
    CHECK(refuted.exit_status == 1);
    CHECK_THAT(refuted.out, ContainsSubstring("1 expectation: 1 refuted"));
    const Outcome markdown = gate.check({gate.with("b.json", fails), "--markdown"});
    CHECK(markdown.exit_status == 1);
    CHECK_THAT(markdown.out,
               ContainsSubstring("| no time goes by \\[1\\] | event\\_timer.resolution | "
                                 "at most 0 s |"));
}

TEST_CASE("program.check writes its verdicts as data and as JUnit's XML") {
    const Gate gate;
    const std::string file = gate.with("b.json", fails + "," + holds + "," + untestable);
    const std::string junit = gate.scratch.file("junit.xml");
    const Outcome outcome = gate.check({file, "--json", "-", "--junit", junit});
    CHECK(outcome.exit_status == 1);
    const Json json = parse_json(outcome.out);
    const Json &results = json.at("files").at(0).at("expectations");
    REQUIRE(results.size() == 3);
    CHECK(results[0].at("verdict") == "refuted");
    CHECK(results[1].at("finding").at("key") == "event_timer.resolution");
    CHECK(results[2].at("verdict") == "untestable");
    CHECK_THAT(text_of(junit), ContainsSubstring(R"(tests="3" failures="1" skipped="1")") &&
                                   ContainsSubstring(R"(name="event_timer.resolution")"));
}

TEST_CASE("program.check leaves out what is about other devices, and refuses it alone") {
    const Gate gate;
    const std::string other = gate.with("other.json", fails, "H200");
    const Outcome beside = gate.check({gate.with("a.json", holds), other});
    CHECK(beside.exit_status == 0);
    CHECK_THAT(beside.err, ContainsSubstring("is about devices like 'H200', and left out"));
    const Outcome alone = gate.check({other});
    CHECK(alone.exit_status == 2);
    CHECK_THAT(alone.err, ContainsSubstring("none of the expectations is about a device"));
}

TEST_CASE("program.check tests one expectation for ctest") {
    const Gate gate;
    const std::string file = gate.with("a.json", holds + "," + fails + "," + untestable);
    CHECK(gate.check({file, "--only", "1"}).exit_status == 0);
    CHECK(gate.check({file, "--only", "2"}).exit_status == 1);
    CHECK(gate.check({file, "--only", "3"}).exit_status == 4);
    for (const char *number : {"0", "4"}) {
        const Outcome outcome = gate.check({file, "--only", number});
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring("3 expectations"));
    }
    CHECK_THAT(gate.check({file, "--only", "-1"}).err, ContainsSubstring("no whole number"));
    // About another device, or with no report since there was no device: nothing to test.
    CHECK(gate.check({gate.with("b.json", fails, "H200"), "--only", "1"}).exit_status == 4);
    const std::vector<std::string> missing = {"check", gate.scratch.file("no.json"), file, "--only",
                                              "2"};
    CHECK(run_on_stub("", missing).exit_status == 4);
}

TEST_CASE("program.check refuses what it cannot read or would never test") {
    const Gate gate;
    const auto refused = [&](const std::vector<std::string> &arguments, const std::string &why) {
        const Outcome outcome = gate.check(arguments);
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring(why));
    };
    refused({gate.with("a.json", R"({"claim": "c", "key": "buffer.l1.sise", "value": 1})")},
            "no finding is called \"buffer.l1.sise\" (did you mean buffer.l<n>.size?)");
    refused({gate.with("a.json", R"({"claim": "c", "key": "event_timer.resolution", "value": 1})")},
            "a.json': 'event_timer.resolution' is asked for in 1");
    refused({gate.with("a.json", R"({"claim": "c", "key": "k", "valu": 1})")},
            "/expectations/0: no member is called \"valu\" (did you mean value?)");
    refused({gate.report}, "no file of expectations");
    refused({gate.scratch.file("no.json")}, "cannot read");
    refused({}, "EXPECTATIONS is required");
    const std::vector<std::string> swapped = {"check", gate.with("a.json", holds), gate.report};
    const Outcome outcome = run_on_stub("", swapped);
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("no report of `clprobe run`"));
}

TEST_CASE("program.show ends with the verdicts on what was claimed") {
    const Gate gate;
    const auto show = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"show", gate.report});
        return run_on_stub("devices=0", arguments);
    };
    const std::string kept = gate.with("a.json", holds);
    const Outcome both = show({"--expectations", kept, gate.with("b.json", fails)});
    CHECK(both.exit_status == 0);
    CHECK_THAT(both.out, ContainsSubstring("2 expectations: 1 confirmed, 1 refuted\n") &&
                             ContainsSubstring("x  no time goes by: asked at most 0 s, found "));
    CHECK_THAT(show({"--markdown", "--expectations", kept}).out,
               ContainsSubstring("### 1 expectation: 1 confirmed\n"));
    const Outcome of_others = show({"--expectations", gate.with("c.json", fails, "H200")});
    CHECK(of_others.exit_status == 2);
    CHECK_THAT(of_others.err, ContainsSubstring("none of the expectations is about a device"));
    CHECK(show({"host/event_timer", "--expectations", kept}).exit_status == 2);
}

TEST_CASE("program.check takes an inspection") {
    const Scratch scratch;
    const std::string inspected = scratch.file("inspected.json");
    REQUIRE(run_on_stub("", {"inspect", "host/event_timer", "--json", inspected}).exit_status == 0);
    const std::string file = scratch.file("a.json");
    write_file(file, about("*", R"({"claim": "it may have work-items",
                                    "key": "inspect.host/event_timer.spin.max_group_size",
                                    "at_least": 1})"));
    const Outcome outcome = run_on_stub("", {"check", inspected, file});
    CHECK(outcome.exit_status == 0);
    CHECK_THAT(outcome.out, ContainsSubstring("1 expectation: 1 confirmed"));
}

TEST_CASE("program.run takes the keys of findings for their probes") {
    const Scratch scratch;
    const std::string report = scratch.file("report.json");
    const std::vector<std::string> run = {"run",  "event_timer.*", "--profile",
                                          "tiny", "--json",        report};
    CHECK(run_on_stub(sound, run).exit_status == 0);
    const Report measured = report_of(report);
    REQUIRE(measured.devices.at(0).probes.size() == 1);
    CHECK(measured.devices[0].probes[0].probe == "host/event_timer");
}
