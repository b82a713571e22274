// The program with wrong input, unwritable output, and runs that are cut short.

#include "on_stub.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

using namespace clprobe;
using namespace clprobe::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;

namespace {

// The first probe is measured, the second does not get past its build.
const std::string hangs = sound + ",build_hang=kernels/compute/fma_rate.cl";
const std::vector<std::string> both = {"host/event_timer", "compute/fma_rate"};

std::vector<std::string> run_of_both(const std::vector<std::string> &more) {
    std::vector<std::string> arguments = {"run", "--profile", "tiny"};
    arguments.insert(arguments.end(), both.begin(), both.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

/// Whether the report in the file holds its first record.
bool has_a_record(const std::string &file) {
    if (!std::filesystem::exists(file))
        return false;
    const Report report = report_of(file);
    return !report.devices.empty() && !report.devices.front().probes.empty();
}

} // namespace

TEST_CASE("program.no_device_is_status_3") {
    for (const char *behaviour : {"devices=0", "no_platform", "list_crash"})
        for (const char *command : {"run", "devices"}) {
            const Outcome outcome = run_on_stub(behaviour, {command});
            CAPTURE(behaviour, command, outcome.err);
            CHECK(outcome.exit_status == 3);
            CHECK_THAT(outcome.err, ContainsSubstring("clprobe: "));
        }
    CHECK_THAT(run_on_stub("list_crash", {"run"}).err, ContainsSubstring("SIGSEGV"));
    const Outcome hung = run_on_stub("list_hang", {"run", "--timeout", "1"});
    CHECK(hung.exit_status == 3);
    CHECK_THAT(hung.err, ContainsSubstring("did not end within 1 s"));
    CHECK(run_on_stub("", {"run"}, {{"OCL_ICD_VENDORS", "/nonexistent"}}).exit_status == 3);
}

TEST_CASE("program.wrong_names_are_status_2_with_the_nearest") {
    using Words = std::vector<std::string>;
    for (const auto &[wrong, message] : {
             std::pair{Words{"rnu"}, "no command is called \"rnu\" (did you mean run?); "
                                     "`clprobe --help` shows them all"},
             {Words{"--versio"}, "no option of clprobe is called \"--versio\" (did you mean "
                                 "--version?); `clprobe --help` shows them all"},
             {Words{"run", "--jsn=x", "memory"}, "no option of run is called \"--jsn\" (did you "
                                                 "mean --json?); `clprobe run --help` shows"},
             {Words{"devices", "json"}, "no option of devices is called \"json\" (did you mean "
                                        "--json?); `clprobe devices --help` shows them all"},
             {Words{"run", "--profile", "quik"}, "no profile is called \"quik\" (did you mean "
                                                 "quick?); tiny, quick, standard and thorough are"},
             {Words{"run", "--device", "gpu0-stab-gpu"},
              "no device is called \"gpu0-stab-gpu\" (did you mean gpu0-stub-gpu?); there are "},
             {Words{"run", "compute/fma_rat"}, "no probe is called \"compute/fma_rat\" (did you "
                                               "mean compute/fma_rate?); `clprobe list` shows"},
             {Words{"list", "memry"}, "no probe is called \"memry\" (did you mean memory?)"},
             {Words{"inspect", "buffer.l1.siz"},
              "(did you mean memory/buffer_latency, which finds buffer.l<n>.size?)"},
             {Words{"analyze", "no.json", "--probe", "host/tranfer"},
              "(did you mean host/transfer?)"},
             {Words{"run", "--json"}, "--json: 1 required"},
         }) {
        const Outcome outcome = run_on_stub(sound, wrong);
        CAPTURE(outcome.out);
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, StartsWith("clprobe: ") && ContainsSubstring(message));
        CHECK(std::ranges::count(outcome.err, '\n') == 1);
    }
    for (const std::vector<std::string> &wrong : {std::vector<std::string>{},
                                                  {"rum"},
                                                  {"run", "--profile", "fast"},
                                                  {"run", "--bogus"},
                                                  {"run", "--timeout", "-1"},
                                                  {"run", "--timeout", "soon"},
                                                  {"run", "--seed", "x"}}) {
        const Outcome outcome = run_on_stub("", wrong);
        CAPTURE(outcome.out, outcome.err);
        CHECK(outcome.exit_status == 2);
        CHECK(!outcome.err.empty());
    }
}

TEST_CASE("program.list_shows_the_probes_that_are_named") {
    const Outcome some = run_on_stub("", {"list", "host", "*/tlb"});
    CHECK(some.exit_status == 0);
    for (const char *shown : {"host/event_timer\n", "host/transfer\n", "memory/tlb\n", "page.size"})
        CHECK_THAT(some.out, ContainsSubstring(shown));
    CHECK_THAT(some.out, !ContainsSubstring("memory/buffer_latency\n"));
    const Json json = parse_json(run_on_stub("", {"list", "memory/tlb", "--json"}).out);
    CHECK(json.at("probes").size() == 1);
    const Scratch scratch;
    CHECK(run_on_stub("", {"list", "memory/tlb", "--markdown", scratch.file("")}).exit_status == 0);
    CHECK(std::filesystem::exists(scratch.file("memory-tlb.md")));
    CHECK(!std::filesystem::exists(scratch.file("README.md")));
}

TEST_CASE("program.seeds_are_decimal_and_fit_64_bits") {
    for (const std::string seed : {"-1", "18446744073709551616", "1x", "0x10"}) {
        const Outcome outcome = run_on_stub(sound, run_of_both({"--seed", seed}));
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring("'" + seed + "' is no whole number from 0 to"));
    }
    CHECK(report_on_stub(sound, {"host/event_timer", "--seed", "010"}).report.seed == 10);
}

TEST_CASE("program.a_kernel_folder_that_is_not_there_is_status_2") {
    const Outcome outcome =
        run_on_stub(sound, run_of_both({}), {{"CLPROBE_KERNEL_DIR", "/no/such/folder"}});
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("CLPROBE_KERNEL_DIR names no folder"));
}

TEST_CASE("program.unwritable_output_is_found_before_the_run") {
    const Scratch scratch;
    const std::string file = scratch.file("file");
    std::ofstream(file) << "no folder";
    for (const std::vector<std::string> &output :
         {std::vector<std::string>{"--json", scratch.file("no/such/folder.json")},
          {"--json", scratch.file("")},
          {"--csv", file},
          {"--csv", file + "/folder"}}) {
        const std::string trace = scratch.file("trace");
        const Outcome outcome =
            run_on_stub("", run_of_both(output), {{"CLPROBE_STUB_TRACE", trace}});
        CAPTURE(output, outcome.err);
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring("cannot"));
        CHECK_THAT(text_of(trace), !ContainsSubstring("clCreateContext"));
    }
    CHECK(text_of(file) == "no folder");
}

TEST_CASE("program.full_disk_loses_nothing") {
    const Scratch scratch;
    const Environment environment = {{"TMPDIR", scratch.file("")}};
    const Outcome outcome = run_on_stub(sound, run_of_both({"--json", "/dev/full"}), environment);
    CHECK(outcome.exit_status == 1);
    CHECK_THAT(outcome.err, ContainsSubstring("No space left on device"));
    std::size_t rescued = 0;
    for (const auto &entry : std::filesystem::directory_iterator(scratch.file(""))) {
        CHECK(report_of(entry.path()).devices.at(0).probes.size() >= both.size());
        CHECK_THAT(outcome.err, ContainsSubstring(entry.path().string()));
        ++rescued;
    }
    CHECK(rescued == 1);
}

TEST_CASE("program.full_disk_leaves_the_report_that_was_there") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    std::ofstream(json) << "the report of before";
    // No file may grow beyond 1 KiB, nor may the place to rescue the report to.
    const std::string command = std::string("trap '' XFSZ; ulimit -f 1; exec ") + CLPROBE_PROGRAM +
                                " run --profile quick host/event_timer --json " + json +
                                " > /dev/null";
    Environment environment = stub_environment(sound);
    environment["TMPDIR"] = scratch.file("");
    const Outcome outcome = run_program({"bash", "-c", command}, environment);
    CAPTURE(outcome.err);
    CHECK(outcome.exit_status == 1);
    CHECK_THAT(outcome.err, ContainsSubstring("File too large"));
    CHECK(text_of(json) == "the report of before");
    const std::filesystem::directory_iterator files(scratch.file(""));
    CHECK(std::distance(begin(files), end(files)) == 1);
}

TEST_CASE("program.full_standard_output_is_an_error") {
    const std::string command =
        std::string("exec ") + CLPROBE_PROGRAM + " run --profile tiny host/event_timer > /dev/full";
    const Outcome outcome = run_program({"sh", "-c", command}, stub_environment(sound));
    CHECK(outcome.exit_status == 1);
    CHECK(!outcome.err.empty());
}

TEST_CASE("program.killed_run_is_resumed") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    const std::string trace = scratch.file("trace");
    {
        Child child(program(run_of_both({"--json", json})), stub_environment(hangs));
        REQUIRE(eventually([&] { return has_a_record(json); }, 30s));
        child.signal(SIGKILL);
        CHECK(child.wait(10s).signal == SIGKILL);
    }
    const Report before = report_of(json);
    CHECK(!before.complete);
    // The first of both, and what the second wants to know, were measured by then.
    const std::vector<ProbeRecord> &kept = before.devices.at(0).probes;
    REQUIRE(!kept.empty());
    CHECK(kept.back().probe != both.back());

    const Outcome outcome =
        run_on_stub(sound, run_of_both({"--resume", json}), {{"CLPROBE_STUB_TRACE", trace}});
    CHECK(outcome.exit_status == 1); // what the second computes is nothing
    const Report after = report_of(json);
    CHECK(after.complete);
    REQUIRE(after.devices.at(0).probes.size() > kept.size());
    CHECK(std::equal(kept.begin(), kept.end(), after.devices[0].probes.begin()));
    CHECK_THAT(text_of(trace), !ContainsSubstring("clEnqueueNDRangeKernel spin"));
}

TEST_CASE("program.killed_at_any_moment_it_goes_on") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    const auto command = [&] {
        const char *way = std::filesystem::exists(json) ? "--resume" : "--json";
        return run_of_both({way, json});
    };
    std::size_t records = 0;
    for (const auto delay : {5ms, 15ms, 25ms, 35ms, 50ms, 70ms, 100ms}) {
        Child child(program(command()), stub_environment(sound));
        std::this_thread::sleep_for(delay);
        child.signal(SIGKILL);
        static_cast<void>(child.wait(10s));
        if (!std::filesystem::exists(json))
            continue;
        const Report report = report_of(json);
        const std::size_t now = report.devices.empty() ? 0 : report.devices[0].probes.size();
        CHECK(now + 1 >= records); // a failed one is tried again
        records = now;
    }
    CHECK(run_on_stub(sound, command()).exit_status == 1);
    const Report report = report_of(json);
    CHECK(report.complete);
    CHECK(report.devices.at(0).probes.size() >= both.size());
}

TEST_CASE("program.devices_tell_their_uuid_where_they_have_one") {
    const auto listed = [](const char *behaviour) {
        return run_on_stub(behaviour, {"devices", "--json"}).out;
    };
    CHECK_THAT(listed("uuid=255"),
               ContainsSubstring(R"("uuid":"00000000-0000-0000-0000-0000000000ff")"));
    CHECK_THAT(listed(""), ContainsSubstring(R"("slug":)") && !ContainsSubstring("uuid"));
    CHECK_THAT(listed("uuid=0"), !ContainsSubstring(R"("uuid")"));
}

TEST_CASE("program.what_cannot_be_resumed_is_refused_and_left_as_it_was") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    static_cast<void>(run_on_stub(
        sound + ",uuid=1", {"run", "--profile", "tiny", "host/event_timer", "--json", json}));
    const std::string text = text_of(json);
    CHECK(report_of(json).devices.at(0).device.uuid == "00000000-0000-0000-0000-000000000001");
    const Outcome second = run_on_stub(sound + ",uuid=2", run_of_both({"--resume", json}));
    CHECK(second.exit_status == 2);
    CHECK_THAT(second.err, ContainsSubstring("was another device of the same name"));
    CHECK(text_of(json) == text);
    const Outcome other = run_on_stub(sound + ",name=Other", run_of_both({"--resume", json}));
    CHECK(other.exit_status == 2);
    CHECK(text_of(json) == text);

    const std::string half = scratch.file("half.json");
    std::ofstream(half) << text.substr(0, text.size() / 2);
    const Outcome truncated = run_on_stub(sound, run_of_both({"--resume", half}));
    CHECK(truncated.exit_status == 2);
    CHECK(text_of(half) == text.substr(0, text.size() / 2));
    CHECK(run_on_stub(sound, run_of_both({"--resume", scratch.file("none")})).exit_status == 2);
}

TEST_CASE("program.interrupted_run_writes_what_was_measured") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    Child child(program(run_of_both({"--json", json})), stub_environment(hangs));
    REQUIRE(eventually([&] { return has_a_record(json); }, 30s));
    child.signal_group(SIGINT);
    const Outcome outcome = child.wait(20s);
    CHECK(!outcome.timed_out);
    CHECK(outcome.exit_status == 130);
    const Report report = report_of(json);
    CHECK(!report.complete);
    REQUIRE(!report.devices.at(0).probes.empty());
    CHECK(!without_values(report.devices[0].probes[0]));
}

TEST_CASE("program.interrupt_ends_a_probe_at_its_next_launch") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    const std::string trace = scratch.file("trace");
    Environment environment = stub_environment(sound + ",launch_us=20000");
    environment["CLPROBE_STUB_TRACE"] = trace;
    Child child(program({"run", "--profile", "thorough", "host/event_timer", "--json", json}),
                environment);
    REQUIRE(eventually([&] { return text_of(trace).find("clEnqueueNDRange") != std::string::npos; },
                       30s));
    child.signal_group(SIGINT);
    const Outcome outcome = child.wait(20s);
    CHECK(!outcome.timed_out);
    CHECK(outcome.exit_status == 130);
    CHECK(!report_of(json).complete);
}

TEST_CASE("program.data_that_do_not_fit_fail_their_probe_alone") {
    Report report;
    std::vector<ProbeRecord> &probes = report.devices.emplace_back().probes;
    probes.resize(2);
    probes[0].probe = "memory/buffer_latency";
    probes[0].data.series = {{"times", {}, {"time", Unit::second, {}}, {{{}, {1e-6}, {}}}}};
    probes[1].probe = "execution/compute_units";
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    std::ofstream(file) << to_text(to_json(report));
    const Outcome outcome = run_on_stub("", {"analyze", file});
    CHECK(outcome.exit_status == 1);
    CHECK_THAT(outcome.err, ContainsSubstring("memory/buffer_latency: series 'times': 0 axes"));
    CHECK_THAT(outcome.out, ContainsSubstring("execution/compute_units       inconclusive"));
}

TEST_CASE("program.unreadable_reports_are_status_2") {
    const Scratch scratch;
    const std::string good = scratch.file("good.json");
    static_cast<void>(
        run_on_stub(sound, {"run", "--profile", "tiny", "host/event_timer", "--json", good}));
    const std::string text = text_of(good);
    CHECK(run_on_stub("no_platform", {"analyze", good}).exit_status == 0);

    std::string newer = text;
    const std::string version = "\"1.";
    REQUIRE(newer.find(version) != std::string::npos);
    newer.replace(newer.find(version), version.size(), "\"9.");
    const std::pair<const char *, std::string> wrong[] = {
        {"truncated", text.substr(0, text.size() / 2)},
        {"empty", ""},
        {"nested", std::string(1'000'000, '[')},
        {"newer", newer},
        {"binary", std::string("\x7f"
                               "ELF\0\1\2",
                               7)},
        {"other", "{\"devices\": 7}"},
    };
    for (const auto &[name, contents] : wrong) {
        const std::string file = scratch.file(name);
        std::ofstream(file) << contents;
        const Outcome outcome = run_on_stub("", {"analyze", file});
        CAPTURE(name, outcome.err);
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring(name));
        CHECK(outcome.err.size() < 1000);
    }
    CHECK(run_on_stub("", {"analyze", scratch.file("missing")}).exit_status == 2);
}
