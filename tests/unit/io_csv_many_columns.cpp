#include "csv_reading.hpp"

#include <clprobe/csv.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace clprobe;

// CSV files that have more in them than a series takes.

namespace {

/// Latencies in seconds and in cycles.
std::vector<Series> both_units() {
    std::vector<Series> layouts = chase_layout();
    layouts.push_back({"chase", {footprint_axis}, {"latency", Unit::cycle, {}}, {}});
    return layouts;
}

/// The file has one row, in which what is to be taken is 2 KiB and 3 ns or 3 cycles.
void check_taken(const std::string &text, Unit unit = Unit::second) {
    CAPTURE(text);
    const Series series = read_csv(text, both_units());
    CHECK(series.measure.unit == unit);
    REQUIRE(series.points.size() == 1);
    CHECK(series.points[0].at == std::vector{2048.0});
    CHECK(series.points[0].samples == std::vector{unit == Unit::second ? 3e-9 : 3.0});
}

std::vector<std::string> notes_of(const std::string &text) {
    return series_from_csv(text, "f", both_units()).notes;
}

} // namespace

TEST_CASE("unit.csv.further_columns_are_passed_over_and_named") {
    const std::string text = "size_bytes,latency_ns,stddev,bandwidth_gbps,device,notes\n"
                             "2048,3,0.1,42,\"RX 580, 8 GB\",\n";
    check_taken(text);
    CHECK(notes_of(text) ==
          std::vector<std::string>{
              "taken are the columns 'size_bytes' for footprint and 'latency_ns' for latency; "
              "passed over: 'stddev', 'bandwidth_gbps', 'device', 'notes'"});
    check_taken("device\tsize_kib\tregion\tlatency_ns\nT860\t2\tSLM/L1\t3\n");
    check_taken(",footprint_kib,latency_ns,host,\n0,2,3,mine,\n"); // and those without a name
}

TEST_CASE("unit.csv.the_value_is_the_column_that_says_most") {
    for (const char *others :
         {"latency_std_ns", "ns_stddev", "error (ns)", "ci95_ns", "latency_min_ns", "max_ns",
          "p99 (ns)", "time_ns", "median_ns", "mean_ns", "cycles", "cycles_per_access", "ns"}) {
        check_taken("size_kb," + std::string(others) + ",latency_ns\n2,7,3\n");
        check_taken("size_kb,latency_ns," + std::string(others) + "\n2,3,7\n");
        check_taken("footprint_kb," + std::string(others) + ",ns_per_access\n2,7,3\n");
    }
    check_taken("size_kb,mean_ns,median_ns,min_ns\n2,7,3,7\n");
    check_taken("size_kb,min_ns,avg_ns,max_ns,std_ns\n2,7,3,7,7\n");
    check_taken("size_kb,latency_min_ns,time_ns\n2,7,3\n");
    check_taken("size_kb,latency_ns_max,latency_ns_min\n2,7,3\n");
    check_taken("size_kb,latency_ns_mean,latency_ns_median\n2,7,3\n");
    check_refused("size_kb,device,std_ns\n2,x,3\n", "no column 'latency_s' among");
    check_refused("size_kb,latency_std_ns\n2,3\n", "names none of its units"); // nor if it is alone
}

TEST_CASE("unit.csv.time_goes_before_cycles_unless_it_may_be_that_of_a_loop") {
    check_taken("Footprint_KiB,Stride,ns,cycles,clock_MHz\n2,64,3,7,1410\n");
    check_taken("size_kb,cycles_per_access,latency_ns\n2,7,3\n");
    check_taken("size_kb,time_ns,cycles_per_access\n2,7,3\n", Unit::cycle);
    check_taken("size_kb,size_str,median_ns,cycles_per_access,ns_per_access,region\n"
                "2,2KB,121695.0,71.3,3,SLM/L1\n");
    check_taken("size_kb,iterations,total_ns,device\n2,1000,3,x\n"); // a constant factor at most
    check_refused("size_kb,iterations,total_ns,device\n2,1000,3,x\n4,500,3,x\n",
                  "'total_ns' may be the time of as many accesses as 'iterations' says");
    CHECK(read_csv("size_kb,iterations,latency_ns\n2,1000,3\n4,500,3\n").points.size() == 2);
}

TEST_CASE("unit.csv.the_place_is_the_column_that_varies") {
    const auto first_place = [](const std::string &text) {
        CAPTURE(text);
        return read_csv(text).points.at(0).at.at(0);
    };
    CHECK(first_place("stride_bytes,size_kb,latency_ns\n64,2,3\n64,4,3\n") == 2048);
    CHECK(first_place("size_kb,footprint_kb,latency_ns\n2,64,3\n4,64,3\n") == 64 * 1024);
    CHECK(first_place("size,size_kb,latency_ns\n1K,1.5,3\n2K,2,3\n") == 1536);
    CHECK(first_place("size_mib,size_bytes,latency_ns\n0,2048,3\n0,4096,3\n") == 2048);
    check_refused("size_kb,stride_bytes,latency_ns\n2,64,3\n4,128,3\n",
                  "two columns for 'footprint_bytes', 'stride_bytes' and 'size_kb': leave one out");
    check_refused("size_kb,Footprint,latency_ns\n2,64,3\n4,128,3\n",
                  "and 'Footprint' names none of its units: scale or rename it");
}

TEST_CASE("unit.csv.two_columns_that_suit_alike_are_refused") {
    for (const char *values : {"A (ns),B (ns)", "mean_ns,avg_ns", "latency_rd_ns,latency_wr_ns"})
        check_refused("size_kb,device," + std::string(values) + "\n2,x,3,3\n",
                      "two columns for 'latency_s'", both_units());
}

TEST_CASE("unit.csv.the_layout_that_uses_most_columns_is_taken") {
    std::vector<Series> layouts = chase_layout();
    layouts.push_back(
        {"raw", {footprint_axis, {"trips", Unit::one, {}}}, {"time", Unit::second, {}}, {}});
    CHECK(read_csv("size_kb,trips,time_ns,notes\n2,8,3,x\n", layouts).name == "raw");
    CHECK(read_csv("size_kb,latency_ns,notes\n2,3,x\n", layouts).name == "chase");
}

TEST_CASE("unit.csv.several_curves_in_one_file_are_refused") {
    const auto file = [](const std::string &column, const std::string &a, const std::string &b) {
        return column + ",size_kb,latency_ns\n" + a + ",2,3\n" + a + ",4,3\n" + b + ",2,5\n" + b +
               ",4,5\n";
    };
    check_refused(file("device", "T860", "G72"),
                  "file.csv: column 'device' parts the rows into several curves, of 'G72', 'T860'");
    check_refused(file("threads", "1", "32"), "column 'threads' parts the rows");
    for (const char *samples :
         {"run", "Trial no.", "stddev", "cycles", "clock_MHz", "latency_max_ns"})
        CHECK(read_csv(file(samples, "1", "2")).points.at(0).samples.size() == 2);
    CHECK(read_csv(file("remark", "", "noisy")).points.size() == 2);
    const std::string regions =
        "size_kb,latency_ns,region\n2,3,L1\n4,3,L1\n4,3,L1\n8,5,L2\n16,5,L2\n";
    CHECK(read_csv(regions).points.size() == 4);
}

TEST_CASE("unit.csv.rows_without_a_value_are_passed_over_and_counted") {
    for (const char *nothing : {"", "NaN", "nan", "N/A", "NA", "-", "--", "null", "inf", "-Inf"}) {
        const std::string rows = "2,3,x\n4," + std::string(nothing) + ",x\n";
        check_taken("size_kb,latency_ns,device\n" + rows);
        CHECK(notes_of("size_kb,latency_ns,device\n" + rows).at(1) ==
              "one row without a number in column 'latency_ns' passed over");
    }
    CHECK(notes_of("footprint_kb,latency_ns\n2,3\n4,-\n8,-\n") ==
          std::vector<std::string>{"2 rows without a number in column 'latency_ns' passed over"});
    check_refused("size_kb,latency_ns\n2,-\n4,NaN\n",
                  "file.csv: no row has a number in column latency_ns");
    check_refused("size_kb,latency_ns\n2,3\n-,3\n", "column size_kb: expected a number, found '-'");
    check_refused("size_kb,latency_ns\n2,timeout\n", "expected a number, found 'timeout'");
}

TEST_CASE("unit.csv.a_row_that_is_cut_off_is_passed_over") {
    const std::string header = "size_kb,latency_ns\n";
    for (const char *row : {"4\n", "4,3,7\n", "4"}) {
        check_taken(header + "2,3\n" + row);
        CHECK(notes_of(header + "2,3\n" + row).at(0).starts_with("line 3 is passed over: "));
    }
    check_refused(header + "4\n", "file.csv:2: 1 cells for 2 columns");
    check_refused(header + "2,3\n4\n8\n16,3\n", "file.csv:3: 1 cells for 2 columns");
    std::string many = header;
    for (int i = 0; i < 18; ++i)
        many += "2,3\n";
    many += "4\n8\n";
    CHECK(notes_of(many).at(0) == "line 20 and 1 more are passed over: 1 cells for 2 columns");
}
