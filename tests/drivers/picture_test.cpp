// The program on a report of compute/julia: its picture, and its local sizes as a heat map.

#include "io/file.hpp"
#include "program.hpp"

#include <clprobe/json.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A report with a picture of two by two points, and three local sizes of the plain body.
Report julia_report() {
    Report report;
    report.tool_version = "1.0.0";
    report.profile = "standard";
    DeviceRecord &device = report.devices.emplace_back();
    device.device.slug = "gpu0-x";
    ProbeRecord &record = device.probes.emplace_back();
    record.probe = "compute/julia";
    record.profile = "standard";
    record.data.number_attributes["size"] = 2;
    record.data.text_attributes["picture"] = "ABCB";
    const auto axis = [](const char *name) { return Axis{name, Unit::one, {}}; };
    Series &grid = record.data.add("grid",
                                   {{"body", Unit::one, {"plain", "unrolled"}},
                                    axis("local_x"),
                                    axis("local_y"),
                                    axis("trips")},
                                   {"time", Unit::second, {}});
    for (const double x : {1.0, 2.0, 4.0})
        grid.point({0, x, 1, 10}).samples = {1e-3 / x};
    return report;
}

} // namespace

TEST_CASE("program.a_picture_and_a_heat_map_come_of_a_report") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    const std::string picture = scratch.file("julia.pgm");
    write_file(file, to_text(to_json(julia_report())));
    const Outcome outcome = run_on_stub("", {"analyze", file, "--picture", picture});
    CHECK(outcome.exit_status == 0);
    CHECK(text_of(picture) == std::string("P5\n2 2\n255\n") + '\0' + "\x7f\xff\x7f");
    CHECK_THAT(outcome.out, ContainsSubstring("local_y over local_x"));
}

TEST_CASE("program.a_picture_that_is_not_there_is_said") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    const std::string picture = scratch.file("julia.pgm");
    Report report = julia_report();
    report.devices[0].probes[0].data.text_attributes.clear();
    write_file(file, to_text(to_json(report)));
    const Outcome outcome = run_on_stub("", {"analyze", file, "--picture", picture});
    CHECK(outcome.exit_status == 1);
    CHECK_THAT(outcome.err, ContainsSubstring("picture"));
    CHECK_FALSE(std::filesystem::exists(picture));
    CHECK(run_on_stub("", {"run", "--picture", "/nonexistent/x.pgm"}).exit_status == 2);
}

TEST_CASE("program.a_picture_is_the_reports_whichever_files_stand_before_it") {
    const Scratch scratch;
    const std::string file = scratch.file("report.json");
    const std::string csv = scratch.file("others.csv");
    const std::string picture = scratch.file("julia.pgm");
    write_file(file, to_text(to_json(julia_report())));
    write_file(csv, "body,local_x,local_y,trips,time_s\nplain,1,1,10,1e-3\nplain,2,1,10,5e-4\n");
    const Outcome outcome =
        run_on_stub("", {"analyze", csv, file, "--probe", "compute/julia", "--picture", picture});
    INFO(outcome.err);
    CHECK(text_of(picture) == std::string("P5\n2 2\n255\n") + '\0' + "\x7f\xff\x7f");
}
