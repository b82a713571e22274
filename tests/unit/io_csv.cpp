#include "csv_reading.hpp"
#include "io_sample.hpp"

#include <clprobe/csv.hpp>
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

std::vector<Series> race() {
    return {{"race", {form, {"trips", Unit::one, {}}}, latency_axis, {}}};
}

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

TEST_CASE("unit.csv.a_bare_file_in_any_order") {
    const Series expected{"chase",
                          {footprint_axis},
                          latency_axis,
                          {{{2048}, {3e-9, 4e-9}, {}}, {{1024}, {1e-9}, {}}}};
    CHECK(read_csv("footprint_bytes,latency_s\n2048,3e-9\n1024,1e-9\n2048,4e-9\n") == expected);
    CHECK(read_csv("latency_ns,footprint_kib\n3,2\n1,1\n4,2") == expected);
    CHECK(read_csv("\xef\xbb\xbf# a comment\r\n\r\n Footprint_B , \"latency_us\" \r\n"
                   "2048,0.003\r\n  # 7,7\n\"2048\" ,\"0.004\"\r\n1024,0.001\r\n") == expected);
    CHECK_FALSE(series_from_csv("footprint_mib,latency_ms\n", "f", chase_layout()).origin);
}

TEST_CASE("unit.csv.axes_of_words_and_blocks") {
    const auto series = read_csv("block,latency_s,trips,form\n"
                                 "0,1,10,\"a*b+c, fused\"\n1,2,10,\"a*b+c, fused\"\n,3,10,fma\n",
                                 race());
    CHECK(series.points == std::vector<Point>{{{1, 10}, {1, 2}, {0, 1}}, {{0, 10}, {3}, {}}});
}

TEST_CASE("unit.csv.quoted_cells") {
    std::vector<Series> layouts = race();
    layouts[0].axes[0].labels = {"a \"b\"", "two\nlines", "#3", " x "};
    const auto series = read_csv("form,trips,latency_s\n\"a \"\"b\"\"\",1,1\n\"two\nlines\",1,1\n"
                                 "\"#3\",1,1\n\" x \",1,1\n",
                                 layouts);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(series.points.at(i).at[0] == static_cast<double>(i));
}

TEST_CASE("unit.csv.the_first_layout_with_these_columns_is_taken") {
    std::vector<Series> layouts = race();
    layouts.push_back(chase_layout()[0]);
    layouts.push_back({"other", {footprint_axis}, latency_axis, {}});
    CHECK(read_csv("footprint_bytes,latency_s\n", layouts).name == "chase");
}

TEST_CASE("unit.csv.wrong_rows_are_refused_with_line_and_column") {
    const std::string header = "footprint_bytes,latency_s\n";
    check_refused(header + "1,2\n1,x\n",
                  "file.csv:3: column latency_s: expected a number, found 'x'");
    check_refused(header + "# a comment\n,2\n",
                  "file.csv:3: column footprint_bytes: expected a number");
    check_refused(header + "1\n", "file.csv:2: 1 cells for 2 columns");
    check_refused(header + "1,2,3\n", "file.csv:2: 3 cells for 2 columns");
    for (const char *number : {"1e999", "0x10", "1,5", "1 2", "+-1", "1e"})
        check_refused(header + "1," + number + "\n", "file.csv:2: ");
    check_refused("footprint_gib,latency_s\n1e305,1\n",
                  "column footprint_gib: a number that is not");
    check_refused(header + "1024,1e-300\n",
                  "file.csv:2: column latency_s: 1e-300 is no number that");
    check_refused(header + "-1e31,1\n", "column footprint_bytes: -1e+31 is no number that");
    CHECK(read_csv(header + "0,1e-30\n0,-1e30\n").points.at(0).samples.size() == 2);
    check_refused(header + "1,\"2\n\n", "file.csv:2: a quote that is never closed");
    check_refused(header + "1,\"2\" 3\n", "file.csv:2: text behind a closing quote");
    check_refused("form,trips,latency_s\nfast,1,1\n",
                  "file.csv:2: column form: 'fast' is none of fma, a*b+c, fused", race());
    check_refused("form,trips,latency_s,block\nfma,1,1,0.5\n", "column block: expected a number",
                  race());
    check_refused("form,trips,latency_s,block\nfma,1,1,0\nfma,1,1,\n",
                  "file.csv:3: column block: some", race());
}

TEST_CASE("unit.csv.of_several_layouts_the_most_like_one_says_what_is_wrong") {
    std::vector<Series> layouts = race();
    layouts.push_back(chase_layout()[0]);
    check_refused("size,latency_s\n", "no column 'footprint_bytes' among 'size', 'latency_s'",
                  layouts);
}

TEST_CASE("unit.csv.wrong_headers_are_refused") {
    check_refused("", "file.csv: no header");
    check_refused("# only a comment\n", "file.csv: no header");
    check_refused(
        "footprint_bytes,region\n",
        "file.csv:1: these columns are no series of the probe: no column 'latency_s' among "
        "'footprint_bytes', 'region'; series 'chase' takes the columns footprint_bytes (or _b, "
        "_kib, _mib, _gib, _kb, _mb, _gb, _byte), latency_s (or _ms, _us, _ns)");
    check_refused("2,28\n4,28\n", "file.csv:1: no header: the first row has to name the columns");
    check_refused("2K 28ns\n4K 28ns\n",
                  "file.csv:1: no header: the first row has to name the columns");
    check_refused(
        "footprint_bytes,latency_cycles\n",
        "no column 'latency_s', and 'latency_cycles' names none of its units: scale or rename it");
    check_refused("footprint (pages),latency_s\n",
                  "and 'footprint (pages)' names none of its units");
    check_refused("footprint_kib,footprint_kib,latency_s\n",
                  "two columns for 'footprint_bytes', 'footprint_kib' and 'footprint_kib': leave");
    check_refused("footprint_s,latency_s\n", "no column 'footprint_bytes'");
    check_refused("footprint,latency_s\n", "no column 'footprint_bytes'");
    check_refused("a,b\n", "file.csv:1: no probe is named that this series could be of", {});
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
    check_refused(origin + "form,trips,time_s,colour\n", "unknown column 'colour': leave it out");
    check_refused(origin + "block,form,trips,block,time_s\n", "unknown column 'block'");
    check_refused(origin + "form,trips,time_s,time_ns\n", "two columns for 'time_s'");
    check_refused(origin + "form,trips,time_s\nfma,1,nan\n",
                  "file.csv:3: column time_s: a number that is not finite");
    check_refused(origin + "form,trips,time_s\nfma,1,N/A\n", "expected a number, found 'N/A'");
    const auto points = read_csv(origin + "form,trips,time_s\nfma,1,\n", {}).points;
    CHECK(points == std::vector<Point>{{{0, 1}, {}, {}}});
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
