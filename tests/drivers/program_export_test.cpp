// The program as it writes findings for other tools.

#include "io/file.hpp"
#include "program.hpp"
#include "support/scratch.hpp"

#include <clprobe/exports.hpp>
#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A report of one latency, in that file.
Report written_to(const std::string &file) {
    Report report;
    report.tool_version = "0.1.0";
    report.profile = "quick";
    report.started = "2026-11-22T07:30:00Z";
    report.complete = true;
    DeviceRecord &device = report.devices.emplace_back();
    device.device.slug = "gpu0-x";
    ProbeRecord &record = device.probes.emplace_back();
    record.probe = "memory/tlb";
    record.status = Status::measured;
    record.profile = "quick";
    record.findings = {
        measured({"a.latency", Unit::second, Better::lower, ""}, 1e-9, {1e-9, 1e-9})};
    write_file(file, to_text(to_json(report)));
    return report;
}

} // namespace

TEST_CASE("program.export_writes_to_standard_output_or_a_file") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json.gz");
    const Report report = written_to(file);
    const Outcome shown = run_on_stub("", {"export", file, "--as", "csv"});
    CHECK(shown.exit_status == 0);
    CHECK(shown.out == findings_csv(report));
    const std::string made = scratch.file("made.csv");
    const Outcome written = run_on_stub("", {"export", file, "--as", "csv", "-o", made});
    CHECK(written.exit_status == 0);
    CHECK(written.out.empty());
    CHECK(text_of(made) == findings_csv(report));
}

TEST_CASE("program.export_for_the_github_action_makes_two_files") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    const Report report = written_to(file);
    const std::string folder = scratch.file("made");
    CHECK(run_on_stub("", {"export", file, "--as", "github-action", "-o", folder}).exit_status ==
          0);
    CHECK(text_of(folder + "/bigger-is-better.json") ==
          github_action_json(report).bigger_is_better);
    CHECK(text_of(folder + "/smaller-is-better.json") ==
          github_action_json(report).smaller_is_better);
    const Outcome nowhere = run_on_stub("", {"export", file, "--as", "github-action"});
    CHECK(nowhere.exit_status == 2);
    CHECK_THAT(nowhere.err, ContainsSubstring("-o DIR says where"));
}

TEST_CASE("program.export_sets_reports_side_by_side_under_their_files_names") {
    const Scratch scratch;
    written_to(scratch.file("old-1.2.json"));
    written_to(scratch.file("new.json.gz"));
    const Outcome outcome = run_on_stub("", {"export", scratch.file("old-1.2.json"),
                                             scratch.file("new.json.gz"), "--as", "markdown"});
    CHECK(outcome.exit_status == 0);
    CHECK_THAT(outcome.out, ContainsSubstring("| finding | old-1.2 | new |"));
}

TEST_CASE("program.export_names_what_it_cannot_do") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    written_to(file);
    const Outcome format = run_on_stub("", {"export", file, "--as", "openmetric"});
    CHECK(format.exit_status == 2);
    CHECK_THAT(format.err, ContainsSubstring("no format is called \"openmetric\" (did you mean "
                                             "openmetrics?)"));
    const Outcome folder = run_on_stub("", {"export", file, "--as", "csv", "-o", "/nowhere/made"});
    CHECK(folder.exit_status == 1);
    CHECK_THAT(folder.err, ContainsSubstring("cannot write '/nowhere/made'"));
    const Outcome several = run_on_stub("", {"export", file, file, "--as", "csv"});
    CHECK(several.exit_status == 2);
    CHECK_THAT(several.err, ContainsSubstring("--as csv takes one report"));
    CHECK(run_on_stub("", {"export", "/nowhere/report", "--as", "csv"}).exit_status == 2);
    CHECK(run_on_stub("", {"export", file, "--as", "github-action", "-o", file}).exit_status == 2);
}
