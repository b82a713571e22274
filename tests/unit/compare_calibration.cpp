#include "io/comparison.hpp"

#include <clprobe/compare.hpp>
#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;

namespace {

/// The kept standard runs of one device, by their number.
std::vector<Report> kept_runs(const std::string &stem, int last) {
    std::vector<Report> reports;
    for (int number = 1; number <= last; ++number)
        reports.push_back(read_report(std::filesystem::path(CLPROBE_REPEATED) /
                                      fmt::format("{}-{:02}.json.gz", stem, number)));
    return reports;
}

std::string rates_of(const CalibrationRow &row) {
    std::string text = fmt::format(
        "{} bases: false worse {} of {}, slowed by 10 % found {} of {}, by three half-widths {} of "
        "{}\n",
        row.bases, row.false_worse.happened, row.false_worse.of, row.slowed_by_10_percent.happened,
        row.slowed_by_10_percent.of, row.slowed_by_3_half_widths.happened,
        row.slowed_by_3_half_widths.of);
    for (const auto &[key, count] : row.false_findings)
        text += fmt::format("  {} {}\n", count, key);
    return text;
}

} // namespace

// What the comparison promises on real reports (docs/adr/0018-comparing-reports.md).

TEST_CASE("unit.compare.keeps_its_promises_on_an_h200") {
    const Calibration calibration = calibrate(kept_runs("h200-standard", 10));
    REQUIRE(calibration.rows.size() == 3);
    const CalibrationRow &one = calibration.rows[0];
    const CalibrationRow &three = calibration.rows[1];
    INFO(rates_of(one) << rates_of(three));
    CHECK(one.false_worse.value() <= 0.05);
    CHECK(three.false_worse.value() <= 0.01);
    CHECK(three.slowed_by_10_percent.value() >= 0.9);
    CHECK(three.slowed_by_3_half_widths.value() >= 0.9);
}

TEST_CASE("unit.compare.keeps_its_promises_on_pocl") {
    const Calibration calibration = calibrate(kept_runs("pocl-3.1-standard", 10));
    REQUIRE(calibration.rows.size() == 3);
    const CalibrationRow &one = calibration.rows[0];
    const CalibrationRow &three = calibration.rows[1];
    INFO(rates_of(one) << rates_of(three));
    CHECK(one.false_worse.value() <= 0.05);
    CHECK(three.false_worse.value() <= 0.03);
    CHECK(three.slowed_by_10_percent.value() >= 0.7);
    CHECK(three.slowed_by_3_half_widths.value() >= 0.7);
}

TEST_CASE("unit.compare.calibration_counts_what_is_false_and_who_says_so") {
    // Two groups that differ by a third, as of two devices with one name: each comparison across
    // them with bases of one is false.
    std::vector<Report> reports;
    for (int i = 0; i < 6; ++i) {
        Report &report = reports.emplace_back();
        DeviceRecord &device = report.devices.emplace_back();
        device.device.slug = device.device.name = "a";
        device.device.uuid = i == 0 ? "" : i < 4 ? "one" : "other";
        ProbeRecord &record = device.probes.emplace_back();
        record.probe = "a/b";
        const double value = i < 4 ? 100 + 0.1 * i : 75;
        record.findings.push_back(measured({"a.rate", Unit::op_per_second, Better::higher, ""},
                                           value, {0.99 * value, 1.01 * value}));
    }
    const Calibration calibration = calibrate(reports);
    REQUIRE(calibration.rows.size() == 3);
    const CalibrationRow &one = calibration.rows[0];
    CHECK(one.false_worse.of == 30);
    CHECK(one.false_worse.happened == 8); // a fast base, a slow new one
    CHECK(one.false_worse.error > 0.05);
    CHECK(one.false_findings == std::vector<std::pair<std::string, std::size_t>>{{"a.rate", 8}});
    CHECK(one.slowed_by_3_half_widths.of == 0);
    CHECK(calibration.findings == 1);
    CHECK(calibration.wide == 0);
    CHECK(calibration.uuids == 2);
    CHECK_THAT(calibration_text(calibration, {}),
               ContainsSubstring("they are of 2 devices of the same name"));
    CHECK(calibrate(std::span(reports).first(4)).uuids == 1);
    CHECK_THAT(calibration_text(calibrate(std::span(reports).first(4)), {}),
               !ContainsSubstring("of the same name"));
}

TEST_CASE("unit.compare.calibration_wants_three_reports_of_one_device") {
    std::vector<Report> reports(2);
    CHECK_THROWS_AS(calibrate(reports), InputError);
    reports.resize(3);
    CHECK_THROWS_AS(calibrate(reports), InputError);
}
