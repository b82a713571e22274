#include "csv_reading.hpp"
#include "io/csv.hpp"

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <string>
#include <vector>

using namespace clprobe;

// CSV files of other tools whose header says what they hold: each rule of docs/csv.md.

TEST_CASE("unit.csv.rows_and_columns_come_in_any_order") {
    const Series expected{"chase",
                          {footprint_axis},
                          latency_axis,
                          {{{2048}, {3e-9, 4e-9}, {}}, {{1024}, {1e-9}, {}}}};
    CHECK(read_csv("footprint_bytes,latency_s\n2048,3e-9\n1024,1e-9\n2048,4e-9\n") == expected);
    CHECK(read_csv("latency_ns,footprint_kib\n3,2\n1,1\n4,2") == expected);
    CHECK(read_csv("\xef\xbb\xbf# a comment\r\n\r\n Footprint_B , \"latency_us\" \r\n"
                   "2048,0.003\r\n  # 7,7\n\"2048\" ,\"0.004\"\r\n1024,0.001\r\n") == expected);
    CHECK_FALSE(series_from_csv("footprint_mib,latency_ms\n", "f", chase_layouts()).origin);
}

TEST_CASE("unit.csv.names_and_units_of_columns") {
    for (const char *size :
         {"footprint_bytes", "Footprint (B)", "size_b", "Size [bytes]", "Region Size (byte)",
          "test size bytes", "block_size_bytes", "buffer size (B)", "array_size_bytes", "bytes"})
        check_row(std::string(size) + ",latency_ns\n2048,3\n", 2048, 3e-9);
    for (const char *size :
         {"size_kb", "Size (KB)", "region [KiB]", "KiB", "size (K)", "size_kbytes"})
        check_row(std::string(size) + ",latency_ns\n2,3\n", 2048, 3e-9);
    for (const char *latency : {"latency_ns", "Latency (ns)", "LATENCY [nsec]",
                                "latency nanoseconds", "Load latency (ns)", "Time per access (ns)",
                                "ns", "ns/access", "ns per load", "latency (ns/hop)"})
        check_row("size_kb," + std::string(latency) + "\n2,3\n", 2048, 3e-9);
    check_row("size_kb,latency (\xc2\xb5s)\n2,0.003\n", 2048, 3e-9);
    check_row("size_kb,latency [\xce\xbcs]\n2,0.003\n", 2048, 3e-9);
}

TEST_CASE("unit.csv.bandwidths_come_in_powers_of_1000_and_1024") {
    const auto bandwidth = [](const std::string &column) {
        return read_csv("size_kib," + column + "\n1,3\n", read_layout()).points.at(0).samples.at(0);
    };
    for (const char *column : {"bandwidth_gb_per_s", "bandwidth (GB/s)", "Read bandwidth (GBps)",
                               "Rate [GBytes/s]", "GB/sec", "throughput GB per s"})
        CHECK(bandwidth(column) == 3e9);
    CHECK(bandwidth("bandwidth_bytes_per_s") == 3);
    CHECK(bandwidth("bandwidth_GiB_per_s") == 3.0 * 1024 * 1024 * 1024);
    for (const char *column : {"bandwidth_gbps", "bandwidth (Gbps)", "bandwidth (Gb/s)"}) // bits
        check_refused("size_kib," + std::string(column) + "\n1,3\n",
                      "no column is bandwidth in one of its units", read_layout());
}

TEST_CASE("unit.csv.units_are_scaled_exactly") {
    for (int i = 1; i < 1000; ++i)
        CHECK(read_csv("footprint_gib,latency_ns\n1," + std::to_string(i)).points[0].samples[0] ==
              std::stod(std::to_string(i) + "e-9"));
    CHECK(read_csv("footprint_mib,latency_ns\n0.5,1").points[0].at[0] == 512.0 * 1024);
}

TEST_CASE("unit.csv.cycles_are_a_unit_of_their_own") {
    for (const char *latency : {"latency_cycles", "Latency (clk)", "cycles/access", "clocks"}) {
        const auto series = read_csv("size_kb," + std::string(latency) + "\n2,30\n");
        CHECK(series.measure.unit == Unit::cycle);
        CHECK(series.points.at(0).samples == std::vector{30.0});
    }
    CHECK(read_csv("size,latency\n2K,30 cycles\n").measure.unit == Unit::cycle);
    CHECK(read_csv("size_kb,latency_cycles,latency_ns\n2,30,3\n").measure.unit == Unit::second);
}

TEST_CASE("unit.csv.cells_may_bear_their_units") {
    for (const char *size : {"2K", "2k", "2 KB", "2KiB", "2048 B", "2048 bytes", "0.001953125 MiB"})
        check_row("size_bytes,latency_ns\n" + std::string(size) + ",3\n", 2048, 3e-9);
    check_row("size,ns\n4M,3\n", 4.0 * 1024 * 1024, 3e-9);
    check_row("footprint,latency\n2 KiB,3 ns\n", 2048, 3e-9);
    check_row("footprint_kib,latency_us\n2,3 ns\n", 2048, 3e-9);
    CHECK(read_csv("size,ns\n512,1\n1K,2\n").points.at(0).at.at(0) == 512); // in bytes among others
    check_refused("footprint,latency\n2K,3 ns\n2K,3\n",
                  "file.csv:3: column 'latency': '3' has no unit");
    for (const char *size : {"2 ns", "2Kb", "2 pages", "0x10"})
        check_refused("size_bytes,latency_ns\n" + std::string(size) + ",3\n",
                      "column 'size_bytes': expected a number, found");
}

TEST_CASE("unit.csv.separators") {
    check_row("Size (KB);Latency (ns)\n2;3\n", 2048, 3e-9);
    check_row("latency_s\tfootprint_b\n3e-9\t2048\n", 2048, 3e-9);
    check_row("  size_kb   latency_ns \r\n\r\n  2  \t 3 \r\n", 2048, 3e-9);
    check_row("\"Size (KB)\" \"Latency (ns)\"\n2K 3ns\n# 7 7\n", 2048, 3e-9);
    check_row("sep=;\r\nsize_bytes;latency_ns\r\n2048;3\r\n", 2048, 3e-9);
    check_row(",size_kib,latency_ns,\n0,2,3,\n", 2048, 3e-9); // row numbers, and a last comma
    check_row("size_bytes,latency_ns\r2048,3\r", 2048, 3e-9);
}

TEST_CASE("unit.csv.quoted_cells") {
    std::vector<Series> layouts = race_layout();
    layouts[0].axes[0].labels = {"a \"b\"", "two\nlines", "#3", " x "};
    const auto series = read_csv("form,trips,latency_s\n\"a \"\"b\"\"\",1,1\n\"two\nlines\",1,1\n"
                                 "\"#3\",1,1\n\" x \",1,1\n",
                                 layouts);
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(series.points.at(i).at[0] == static_cast<double>(i));
}

TEST_CASE("unit.csv.utf16") {
    const std::string plain = "size_bytes\tlatency_ns\n2048\t3\n";
    std::string low_first = "\xff\xfe";
    std::string high_first = "\xfe\xff";
    for (const char letter : plain) {
        low_first += {letter, '\0'};
        high_first += {'\0', letter};
    }
    check_row(low_first, 2048, 3e-9);
    check_row(high_first, 2048, 3e-9);
}

TEST_CASE("unit.csv.decimal_commas_where_no_comma_separates") {
    check_row("Size (KB);Latency (ns)\n2;3,5\n", 2048, 3.5e-9);
    check_row("Size (KB)\tLatency (ns)\n2,0\t0,125\n", 2048, 0.125e-9);
    check_row("size_kb latency\n2 0,5ns\n", 2048, 0.5e-9);
    const auto points = read_csv("size_kb;latency_ns\n1,41406;20,25\n2;3,000\n").points;
    CHECK(points.at(1).samples == std::vector{3e-9}); // as another cell shows
    for (const char *rows : {"2,048;3\n", "2,048;3.5\n", "1,048,576;0,5\n", "2.048,5;3\n"})
        check_refused("size_b;latency_ns\n" + std::string(rows),
                      "file.csv:2: column 'size_b': expected a number as in 1234.5, found");
    check_refused("size_b,latency_ns\n\"2,0\",3\n", "expected a number as in 1234.5, found '2,0'");
}

TEST_CASE("unit.csv.axes_of_words_and_blocks") {
    const auto series = read_csv("block,latency_s,trips,form\n"
                                 "0,1,10,\"a*b+c, fused\"\n1,2,10,\"a*b+c, fused\"\n,3,10,fma\n",
                                 race_layout());
    CHECK(series.points == std::vector<Point>{{{1, 10}, {1, 2}, {0, 1}}, {{0, 10}, {3}, {}}});
}

TEST_CASE("unit.csv.the_series_that_uses_most_columns_is_taken") {
    std::vector<Series> layouts = {{"short", {footprint_axis}, {"time", Unit::second, {}}, {}}};
    layouts.push_back(
        {"long", {footprint_axis, {"trips", Unit::one, {}}}, {"time", Unit::second, {}}, {}});
    CHECK(read_csv("size_kb,trips,time_ns,notes\n2,8,3,x\n", layouts).name == "long");
    CHECK(read_csv("size_kb,time_ns,notes\n2,3,x\n", layouts).name == "short");
}

TEST_CASE("unit.csv.what_is_read_as_what_is_said") {
    CHECK(notes_of("footprint_kib,latency_ns\n2,3\n").empty());
    CHECK(notes_of("Region (KB),ns\n2,3\n") ==
          std::vector<std::string>{"footprint is read from 'Region (KB)', latency from 'ns'"});
    CHECK(notes_of("size_bytes,latency_ns,stddev,device\n2048,3,0.1,\"RX 580, 8 GB\"\n") ==
          std::vector<std::string>{
              "footprint is read from 'size_bytes', latency from 'latency_ns'; columns passed "
              "over, so that rows which differ only there are repeated samples: 'stddev', "
              "'device'"});
}

TEST_CASE("unit.csv.rows_passed_over_are_counted_and_named") {
    // The Cortex-A73's first level is too fast for the tool that measured this.
    CHECK(notes_of("size_bytes,latency_ns\n1024,0.0\n2048,0.0\n4096,0.0\n8192,0.0\n16384,0.0\n"
                   "32768,0.0\n65536,4.6\n131072,6.9\n")
              .at(1) == "6 rows from line 2 on are passed over: column 'latency_ns' is 0, which is "
                        "no measurement");
    for (const char *nothing : {"", "NaN", "N/A", "-", "--", "null", "inf", "-Inf"}) {
        const std::string text = "footprint_kb,latency_ns\n2,3\n4," + std::string(nothing) + "\n";
        check_row(text, 2048, 3e-9);
        CHECK(notes_of(text) ==
              std::vector<std::string>{"line 3 is passed over: column 'latency_ns' has no value"});
    }
    CHECK(notes_of("footprint_kb,latency_ns\n2,3\n4") ==
          std::vector<std::string>{
              "line 3 is passed over: 1 cells for 2 columns, as of a file that was cut off"});
    check_refused("size_kb,latency_ns\n2,-\n4,0\n",
                  "file.csv: no row has what the series takes: line 2 is passed over: column "
                  "'latency_ns' has no value; line 3 is passed over: column 'latency_ns' is 0");
}

TEST_CASE("unit.csv.wrong_rows_are_refused_with_line_and_column") {
    const std::string header = "footprint_bytes,latency_s\n";
    check_refused(header + "1,2\n1,x\n",
                  "file.csv:3: column 'latency_s': expected a number, found 'x'");
    check_refused(header + "# a comment\n,2\n",
                  "file.csv:3: column 'footprint_bytes': expected a number");
    check_refused(header + "1\n1,2\n", "file.csv:2: 1 cells for 2 columns");
    check_refused(header + "1,2,3\n", "file.csv:2: 3 cells for 2 columns");
    for (const char *number : {"1e999", "1,5", "1 2", "+-1", "1e"})
        check_refused(header + "1," + number + "\n", "file.csv:2: ");
    check_refused(header + "1024,1e-300\n",
                  "file.csv:2: column 'latency_s': 1e-300 is no number that");
    check_refused(header + "-1e31,1\n", "column 'footprint_bytes': -1e+31 is no number that");
    check_refused(header + "1,\"2\n\n", "file.csv:2: a quote that is never closed; --skip N");
    check_refused(header + "1,\"2\" 3\n", "file.csv:2: text behind a closing quote");
    check_refused("form,trips,latency_s\nfast,1,1\n",
                  "file.csv:2: column 'form': 'fast' is none of fma, a*b+c, fused", race_layout());
    check_refused("form,trips,latency_s,block\nfma,1,1,0.5\n", "column 'block': expected a number",
                  race_layout());
    check_refused("form,trips,latency_s,block\nfma,1,1,0\nfma,1,1,\n",
                  "file.csv:3: column 'block': some samples", race_layout());
}

TEST_CASE("unit.csv.a_header_that_does_not_fit_is_refused_with_the_option_that_reads_it") {
    check_refused("", "file.csv: no header and no rows");
    check_refused("# only a comment\n", "file.csv: no header and no rows");
    check_refused("2,28\n4,28\n", "file.csv:1: no header: say which column is what, as in "
                                  "--columns 'footprint=1:KiB,latency=2:ns'");
    check_refused("buffer,elapsed\n2,3\n",
                  "file.csv:1: no column is latency in one of its units for the series 'chase' "
                  "among 'buffer', 'elapsed': say which column is what, as in --columns "
                  "'footprint=buffer:KiB,latency=elapsed:ns'");
    check_refused("Size (KB),\"Latency, mean (ns)\"\n2,3\n",
                  "--columns 'footprint=Size (KB),latency=2:ns'");
    check_refused("footprint,latency_s\n2048,1\n", "no column is footprint in one of its units");
    check_refused("a,b\n", "file.csv: say which probe this series is for, with --probe", {});
}

TEST_CASE("unit.csv.two_columns_that_could_be_one_are_refused") {
    check_refused("size_kb,latency_ns,ns\n2,3,3\n",
                  "columns 'latency_ns' and 'ns' may both be latency for the series 'chase' among "
                  "'size_kb', 'latency_ns', 'ns': say which column is what, as in --columns "
                  "'footprint=size_kb,latency=latency_ns'");
    check_refused("size_kb,latency_ns,latency_us,cycles\n2,3,3,9\n", "may both be latency");
    check_refused("size_kb,region_kb,latency_ns\n2,2,3\n",
                  "columns 'size_kb' and 'region_kb' may both be footprint");
    check_row("footprint_kb,region_kb,latency_ns\n2,64,3\n", 2048, 3e-9); // its very name
    check_row("size_kb,region,latency_ns\n2,L1,3\n", 2048, 3e-9);         // without a unit
}

TEST_CASE("unit.csv.reading_takes_time_in_proportion_to_the_rows") {
    const auto seconds = [](int rows) {
        std::string text = "size_bytes,latency_ns\n";
        for (int i = 0; i < rows; ++i)
            text += std::to_string(1024 + i) + ",3\n";
        const auto start = std::chrono::steady_clock::now();
        CHECK(read_csv(text).points.size() == static_cast<std::size_t>(rows));
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    CHECK(seconds(40'000) < 16 * seconds(10'000) + 0.1); // 4 times as long, not 16 times
}
