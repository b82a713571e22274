#include "csv_reading.hpp"

#include <clprobe/csv.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

using namespace clprobe;

// CSV files as other programs and people write them.

namespace {

/// The one row of a file.
void check_row(std::string_view text, double bytes, double seconds) {
    CAPTURE(text);
    const auto points = read_csv(text).points;
    REQUIRE(points.size() == 1);
    CHECK(points[0].at == std::vector{bytes});
    CHECK(points[0].samples == std::vector{seconds});
}

} // namespace

TEST_CASE("unit.csv.bandwidths_come_in_powers_of_1000_and_1024") {
    const std::vector<Series> layout = {
        {"read", {footprint_axis}, {"bandwidth", Unit::byte_per_second, {}}, {}}};
    const auto bandwidth = [&](const std::string &unit) {
        return read_csv("footprint_kib,bandwidth_" + unit + "\n1,3\n", layout)
            .points.at(0)
            .samples.at(0);
    };
    CHECK(bandwidth("bytes_per_s") == 3);
    CHECK(bandwidth("B_per_s") == 3);
    CHECK(bandwidth("GB_per_s") == 3e9);
    CHECK(bandwidth("GiB_per_s") == 3.0 * 1024 * 1024 * 1024);
}

TEST_CASE("unit.csv.headers_and_separators_of_other_programs") {
    const Series expected{"chase", {footprint_axis}, latency_axis, {{{2048}, {3e-9}, {}}}};
    CHECK(read_csv("Footprint (KiB);Latency [ns]\n2;3\n") == expected);
    CHECK(read_csv("# ns\nlatency ns\tfootprint (bytes)\n3\t2048\n") == expected);
    CHECK(read_csv("latency_s\tfootprint_b\n\t1024\n3e-9\t2048\n") == expected);
    const std::vector<Series> layout = {
        {"read", {footprint_axis}, {"bandwidth", Unit::byte_per_second, {}}, {}}};
    CHECK(read_csv("footprint KiB, bandwidth (GB/s)\n1,3\n", layout).points.at(0).samples.at(0) ==
          3e9);
    CHECK(read_csv(",footprint_kib,latency_ns,\n0,2,3,\n") == expected);
}

TEST_CASE("unit.csv.columns_of_other_names_are_told_by_their_units") {
    const Series expected{"chase", {footprint_axis}, latency_axis, {{{2048}, {3e-9}, {}}}};
    CHECK(read_csv("Test size (KB),Latency (ns)\n2,3\n") == expected);
    CHECK(read_csv("ns;Array [bytes]\n3;2048\n") == expected);
    CHECK(read_csv("size_kib,latency_s\n2,3e-9\n") == expected);
    CHECK(read_csv("footprint_kib,latency (\xc2\xb5s)\n2,0.003\n") == expected);
    CHECK(read_csv("footprint_kib,time [\xce\xbcs]\n2,0.003\n") == expected);
    const auto notes = series_from_csv("elapsed_ms,footprint_kib\n", "f", chase_layout()).notes;
    CHECK(notes ==
          std::vector<std::string>{"column 'elapsed_ms' is taken for latency by its unit"});
    CHECK(series_from_csv("latency_ms,footprint_kib\n", "f", chase_layout()).notes.empty());
    check_refused("size_kib,A (ns),B (ns)\n",
                  "two columns for 'latency_s', 'A (ns)' and 'B (ns)': leave");
    check_refused("size_kib,rate (GB/s)\n",
                  "no column 'latency_s' among 'size_kib', 'rate (GB/s)'");
    check_refused("size_kib,loads/ns\n", "no column 'latency_s' among");
    check_refused("footprint_kib,latency (\xc2\xa7s)\n", "no column 'latency_s'");
    check_refused("footprint (Kb),latency_s\n", "and 'footprint (Kb)' names none of its units");
    std::vector<Series> layouts = chase_layout();
    layouts.push_back({"sweep", {{"stride", Unit::byte, {}}}, latency_axis, {}});
    CHECK(read_csv("stride_kib,latency_ns\n", layouts).name == "sweep");
}

TEST_CASE("unit.csv.units_are_scaled_exactly") {
    for (int i = 1; i < 1000; ++i)
        CHECK(read_csv("footprint_gib,latency_ns\n1," + std::to_string(i)).points[0].samples[0] ==
              std::stod(std::to_string(i) + "e-9"));
    CHECK(read_csv("footprint_gib,latency_ns\n3,1").points[0].at[0] == 3.0 * 1024 * 1024 * 1024);
    CHECK(read_csv("footprint_mib,latency_ns\n0.5,1").points[0].at[0] == 512.0 * 1024);
}

TEST_CASE("unit.csv.cells_may_bear_their_units") {
    for (const char *size : {"2K", "2k", "2 KB", "2KiB", "2048 B", "2048 bytes", "0.001953125 MiB"})
        check_row("footprint_bytes,latency_ns\n" + std::string(size) + ",3\n", 2048, 3e-9);
    check_row("Size (KB),latency_ns\n4M,3\n", 4.0 * 1024 * 1024, 3e-9);
    check_row("footprint,latency\n2 KiB,3 ns\n", 2048, 3e-9);
    check_row("Size;Latency\n2K;3ns\n", 2048, 3e-9);
    check_row("footprint_kib,latency_us\n2,3 ns\n", 2048, 3e-9);
    const auto points = read_csv("Size,Latency (ns)\n512,1\n1K,2\n").points;
    REQUIRE(points.size() == 2);
    CHECK(points[0].at.at(0) == 512); // a plain size among others is in bytes
    CHECK(points[1].at.at(0) == 1024);
    CHECK(series_from_csv("size,latency_ns\n2K,3\n", "f", chase_layout()).notes ==
          std::vector<std::string>{"column 'size' is taken for footprint by its unit"});
    CHECK(series_from_csv("footprint,latency_ns\n2K,3\n", "f", chase_layout()).notes.empty());
    check_refused("footprint,latency\n2K,3 ns\n2K,3\n",
                  "file.csv:3: column latency: '3' has no unit");
    check_refused("footprint_bytes,latency_ns\n2 ns,3\n", "expected a number, found '2 ns'");
    check_refused("footprint_bytes,latency_ns\n2Kb,3\n", "expected a number, found '2Kb'"); // bits
    check_refused("footprint_bytes,latency_ns\n2 pages,3\n", "expected a number, found '2 pages'");
    check_refused("size,latency_ns\n2048,3\n",
                  "no column 'footprint_bytes' among"); // of what unit?
}

TEST_CASE("unit.csv.units_have_other_words") {
    check_row("Size in KBytes;Latency in nanoseconds\n2;3\n", 2048, 3e-9);
    check_row("size (byte),latency [nsec]\n2048,3\n", 2048, 3e-9);
    check_row("Size,Latency\n2 kbytes,3 nsec\n", 2048, 3e-9);
    const std::vector<Series> layout = {
        {"read", {footprint_axis}, {"bandwidth", Unit::byte_per_second, {}}, {}}};
    for (const char *header : {"footprint_kib,GB/sec", "footprint_kib,Read rate (GBytes/s)"})
        CHECK(read_csv(std::string(header) + "\n2,3\n", layout).points.at(0).samples.at(0) == 3e9);
    const std::vector<Series> ridge = {
        {"ridge", {footprint_axis}, {"intensity", Unit::flop_per_byte, {}}, {}}};
    CHECK(read_csv("size_kib,flop/byte\n2,3\n", ridge).points.at(0).samples.at(0) == 3);
    check_refused("footprint_kib,Gb/sec\n", "no column 'bandwidth_bytes_per_s'", layout); // bits
}

TEST_CASE("unit.csv.decimal_commas") {
    check_row("Size (KB);Latency (ns)\n2;3,5\n", 2048, 3.5e-9);
    check_row("Size (KB)\tLatency (ns)\n2,0\t0,125\n", 2048, 0.125e-9);
    check_row("Size (KB),Latency (ns)\n\"2\",\"3,25 ns\"\n", 2048, 3.25e-9);
    check_row("Size (KB);Latency (ns)\n2;3,0625\n", 2048, 3.0625e-9);
    for (const char *size : {"2,048", "10,048", "1,02,048", "2,48.5", "2.48,5", "1.002.048,5,5"})
        check_refused("Size (bytes);Latency (ns)\n" + std::string(size) + ";3\n",
                      "file.csv:2: column Size (bytes): expected a number as in 1234.5, found '" +
                          std::string(size) + "'");
}

TEST_CASE("unit.csv.decimal_commas_that_one_cell_shows") {
    const auto points = read_csv("Taille (Kio);Latence (ns)\n1,41406;20,25\n2;3,000\n").points;
    REQUIRE(points.size() == 2);
    CHECK(points[1].at == std::vector{2048.0});
    CHECK(points[1].samples == std::vector{3e-9});
    CHECK(read_csv("size_kib;latency_ns\n1,5;20,259\n").points[0].samples ==
          std::vector{20.259e-9});
    check_refused("size_kib;latency_ns\n1;20,259\n2;20,0 ns\n", "found '20,259'");
    check_refused("size_kib;latency_ns\n1,5;20,259\n2.5;3\n", "found '20,259'");
}

TEST_CASE("unit.csv.thousands_that_are_parted_for_sure") {
    check_row("size_bytes,latency_ns\n\"2,048.00\",3\n", 2048, 3e-9);
    check_row("size_bytes;latency_ns\n2.048,0;3\n", 2048, 3e-9);
    check_row("size_bytes;latency_ns\n1,048,576;3\n", 1048576, 3e-9);
    check_row("size_bytes;latency_ns\n1.048.576 B;3\n", 1048576, 3e-9);
    check_row("size_kb;latency_ns\n2;3.000\n", 2048, 3e-9); // a point alone is a decimal one
}

TEST_CASE("unit.csv.encodings_and_line_ends_of_other_programs") {
    const std::string plain = "size_bytes\tlatency_ns\n2048\t3\n";
    std::string low_first = "\xff\xfe";
    std::string high_first = "\xfe\xff";
    for (const char letter : plain) {
        low_first += {letter, '\0'};
        high_first += {'\0', letter};
    }
    check_row(low_first, 2048, 3e-9);
    check_row(high_first, 2048, 3e-9);
    const std::string micro{"\xff\xfes\0_\0k\0b\0;\0\xb5\0s\0\n\0"
                            "2\0;\0.\0"
                            "0\0"
                            "0\0"
                            "3\0",
                            30};
    check_row(micro, 2048, 3e-9);
    check_row("size_bytes,latency_ns\r2048,3\r", 2048, 3e-9);
    check_row("sep=;\r\nsize_bytes;latency_ns\r\n2048;3\r\n", 2048, 3e-9);
    check_row("\xef\xbb\xbfsep=;\nsize_bytes;latency_ns\n2048;3\n", 2048, 3e-9);
}

TEST_CASE("unit.csv.blanks_between_cells") {
    check_row("footprint_kib latency_ns\n2 3\n", 2048, 3e-9);
    check_row("  Size (KB)   Latency [in ns] \r\n\r\n  2  \t 3 \r\n", 2048, 3e-9);
    check_row("\"Size (KB)\" \"Latency (ns)\"\n2K 3ns\n# 7 7\n", 2048, 3e-9);
    check_refused("size_kib latency_ns\n2\n", "file.csv:2: 1 cells for 2 columns");
    check_refused("size_kib latency_ns\n2 3 4\n", "file.csv:2: 3 cells for 2 columns");
}

TEST_CASE("unit.csv.a_header_may_be_a_comment_above_numbers") {
    check_row("# size_bytes,latency_ns\n2048,3\n", 2048, 3e-9); // as numpy.savetxt writes
    check_row("# an RX 580\n#size_bytes latency_ns\n\n2.048e+03 3.0e+00\n", 2048, 3e-9);
    check_row("# 3 ns\nsize_bytes,latency_ns\n2048,3\n", 2048, 3e-9);
    check_refused("# measured today\n2048,3\n", "file.csv:2: no header");
    check_refused("# size_bytes,latency_ns\n2048,3,4\n", "file.csv:2: no header");
    check_refused("# of \"mine\n2048,3\n", "file.csv:2: no header");
    check_refused("# size_bytes,latency_ns\n", "file.csv: no header");
}

TEST_CASE("unit.csv.units_of_one_letter_stand_in_brackets") {
    check_row("Size (B),Latency (ns)\n2048,3\n", 2048, 3e-9);
    check_row("size_B,Latency [s]\n2048,3e-9\n", 2048, 3e-9);
    check_refused("size_b,latency_ns\n", "no column 'footprint_bytes' among");
    check_refused("bytes,times\n", "no column 'latency_s' among");
}

TEST_CASE("unit.csv.asides_behind_a_unit") {
    for (const char *latency : {"ns/access", "ns_per_access", "Latency (ns per load)", "ns_per_hop",
                                "latency_ns_mean", "latency_ns_median", "Latency [ns; avg]"})
        check_row("size_bytes," + std::string(latency) + "\n2048,3\n", 2048, 3e-9);
    check_refused("size_bytes,latency_ns_std\n", "names none of its units");
    check_refused("size_bytes,accesses_per_ns\n", "no column 'latency_s' among");
    check_refused("size_bytes,ns_per_kernel\n", "no column 'latency_s' among");
    check_refused("size_bytes,latency_mean\n", "names none of its units");
    check_refused("size_bytes,latency_ns_mean,latency_ns_avg\n", "two columns for 'latency_s'");
}

TEST_CASE("unit.csv.bandwidths_without_a_stroke") {
    const std::vector<Series> layout = {
        {"read", {footprint_axis}, {"bandwidth", Unit::byte_per_second, {}}, {}}};
    for (const char *rate : {"bandwidth_GBps", "Read GBps", "bandwidth_GB_s", "gb_sec", "bw_gbs",
                             "bandwidth (GB per second)"})
        CHECK(read_csv("size_kib," + std::string(rate) + "\n2,3\n", layout)
                  .points.at(0)
                  .samples.at(0) == 3e9);
    for (const char *rate : {"bandwidth_gbps", "bandwidth_Gbps", "Gb_s"}) // bits, or who knows
        check_refused("size_kib," + std::string(rate) + "\n", "no column 'bandwidth_bytes_per_s'",
                      layout);
}

TEST_CASE("unit.csv.cycles_are_a_unit_of_their_own") {
    std::vector<Series> layouts = chase_layout();
    check_refused("footprint_kib,latency_cycles\n2,30\n", "names none of its units");
    layouts.push_back({"chase", {footprint_axis}, {"latency", Unit::cycle, {}}, {}});
    for (const char *header : {"footprint_kib,latency_cycles", "Size (KB),Latency (clk)",
                               "Size (KB),Latency(Cycle)", "size_kb,cycles_per_access"}) {
        const auto series = read_csv(std::string(header) + "\n2,30\n", layouts);
        CHECK(series.measure.unit == Unit::cycle);
        CHECK(series.points.at(0).samples == std::vector{30.0});
    }
    CHECK(read_csv("size_kb,clocks\n2,30\n", layouts).measure.unit == Unit::cycle);
    CHECK(read_csv("size_kb,ns\n2,30\n", layouts).measure.unit == Unit::second);
}
