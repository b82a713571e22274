// The program writes pages, or says what it lacks for them.

#include "io/file.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>
#include <clprobe/page.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

/// A report of one device without a probe.
std::string small_report(const Scratch &scratch) {
    Report report;
    report.started = "2026-01-01T00:00:00Z";
    report.devices.emplace_back().device.name = "A <device>";
    const std::string file = scratch.file("report.json");
    write_file(file, to_text(to_json(report)));
    return file;
}

void check_page(const std::string &text) {
    CHECK_THAT(text, StartsWith("<!DOCTYPE html>"));
    CHECK_THAT(text, EndsWith("</html>\n"));
}

} // namespace

TEST_CASE("program.html_writes_a_page_or_says_what_it_lacks") {
    const Scratch scratch;
    const std::string page = scratch.file("page.html");
    const Outcome outcome = run_on_stub("", {"html", small_report(scratch), "-o", page});
    if (!can_make_pages()) {
        CHECK(outcome.exit_status == 2);
        CHECK_THAT(outcome.err, ContainsSubstring("./bootstrap"));
        return;
    }
    CHECK(outcome.exit_status == 0);
    check_page(text_of(page));
    CHECK_THAT(text_of(page), ContainsSubstring("A &lt;device&gt;"));
}

TEST_CASE("program.html_writes_to_standard_output") {
    if (!can_make_pages())
        SKIP("this build makes no pages");
    const Scratch scratch;
    check_page(run_on_stub("", {"html", small_report(scratch), "-o", "-"}).out);
}

TEST_CASE("program.html_names_what_it_cannot_read") {
    if (!can_make_pages())
        SKIP("this build makes no pages");
    const Scratch scratch;
    const std::string page = scratch.file("page.html");
    const Outcome outcome = run_on_stub("", {"html", scratch.file("none.json"), "-o", page});
    CHECK(outcome.exit_status == 2);
    CHECK_THAT(outcome.err, ContainsSubstring("none.json"));
    CHECK(run_on_stub("", {"html", small_report(scratch)}).exit_status == 2);
}

TEST_CASE("program.run_leaves_a_page") {
    if (!can_make_pages())
        SKIP("this build makes no pages");
    const Scratch scratch;
    const std::string page = scratch.file("page.html");
    const Outcome outcome = run_on_stub(
        sound, {"run", "host/event_timer", "--profile", "tiny", "--html", page, "--no-isolate"});
    CHECK(outcome.exit_status == 0);
    check_page(text_of(page));
    CHECK_THAT(text_of(page), ContainsSubstring("event_timer.resolution"));
}
