// Files of expectations, which anybody may have written.

#include "expectations_sample.hpp"
#include "io/expectations.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

/// A file with one expectation, which has these members besides.
std::string file_with(const std::string &members) {
    return R"({"expectations_version": "1.0.0", "title": "t", "device": "Mali", "source": "s",
               "expectations": [{"key": "k", "claim": "c")" +
           (members.empty() ? "" : ", " + members) + "}]}";
}

Expectation read_one(const std::string &members) {
    return read_expectations(file_with(members), "file.json").expectations.at(0);
}

void check_refused(const std::string &text, const std::string &message) {
    INFO(text.substr(0, 200));
    CHECK_THROWS_MATCHES(
        static_cast<void>(read_expectations(text, "file.json")), InputError,
        MessageMatches(ContainsSubstring("'file.json': ") && ContainsSubstring(message)));
}

} // namespace

TEST_CASE("unit.expectations.every member of the sample is read") {
    const Expectations all = read_expectations(CLPROBE_EXPECTATIONS_SAMPLE);
    CHECK(all.device == "Mali-G52");
    REQUIRE(all.expectations.size() == 8);
    const Expectation &rate = all.expectations[0];
    CHECK(rate.key == "fma.fp32.rate");
    CHECK(rate.source == "the write-up");
    CHECK(rate.unit == Unit::flop_per_second);
    CHECK(rate.value == 76.8e9);
    CHECK(rate.tolerance == 0.03);
    CHECK(all.expectations[1].at_least == 5e9);
    CHECK(all.expectations[1].source == "the datasheet"); // the file's
    CHECK(all.expectations[3].at_most == Catch::Approx(100e-9));
    CHECK(all.expectations[4].unit == Unit::one);
}

TEST_CASE("unit.expectations.units are converted, and confirm a finding that touches the bound") {
    CHECK(read_one(R"("unit": "KiB", "value": 128)").value == 131072);
    CHECK(read_one(R"("unit": "B", "value": 128)").value == 128);
    CHECK(read_one(R"("unit": "GB/s", "at_least": 17.3)").at_least == 17.3e9);
    CHECK(read_one(R"("unit": "Ttexel/s", "at_least": 2)").at_least == 2e12);
    CHECK(read_one(R"("unit": "MHz", "at_least": 800)").at_least == 800e6);
    CHECK(read_one(R"("unit": "pJ", "at_most": 3)").at_most == 3e-12);
    CHECK(read_one(R"("unit": "1", "at_most": -3)").at_most == -3);
    // 0.7 and 4.1 have no exact binary form, and each takes its own way here.
    for (const double number : {0.7, 4.1, 33.3, 1e-3}) {
        Expectation asked = read_one(R"("unit": "ns", "at_least": )" + std::to_string(number));
        Finding finding = plain("k", {number * 1e-9, number * 1e-9});
        finding.unit = Unit::second;
        CHECK(check(report_with({finding}), about_all({asked})).at(0).verdict ==
              ExpectationVerdict::confirmed);
    }
}

TEST_CASE("unit.expectations.what is wrong is named with its place and the nearest word") {
    check_refused(file_with(R"("at_leest": 1)"),
                  "/expectations/0: no member is called \"at_leest\" "
                  "(did you mean at_least?)");
    check_refused(file_with(R"("unit": "GBs", "value": 1)"),
                  "/expectations/0/unit: no unit is called \"GBs\" (did you mean GB/s?)");
    check_refused(file_with(R"("unit": "Gb/s", "value": 1)"), "/expectations/0/unit: no unit");
    check_refused(file_with(""), "either a 'value'");
    check_refused(file_with(R"("value": 1, "at_most": 2)"), "either a 'value'");
    check_refused(file_with(R"("at_most": 2, "tolerance_percent": 2)"), "either a 'value'");
    check_refused(file_with(R"("at_least": 3, "at_most": 2)"), "'at_least' is above 'at_most'");
    check_refused(file_with(R"("value": "1")"), "/expectations/0/value: expected a number");
    check_refused(file_with(R"("value": 1, "tolerance_percent": -1)"),
                  "/expectations/0/tolerance_percent: a number below 0");
    check_refused(file_with(R"("value": 1e300)"), "no number that a measurement has");
    check_refused(file_with(R"("unit": "TB/s", "value": 1e29)"),
                  "no number that a measurement has");
    check_refused(file_with(R"("value": 1, "source": " ")"),
                  "/expectations/0/source: expected a text");
    check_refused(R"({"expectations_version": "1.0.0", "title": "t", "device": "d",
                      "expectations": [{"key": "k", "claim": "c", "value": 1}]})",
                  "/expectations/0: member 'source' is missing");
    check_refused(R"({"expectations_version": "1.0.0", "devices": "d"})",
                  "no member is called \"devices\" (did you mean device?)");
    check_refused(R"({"expectations_version": "1.0.0", "title": "t", "device": "d",
                      "expectations": []})",
                  "/expectations: expected 1 to 1000");
}

TEST_CASE("unit.expectations.what is no such file is refused") {
    check_refused("", "not a JSON document");
    check_refused("[]", "expected an object");
    check_refused("{}", "no file of expectations, as it lacks 'expectations_version'");
    check_refused(R"({"schema_version": "1.1.0"})", "no file of expectations");
    check_refused(R"({"expectations_version": "2.0.0"})",
                  "it is 2.0.0, and this program reads version 1.0.0");
    check_refused(R"({"expectations_version": 1})", "expected a string");
    check_refused(std::string(100, '['), "nested deeper");
    check_refused(file_with(R"("value": 1, "value": 2)"), "given twice");
    check_refused(file_with(R"("value": 1, "source": ")" + std::string(2000, 'x') + "\""),
                  "at most 1000 bytes");
    std::string many = R"({"expectations_version": "1.0.0", "title": "t", "device": "d",
                           "source": "s", "expectations": [{"key": "k", "claim": "c", "value": 1})";
    for (int i = 0; i < 1000; ++i)
        many += R"(,{"key": "k", "claim": "c", "value": 1})";
    check_refused(many + "]}", "expected 1 to 1000");
    CHECK_THROWS_AS(read_expectations(std::filesystem::path("/no/such/file.json")), InputError);
}

TEST_CASE("unit.expectations.as text they hold nothing that a terminal or Markdown acts on") {
    Expectation asked = expectation("k");
    asked.claim = "\x1b[31m| <b>";
    asked.value = 1;
    const auto results = check(report_with({plain("k", {2, 2})}), about_all({asked}));
    const std::string text = checked_text(results, {.utf8 = true});
    CHECK_THAT(text, ContainsSubstring("refuted") && ContainsSubstring("?[31m| <b> [1]") &&
                         ContainsSubstring("[1]  the datasheet"));
    CHECK_THAT(checked_markdown(results),
               ContainsSubstring("| ?\\[31m\\| \\<b\\> \\[1\\] | k | 1 | 2 | refuted |") &&
                   ContainsSubstring("\n1. the datasheet\n"));
    CHECK(verdicts_text(results) == "1 expectation: 1 refuted");
    const Json json = to_json(results[0]);
    CHECK(json.at("verdict") == "refuted");
    CHECK(json.at("value") == 1);
    CHECK_FALSE(json.contains("at_least"));
    CHECK(json.at("finding").at("interval") == Json::array({2, 2}));
}
