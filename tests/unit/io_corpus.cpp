#include "fuzz/expectations.hpp"
#include "fuzz/interpretation.hpp"
#include "fuzz/network.hpp"
#include "io/file.hpp"
#include "io_sample.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <set>

using namespace clprobe;
namespace fs = std::filesystem;

namespace {

const fs::path corpus = CLPROBE_FUZZ_CORPUS;

/// The names of the files that `check` accepts.
std::set<std::string> accepted(const char *folder, bool (*check)(std::string_view)) {
    std::set<std::string> names;
    for (const auto &entry : fs::directory_iterator(corpus / folder)) {
        CAPTURE(entry.path());
        bool reads = false;
        CHECK_NOTHROW(reads = check(read_file(entry.path())));
        if (reads)
            names.insert(entry.path().filename().string());
    }
    return names;
}

/// The schema is tested on these files, and new readers will meet the like: a difference is a
/// change of the format. CLPROBE_UPDATE=1 in the environment writes them anew.
void check_committed(const char *file, const std::string &text) {
    if (std::getenv("CLPROBE_UPDATE") != nullptr)
        write_file(corpus / file, text);
    CHECK(read_file(corpus / file) == text);
}

} // namespace

TEST_CASE("unit.json.corpus_of_the_fuzzer") {
    const auto names = accepted("report", fuzz::check_report);
    CHECK(names.contains("every_member.json"));
    CHECK_FALSE(names.contains("truncated.json"));
}

TEST_CASE("unit.expectations.corpus_of_the_fuzzer") {
    CHECK(accepted("expectations", fuzz::check_expectations) ==
          std::set<std::string>{"every_member.json"});
}

TEST_CASE("unit.network.corpus_of_the_fuzzer") {
    CHECK(accepted("network", fuzz::check_network) ==
          std::set<std::string>{"escapes.json", "every_member.json"});
}

TEST_CASE("unit.csv.corpus_of_the_fuzzer") {
    const auto names = accepted("csv", fuzz::check_csv);
    CHECK(names.contains("bare.csv"));
    CHECK(names.contains("blanks.csv"));
    CHECK(names.contains("columns_of_benchmark.csv"));
    CHECK(names.contains("columns_of_lat_mem_rd.csv"));
    CHECK_FALSE(names.contains("many_columns.csv")); // three may be the time
    CHECK(names.contains("units_in_cells.csv"));
    CHECK(names.contains("written.csv"));
    CHECK_FALSE(names.contains("wrong_row.csv"));
}

TEST_CASE("unit.data_check.corpus_of_the_fuzzer") {
    for (const auto &entry : fs::directory_iterator(corpus / "interpret")) {
        CAPTURE(entry.path());
        CHECK_NOTHROW(fuzz::check_spoilt(read_file(entry.path())));
    }
}

TEST_CASE("unit.data_check.spoilt_reports_are_interpreted") {
    Random random(12);
    for (int i = 0; i < 300; ++i) {
        std::string bytes;
        for (int length = random.integer(4, 60); length > 0; --length)
            bytes.push_back(static_cast<char>(random.integer(0, 255)));
        CAPTURE(i);
        CHECK_NOTHROW(fuzz::check_spoilt(bytes));
    }
}

TEST_CASE("unit.json.format_is_as_committed") {
    check_committed("report/every_member.json", to_text(to_json(sample_report())));
}

TEST_CASE("unit.csv.format_is_as_committed") {
    const auto report = sample_report();
    const auto files = to_csv(report, report.devices[0], report.devices[0].probes[0]);
    check_committed("csv/written.csv", files.at(0).text);
}
