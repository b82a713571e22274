// The program on curves of other tools, and on several files.

#include "io/file.hpp"
#include "program.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A cache of 32 KiB before memory, as CSV under that header.
std::string curve(const std::string &header) {
    std::string csv = header + "\n";
    for (int kib = 1; kib <= 1 << 16; kib *= 2)
        csv += std::to_string(kib) + (kib <= 32 ? ",40\n" : ",400\n");
    return csv;
}

std::vector<std::string> lines_of(const std::string &text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        lines.push_back(line);
    return lines;
}

Outcome analyzed(const std::string &csv, const std::string &probe, const Environment &more = {}) {
    const Scratch scratch;
    const std::string file = scratch.file("curve.csv");
    write_file(file, csv);
    return run_on_stub("", {"analyze", "-v", file, "--probe", probe}, more);
}

} // namespace

TEST_CASE("program.levels_of_a_curve_in_cycles_are_in_cycles") {
    for (const char *header : {"footprint_kib,latency_cycles", "Size (KB),Latency (clk)"}) {
        const Outcome outcome = analyzed(curve(header), "memory/buffer_latency");
        CHECK(outcome.exit_status == 0);
        CHECK_THAT(outcome.out, ContainsSubstring("buffer.l1.size            32 ["));
        CHECK_THAT(outcome.out, ContainsSubstring("cycles     the plateau from 1 KiB to 32 KiB"));
        CHECK_THAT(outcome.out,
                   ContainsSubstring("cycles        the plateau from 64 KiB to 64 MiB"));
        CHECK_THAT(outcome.out, ContainsSubstring("400 cycles |")); // the plot
    }
    const std::string stride = "stride_bytes,latency_cycles\n4,10\n8,20\n16,40\n32,80\n64,160\n"
                               "128,320\n256,320\n512,320\n1024,320\n";
    CHECK_THAT(analyzed(stride, "memory/cache_line").out, ContainsSubstring("320 cycles |"));
}

TEST_CASE("program.without_a_utf8_locale_all_that_is_printed_is_ascii") {
    const std::string csv = curve("footprint_kib,latency_ns");
    const std::string plus_minus = "\u00b1";
    CHECK_THAT(analyzed(csv, "memory/buffer_latency").out, ContainsSubstring(plus_minus));
    const Outcome outcome = analyzed(csv, "memory/buffer_latency", {{"LC_ALL", "C"}});
    CHECK(outcome.exit_status == 0);
    CHECK_THAT(outcome.out, ContainsSubstring("buffer.l1.latency"));
    CHECK(std::ranges::all_of(outcome.out, [](char letter) { return letter > 0; }));
}

TEST_CASE("program.a_curve_is_of_one_probe") {
    const Outcome outcome = analyzed(curve("footprint_kib,latency_ns"), "memory/*_latency");
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("--probe takes one probe, and 2 fit"));
}

TEST_CASE("program.what_a_message_quotes_is_no_command_to_the_terminal") {
    const Outcome outcome = analyzed("a\x1b[2J,b\a\n1,2\n", "memory/buffer_latency");
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("among 'a?[2J', 'b?'"));
}

TEST_CASE("program.columns_of_any_text_are_chosen") {
    const Scratch scratch;
    const std::string file = scratch.file("lat_mem_rd.txt");
    std::string text = "\"stride=64\n";
    for (int kib = 1; kib <= 1 << 16; kib *= 2)
        text += std::to_string(kib / 1024.0) + (kib <= 32 ? " 40\n" : " 400\n");
    write_file(file, text);
    const std::vector<std::string> probe = {"analyze", file, "--probe", "memory/buffer_latency"};
    std::vector<std::string> arguments = probe;
    arguments.insert(arguments.end(), {"--skip", "1", "--columns", "footprint=1:MiB,latency=2:ns"});
    const Outcome outcome = run_on_stub("", arguments);
    CHECK(outcome.exit_status == 0);
    CHECK_THAT(outcome.out, ContainsSubstring("buffer.l1.size"));
    CHECK(outcome.err.empty());

    arguments = probe;
    arguments.insert(arguments.end(), {"--skip", "1"});
    const Outcome without = run_on_stub("", arguments);
    CHECK(without.exit_status == 2);
    CHECK_THAT(without.err, ContainsSubstring("--columns 'footprint=1:KiB,latency=2:ns'"));
}

TEST_CASE("program.a_report_is_known_by_its_content_and_probe_selects_in_it") {
    const Scratch scratch;
    const std::string file = scratch.file("report.csv");
    static_cast<void>(run_on_stub(
        sound, {"run", "--profile", "tiny", "host/event_timer", "host/transfer", "--json", file}));
    const Outcome all = run_on_stub("", {"analyze", file});
    CHECK_THAT(all.out, ContainsSubstring("event_timer.resolution"));
    CHECK_THAT(all.out, ContainsSubstring("transfer.zero_copy"));
    const Outcome one = run_on_stub("", {"analyze", file, "--probe", "host/transfer"});
    CHECK(one.exit_status == 0);
    CHECK_THAT(one.out, !ContainsSubstring("event_timer.resolution"));
    CHECK_THAT(one.out, ContainsSubstring("transfer.zero_copy"));
    const Outcome none = run_on_stub("", {"analyze", file, "--probe", "memory/tlb"});
    CHECK(none.exit_status == 2);
    CHECK_THAT(none.err, ContainsSubstring(file + "' has nothing of memory/tlb"));
}

TEST_CASE("program.of_several_files_each_line_names_its_own") {
    const Scratch scratch;
    const std::string one = scratch.file("one.json");
    const std::string two = scratch.file("two.json");
    static_cast<void>(
        run_on_stub(sound, {"run", "--profile", "tiny", "host/event_timer", "--json", one}));
    write_file(two, text_of(one));
    Outcome outcome = run_on_stub("", {"analyze", "--verify", one, two});
    CHECK(outcome.exit_status == 0);
    for (const std::string &line : lines_of(outcome.out))
        CHECK((line.empty() || line.starts_with(one + ": ") || line.starts_with(two + ": ")));
    CHECK_THAT(outcome.out, ContainsSubstring(two + ": "));
    write_file(two, "{\"devices\": 7}");
    outcome = run_on_stub("", {"analyze", one, two});
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring(two));
}

TEST_CASE("program.a_summary_has_the_findings_without_samples") {
    const Scratch scratch;
    const std::string full = scratch.file("full.json");
    const std::string summary = scratch.file("summary.json.gz");
    CHECK(run_on_stub(sound, {"run", "--profile", "tiny", "host/event_timer", "--json", full,
                              "--summary", summary})
              .exit_status == 0);
    CHECK(report_of(summary) == summary_of(report_of(full)));
    CHECK(std::filesystem::file_size(summary) < std::filesystem::file_size(full) / 4);

    const Outcome shown = run_on_stub("", {"analyze", summary});
    CHECK(shown.exit_status == 0);
    CHECK(shown.out == run_on_stub("", {"analyze", full}).out);
    CHECK_THAT(shown.err, ContainsSubstring(summary + "' is a summary, without samples"));

    const Outcome verified = run_on_stub("", {"analyze", "--verify", summary});
    CHECK(verified.exit_status == 2);
    CHECK_THAT(verified.err, ContainsSubstring("holds no samples to verify its findings by"));
    const Outcome resumed = run_on_stub(sound, {"run", "--resume", summary});
    CHECK(resumed.exit_status == 2);
    CHECK_THAT(resumed.err, ContainsSubstring("it is a summary, without samples"));

    const std::string later = scratch.file("later.json");
    CHECK(run_on_stub("", {"analyze", full, "--summary", later}).exit_status == 0);
    CHECK(report_of(later) == report_of(summary));
    CHECK(run_on_stub("", {"analyze", full, "--summary", "-"}).out == text_of(later));
    CHECK(run_on_stub("", {"analyze", full, later, "--summary", "-"}).exit_status == 2);
    CHECK(run_on_stub("", {"run", "--json", "-", "--summary", "-"}).exit_status == 2);
}

TEST_CASE("program.a_run_ends_with_the_datasheet_that_show_prints_of_its_report") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    const Outcome run = run_on_stub(
        sound, {"run", "--profile", "tiny", "host/event_timer", "host/transfer", "--json", file});
    const Outcome shown = run_on_stub("no_platform", {"show", file});
    CHECK(shown.exit_status == 0);
    CHECK(shown.err.empty());
    CHECK(run.out.ends_with("\n\n" + shown.out));
    CHECK_THAT(shown.out, ContainsSubstring("tiny run on"));
    CHECK_THAT(run_on_stub("", {"show", file, "--markdown"}).out,
               ContainsSubstring("\n| transfers |"));

    const Outcome one = run_on_stub(sound, {"run", "--profile", "tiny", "host/event_timer"});
    CHECK_THAT(one.out, !ContainsSubstring("tiny run on")); // of one probe there is no more to say
}

TEST_CASE("program.methods_are_shown_where_they_are_asked_for") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    const std::string method = "greatest common divisor";
    const std::vector<std::string> run = {"run",    "--profile", "tiny", "host/event_timer",
                                          "--json", file};
    CHECK_THAT(run_on_stub(sound, run).out, !ContainsSubstring(method));
    CHECK_THAT(run_on_stub("", {"analyze", file}).out, !ContainsSubstring(method));
    CHECK_THAT(run_on_stub("", {"analyze", "-v", file}).out, ContainsSubstring(method));
    std::vector<std::string> verbose = run;
    verbose.push_back("-v");
    CHECK_THAT(run_on_stub(sound, verbose).out, ContainsSubstring(method));
}

TEST_CASE("program.show_has_the_probes_that_are_named") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    static_cast<void>(run_on_stub(
        sound, {"run", "--profile", "tiny", "host/event_timer", "host/transfer", "--json", file}));
    const Outcome some = run_on_stub("no_platform", {"show", file, "host/event*"});
    CHECK(some.exit_status == 0);
    CHECK_THAT(some.out, ContainsSubstring("event_timer.resolution") &&
                             ContainsSubstring("greatest common divisor") &&
                             !ContainsSubstring("transfer.zero_copy"));
    const Outcome table = run_on_stub("", {"show", file, "host/event_timer", "--markdown"});
    CHECK_THAT(table.out, ContainsSubstring("| event\\_timer.resolution |"));
    const Outcome none = run_on_stub("", {"show", file, "memory/tlb"});
    CHECK(none.exit_status == 2);
    CHECK_THAT(none.err, ContainsSubstring(file + "' has nothing of memory/tlb"));
    const Outcome unknown = run_on_stub("", {"show", file, "memory/tlp"});
    CHECK(unknown.exit_status == 2);
    CHECK_THAT(unknown.err, ContainsSubstring("memory/tlb?"));
    CHECK(run_on_stub("", {"show", scratch.file("missing")}).exit_status == 2);
}
