// The program and its processes: what hangs in the kernel, what keeps pipes open, signals, locks.

#include "measure/device_lock.hpp"
#include "on_stub.hpp"
#include "program.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace clprobe;
using namespace clprobe::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::string timer = "host/event_timer";
const std::string fma_rate = "compute/fma_rate";
const std::string fma_hangs = sound + ",build_hang=kernels/compute/fma_rate.cl";

/// A device that no other test waits for, named after this process, and its slug.
std::string own_device(const std::string &what) {
    return ",name=" + what + " " + std::to_string(getpid());
}
std::string slug_of(const std::string &what) {
    return "gpu0-" + what + "-" + std::to_string(getpid());
}

std::vector<std::string> tiny_run(std::vector<std::string> more) {
    more.insert(more.begin(), {"run", "--profile", "tiny"});
    return more;
}

/// How many records the report in the file has.
std::size_t records_in(const std::string &file) {
    if (!std::filesystem::exists(file))
        return 0;
    const Report report = report_of(file);
    return report.devices.empty() ? 0 : report.devices.front().probes.size();
}

/// The only child of that process, 0 where there is none.
pid_t child_of(pid_t process) {
    const std::string id = std::to_string(process);
    std::ifstream children("/proc/" + id + "/task/" + id + "/children");
    pid_t child = 0;
    children >> child;
    return child;
}

/// What the program writes to stderr where that is a terminal.
std::string on_a_terminal(const std::vector<std::string> &arguments, const Environment &more) {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    REQUIRE(master >= 0);
    REQUIRE(grantpt(master) == 0);
    REQUIRE(unlockpt(master) == 0);
    const std::string slave = ptsname(master);
    Environment environment = stub_environment(sound);
    environment["TERM"] = "xterm";
    for (const auto &[name, value] : more)
        environment[name] = value;
    const std::string command = std::string("exec \"$@\" 2> ") + slave;
    std::vector<std::string> all = {"sh", "-c", command, "sh"};
    for (const std::string &word : program(arguments))
        all.push_back(word);
    const int keeps_it_open = open(slave.c_str(), O_RDWR | O_NOCTTY);
    CHECK(run_program(all, environment).exit_status == 0);
    std::string text(1 << 20, '\0');
    fcntl(master, F_SETFL, O_NONBLOCK);
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(read(master, text.data(), 4096), 0)));
    close(keeps_it_open);
    close(master);
    return text;
}

} // namespace

TEST_CASE("program.a_process_that_not_even_a_kill_ends_is_left_behind") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    Child run(program(tiny_run(
                  {"execution/compute_units", "host/transfer", "--timeout", "2", "--json", json})),
              stub_environment(sound + ",build_hang=kernels/execution/compute_units.cl"));
    REQUIRE(eventually([&] { return records_in(json) > 0; }, 30s));
    pid_t hung = 0;
    REQUIRE(eventually([&] { return (hung = child_of(run.id())) != 0; }, 5s));
    // Its parent does not hear of the end of a process that another one traces until that one has:
    // to the parent it is as one in state D.
    if (ptrace(PTRACE_SEIZE, hung, nullptr, nullptr) != 0)
        SKIP("no process can be traced here");
    const Outcome outcome = run.wait(40s);
    waitpid(hung, nullptr, __WALL);
    INFO(outcome.err);
    CHECK(!outcome.timed_out);
    CHECK(outcome.exit_status == 1);
    const Report report = report_of(json);
    CHECK(report.complete);
    const auto named = ContainsSubstring("process " + std::to_string(hung));
    CHECK_THAT(outcome.err, named);
    std::size_t left_behind = 0;
    for (const ProbeRecord &record : report.devices.at(0).probes) {
        if (record.reason.find("is left behind") == std::string::npos)
            continue;
        ++left_behind;
        CHECK_THAT(record.reason, ContainsSubstring("did not end within 2 s") && named);
    }
    CHECK(left_behind == 1);
    CHECK(std::ranges::count(report.devices[0].probes, "host/transfer", &ProbeRecord::probe) == 1);
}

TEST_CASE("program.a_process_that_keeps_the_pipes_open_holds_nothing_up") {
    const StubRun run = report_on_stub(sound + ",leaves_process", {timer});
    CHECK(!without_values(run.record(timer)));
    CHECK(run.outcome.seconds < 20);
}

TEST_CASE("program.a_time_limit_beyond_all_clocks_is_none") {
    for (const char *limit : {"1e10", "1e300"}) {
        const StubRun run = report_on_stub(sound, {timer, "--timeout", limit});
        CHECK(!without_values(run.record(timer)));
    }
}

TEST_CASE("program.pipes_that_run_out_are_said_plainly") {
    for (int files = 4; files < 12; ++files) {
        const std::string command =
            "ulimit -n " + std::to_string(files) + "; exec " + CLPROBE_PROGRAM + " devices";
        const Outcome outcome = run_program({"sh", "-c", command}, stub_environment(sound));
        CAPTURE(files, outcome.err);
        CHECK(outcome.signal == 0);
        if (outcome.exit_status != 0) {
            CHECK_THAT(outcome.err, ContainsSubstring("clprobe: ") &&
                                        !ContainsSubstring("devices making a pipe"));
        }
    }
}

TEST_CASE("program.signals_have_their_usual_status") {
    for (const auto &[signal, status] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
        const Scratch scratch;
        const std::string json = scratch.file("report.json");
        Child run(program(tiny_run({timer, fma_rate, "--json", json})),
                  stub_environment(fma_hangs));
        REQUIRE(eventually([&, &json = json] { return records_in(json) > 0; }, 30s));
        run.signal(signal);
        const Outcome outcome = run.wait(20s);
        CHECK(outcome.exit_status == status);
        CHECK_THAT(outcome.err, ContainsSubstring("--resume " + json));
    }
}

TEST_CASE("program.a_complete_report_is_replaced_by_a_complete_one_only") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    const std::string partial = json + ".partial";
    const Outcome first = run_on_stub(sound, tiny_run({timer, "--json", json}));
    CHECK_THAT(first.err, ContainsSubstring("the report is in " + json));
    CHECK_THAT(first.out, ContainsSubstring("findings: "));
    const std::string complete = text_of(json);

    Child second(program(tiny_run({timer, fma_rate, "--json", json})), stub_environment(fma_hangs));
    REQUIRE(eventually([&] { return records_in(partial) > 0; }, 30s));
    CHECK(text_of(json) == complete);
    second.signal(SIGINT);
    const Outcome interrupted = second.wait(20s);
    CHECK(interrupted.exit_status == 130);
    CHECK_THAT(interrupted.err, ContainsSubstring("--resume " + partial + " --json " + json));
    CHECK(text_of(json) == complete);
    CHECK(!report_of(partial).complete);

    static_cast<void>(
        run_on_stub(sound, tiny_run({timer, fma_rate, "--resume", partial, "--json", json})));
    CHECK(report_of(json).complete);
    CHECK(records_in(json) > 1);
    CHECK(!std::filesystem::exists(partial));
}

TEST_CASE("program.two_runs_do_not_write_one_report") {
    const Scratch scratch;
    const std::string json = scratch.file("report.json");
    Child first(program(tiny_run({timer, fma_rate, "--json", json})), stub_environment(fma_hangs));
    REQUIRE(eventually([&] { return records_in(json) > 0; }, 30s));
    const Outcome second = run_on_stub(sound, tiny_run({timer, "--json", json}));
    CHECK(second.exit_status == 2);
    CHECK_THAT(second.err, ContainsSubstring("process " + std::to_string(first.id())));
    first.signal(SIGINT);
    CHECK(first.wait(20s).exit_status == 130);
    const std::filesystem::directory_iterator files(scratch.file(""));
    CHECK(std::distance(begin(files), end(files)) == 1); // no lock is left
}

TEST_CASE("program.inspect_waits_for_the_device_as_run_does") {
    for (const char *command : {"inspect", "run"}) {
        const std::string what = std::string("held-by-") + command;
        FileLock lock("/tmp/clprobe-" + slug_of(what) + ".lock");
        REQUIRE(lock.try_lock());
        Child second(program({command, timer}), stub_environment(sound + own_device(what)));
        CHECK(eventually([&] { return second.messages().find("waiting for") != std::string::npos; },
                         20s));
        CHECK_THAT(second.messages(), ContainsSubstring("process " + std::to_string(getpid())));
        second.signal(SIGINT);
        CHECK(second.wait(20s).exit_status == 130);
        lock.remove();
    }
}

TEST_CASE("program.a_device_held_by_a_stopped_process_is_not_waited_for") {
    const std::string what = "stopped";
    const std::string path = "/tmp/clprobe-" + slug_of(what) + ".lock";
    Child first(program(tiny_run({fma_rate})), stub_environment(fma_hangs + own_device(what)));
    REQUIRE(eventually([&] { return text_of(path).find("process") != std::string::npos; }, 30s));
    first.signal(SIGSTOP);
    const Outcome second = run_on_stub(sound + own_device(what), tiny_run({timer}));
    CHECK(second.exit_status == 1);
    CHECK_THAT(second.err, ContainsSubstring("is stopped") &&
                               ContainsSubstring("process " + std::to_string(first.id())));
    first.signal(SIGKILL);
    static_cast<void>(first.wait(5s));
    std::filesystem::remove(path);
}

TEST_CASE("program.the_progress_line_needs_no_escape_sequences") {
    for (const Environment &environment : {Environment{{"NO_COLOR", "1"}}, Environment{}}) {
        const std::string text = on_a_terminal(tiny_run({timer}), environment);
        CHECK_THAT(text, ContainsSubstring("[1/1] host/event_timer"));
        CHECK_THAT(text, !ContainsSubstring("\x1b"));
    }
}
