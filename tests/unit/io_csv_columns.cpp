#include "csv_reading.hpp"
#include "io/csv.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace clprobe;

// Files of which --columns says what they hold.

namespace {

/// Of the points of a series over footprints: KiB and ns.
std::vector<std::vector<double>> kib_and_ns(const Series &series) {
    std::vector<std::vector<double>> rows;
    for (const Point &point : series.points)
        for (const double sample : point.samples)
            rows.push_back({point.at.at(0) / 1024, sample * 1e9});
    return rows;
}

} // namespace

TEST_CASE("unit.csv.columns.lat_mem_rd") {
    const std::string text = "\"stride=64\n"
                             "0.00049 1.25\n"
                             "0.00098 1.25\n"
                             "0.03125 1.25\n"
                             "0.06250 3.5\n"
                             "64.00000 95.5\n"
                             "\n";
    const CsvOptions options{"footprint=1:MiB,latency=2:ns", 1};
    CHECK(read_csv(text, chase_layouts(), options).points.at(3).at.at(0) == 65536);
    CHECK(kib_and_ns(read_csv(text, chase_layouts(), options)).back() ==
          std::vector<double>{65536, 95.5});
    CHECK(notes_of(text, options).empty());
    check_refused(text, "file.csv:1: a quote that is never closed; --skip N", chase_layouts(),
                  {options.columns, 0});
}

TEST_CASE("unit.csv.columns.tinymembench") {
    const std::string text =
        "==========================================================================\n"
        "== Memory latency test                                                  ==\n"
        "== Note 1: All the numbers are representing extra time, which needs to  ==\n"
        "==         be added to L1 cache latency.                                ==\n"
        "==========================================================================\n"
        "\n"
        "block size : single random read / dual random read, [MADV_NOHUGEPAGE]\n"
        "      1024 :    0.0 ns          /     0.0 ns \n"
        "     32768 :    0.0 ns          /     0.0 ns \n"
        "     65536 :    4.5 ns          /     7.2 ns \n"
        "    131072 :    6.5 ns          /     9.5 ns \n"
        "  67108864 :  141.5 ns          /   172.5 ns \n";
    const CsvOptions options{"footprint=1:B,latency=3:ns", 0};
    const Series series = read_csv(text, chase_layouts(), options);
    CHECK(kib_and_ns(series) ==
          std::vector<std::vector<double>>{{64, 4.5}, {128, 6.5}, {65536, 141.5}});
    CHECK(notes_of(text, options) ==
          std::vector<std::string>{
              "6 rows from line 1 on are passed over: column '1' holds no footprint",
              "2 rows from line 8 on are passed over: column '3' is 0, which is no measurement"});
    CHECK(
        read_csv(text, chase_layouts(), {"footprint=1:B,latency=6:ns", 7}).points.back().samples ==
        std::vector{172.5e-9}); // the second of its two curves
}

TEST_CASE("unit.csv.columns.google_benchmark_on_the_console") {
    const std::string text =
        "2026-03-01T10:00:00+00:00\n"
        "Running ./latency\n"
        "Run on (8 X 3600 MHz CPU s)\n"
        "CPU Caches:\n"
        "  L1 Data 32 KiB (x4)\n"
        "-----------------------------------------------------------------------\n"
        "Benchmark                             Time             CPU   Iterations\n"
        "-----------------------------------------------------------------------\n"
        "BM_read/4096                       1.25 ns         1.24 ns    560000000\n"
        "BM_read/65536                      3.50 ns         3.49 ns    200000000\n"
        "BM_write/4096                      9.00 ns         9.00 ns     70000000\n"
        "BM_read/65536_mean                 3.50 ns         3.49 ns            3\n";
    const CsvOptions options{"footprint=1@BM_read/{}:B,latency=2:ns", 0};
    CHECK(kib_and_ns(read_csv(text, chase_layouts(), options)) ==
          std::vector<std::vector<double>>{{4, 1.25}, {64, 3.5}});
    CHECK(notes_of(text, options)
              .at(0)
              .starts_with("10 rows from line 1 on are passed over: column '1' as 'BM_read/{}' "
                           "holds no footprint"));
    const std::string csv = "name,iterations,real_time,cpu_time,time_unit\n"
                            "\"BM_read<int>/4096/real_time\",560,1.25,1.24,ns\n"
                            "\"BM_read<int>/65536/real_time\",200,3.5,3.49,ns\n";
    CHECK(kib_and_ns(read_csv(csv, chase_layouts(),
                              {"footprint=name@BM_read<int>/{}/real_time:B,latency=real_time:ns",
                               0})) == std::vector<std::vector<double>>{{4, 1.25}, {64, 3.5}});
}

TEST_CASE("unit.csv.columns.by_number_or_by_name_with_the_unit_of_the_header_or_the_cells") {
    check_row("Buffer (KiB);A (ns);B (ns)\n2;7;3\n", 2048, 3e-9,
              {"footprint=Buffer (KiB),latency=B (ns)", 0});
    check_row("a title\n\nbuffer,time\n2,3\n", 2048, 3e-9,
              {"footprint=buffer:KiB,latency=time:ns", 2});
    check_row("2K,3 ns\n", 2048, 3e-9, {"latency=2,footprint=1", 0});
    check_row("2;0,5\n", 2048, 0.5e-9, {"footprint=1:KiB,latency=2:ns", 0});
    check_row("2 0,5\n", 2048, 0.5e-9, {"footprint=1:KiB,latency=2:ns", 0});
    check_row("2 KiB,3,x\n4 KiB\n", 2048, 3e-9, {"footprint=1:B,latency=2:ns", 0});
    check_row("size:2,t=3ns\n", 2048, 3e-9, {"footprint=1@size:{}:KiB,latency=2@t={}ns:ns", 0});
    CHECK(
        read_csv("2,30\n", chase_layouts(), {"footprint=1:KiB,latency=2:cycles", 0}).measure.unit ==
        Unit::cycle);
    CHECK(
        read_csv("fma,8,3,1\n", race_layout(), {"form=1,trips=2,latency=3:ns,block=4", 0}).points ==
        std::vector<Point>{{{0, 8}, {3e-9}, {1}}});
}

TEST_CASE("unit.csv.columns.what_is_wrong_with_them_is_said") {
    const auto refused = [](const std::string &columns, const std::string &message) {
        check_refused("buffer,time\n2,3\n", message, chase_layouts(), {columns, 0});
    };
    refused("1", "--columns: no name in '1': expected NAME=COLUMN[@TEXT][:UNIT], as in");
    refused("footprint=1:Kb,latency=2:ns", "--columns: 'Kb' is no unit in 'footprint=1:Kb'");
    refused("footprint=0:B,latency=2:ns", "--columns: no column, which are counted from 1");
    refused("footprint=1@x:B,latency=2:ns", "--columns: not one {} for the number");
    refused("footprint=1:KiB", "no column is latency in one of its units for the series 'chase'");
    refused("footprint=1:KiB,latency=2:B", "no column is latency in one of its units");
    refused("footprint=1:KiB,latency=2", "no column is latency in one of its units");
    refused("footprint=1:KiB,latency=2:ns,depth=1",
            "more is chosen than there is for the series 'chase'");
    refused("footprint=1:KiB,footprint=2:KiB,latency=2:ns", "may both be footprint");
    refused("footprint=Buffer:KiB,latency=time:ns",
            "file.csv:1: no column 'Buffer' among 'buffer', 'time': --skip N");
    refused("footprint=1:KiB,latency=7:ns",
            "file.csv: no row has what the series takes: line 1 is passed over: column '1' "
            "holds no footprint; line 2 is passed over: column '7' holds no latency");
    check_refused("", "file.csv: no header and no rows", chase_layouts(),
                  {"footprint=1:KiB,latency=2:ns", 3});
}
