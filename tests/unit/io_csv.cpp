#include "csv_reading.hpp"
#include "io/csv.hpp"
#include "io_sample.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

const Axis form{"form", Unit::one, {"fma", "a*b+c, fused"}};

std::vector<CsvFile> sample_files() {
    const auto report = sample_report();
    return to_csv(report, report.devices[0], report.devices[0].probes[0]);
}

} // namespace

TEST_CASE("unit.csv.columns_are_named_with_their_unit") {
    CHECK(csv_column(footprint_axis) == "footprint_bytes");
    CHECK(csv_column(latency_axis) == "latency_s");
    CHECK(csv_column(form) == "form");
    CHECK(csv_column({"rate", Unit::flop_per_second, {}}) == "rate_flop_per_s");
}

TEST_CASE("unit.csv.written_files_are_for_people_too") {
    const auto files = sample_files();
    REQUIRE(files.size() == 3);
    CHECK(files[0].name == "compute_fma_rate.race.csv");
    const auto &text = files[0].text;
    CHECK(text.starts_with("# clprobe {\"schema_version\":"));
    CHECK(text.substr(text.find('\n') + 1) == "form,trips,block,time_s\n"
                                              "fma,1024,0,0.3333333333333333\n"
                                              "fma,1024,0,1e-09\n"
                                              "fma,1024,1,5e-30\n"
                                              "\"a*b+c, fused\",2048,,1e+30\n"
                                              "\"a*b+c, fused\",2048,,1e-30\n"
                                              "\"a*b+c, fused\",2048,,-2.220446049250313e-16\n"
                                              "\"a*b+c, fused\",4096,,\n");
}

TEST_CASE("unit.csv.what_is_written_is_read_again") {
    std::vector<CsvSeries> series;
    for (const auto &file : sample_files())
        series.push_back(series_from_csv(file.text, file.name, {}));
    const auto reports = reports_from_csv(series);
    REQUIRE(reports.size() == 1);
    const auto report = sample_report();
    CHECK(reports[0].host == report.host);
    CHECK(reports[0].devices.at(0).device == report.devices[0].device);
    const auto &record = reports[0].devices[0].probes.at(0);
    CHECK(record.data == report.devices[0].probes[0].data);
    CHECK(record.facts == report.devices[0].probes[0].facts);
    CHECK(record.load == report.devices[0].probes[0].load);
}

TEST_CASE("unit.csv.files_of_several_records_are_kept_apart") {
    auto report = sample_report();
    std::vector<CsvSeries> series;
    for (const char *probe : {"a/b", "c/d"}) {
        report.devices[0].probes[0].probe = probe;
        for (const auto &file : to_csv(report, report.devices[0], report.devices[0].probes[0]))
            series.push_back(series_from_csv(file.text, file.name, {}));
    }
    const auto reports = reports_from_csv(series);
    REQUIRE(reports.size() == 2);
    CHECK(reports[1].devices[0].probes[0].probe == "c/d");
    CHECK(reports[1].devices[0].probes[0].data.series.size() == 3);
    series.push_back(series[0]);
    CHECK_THROWS_MATCHES(reports_from_csv(series), InputError,
                         MessageMatches(ContainsSubstring("series 'race' of a/b is given twice")));
}

TEST_CASE("unit.csv.a_wrong_origin_is_refused") {
    const auto text = sample_files()[0].text;
    const auto rest = text.substr(text.find('\n'));
    check_refused("# clprobe {\"schema_version\": \"2.0.0\"}" + rest,
                  "file.csv:1: /schema_version:");
    check_refused("# clprobe nothing" + rest, "file.csv:1: not a JSON document");
    check_refused(text.substr(0, 1000), "file.csv:1: ");
    check_refused(text.substr(0, text.find('\n')), "no header");
}

TEST_CASE("unit.csv.what_clprobe_wrote_is_read_strictly") {
    const auto text = sample_files()[0].text;
    const auto origin = text.substr(0, text.find('\n') + 1);
    check_refused(origin + "form,trips,time_s,colour\n", "unknown column 'colour'");
    check_refused(origin + "block,form,trips,block,time_s\n", "unknown column 'block'");
    check_refused(origin + "form,trips,time_s,time_s\n", "may both be time");
    check_refused(origin + "form,trips,time_s\nfma,1,nan\n",
                  "file.csv:3: column 'time_s': a number that is not finite");
    check_refused(origin + "form,trips,time_s\nfma,1,N/A\n", "expected a number, found 'N/A'");
    check_refused(origin + "form,trips,time_s\nfma,1,1\nfma,1\n", "2 cells for 3 columns");
    const auto points = read_csv(origin + "form,trips,time_s\nfma,1,\nfma,2,0\n", {}).points;
    CHECK(points == std::vector<Point>{{{0, 1}, {}, {}}, {{0, 2}, {0}, {}}});
}

TEST_CASE("unit.csv.writing_refuses_what_cannot_be_read") {
    auto report = sample_report();
    auto &record = report.devices[0].probes[0];
    record.data.series[0].points[0].samples[0] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_MATCHES(to_csv(report, report.devices[0], record), Error,
                         MessageMatches(ContainsSubstring("series 'race': a number that is not")));
    record = sample_report().devices[0].probes[0];
    record.data.series[0].axes[1].name = "block";
    CHECK_THROWS_MATCHES(to_csv(report, report.devices[0], record), Error,
                         MessageMatches(ContainsSubstring("two columns 'block'")));
}
