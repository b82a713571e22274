#include "interpreted.hpp"
#include "io/csv.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

// What `clprobe analyze FILE.csv --probe memory/buffer_latency` makes of curves of other tools.

namespace {

using Law = std::function<double(double)>; ///< ns over KiB

double two_caches(double kib) {
    return kib <= 32 ? 20 : kib <= 1024 ? 60 : 200;
}

std::vector<double> half_octaves(double from, double to) {
    std::vector<double> points;
    for (int i = 0; from * std::exp2(0.5 * i) <= to; ++i)
        points.push_back(from * std::exp2(0.5 * i));
    return points;
}

struct Row {
    double kib = 0;
    double ns = 0;
};

/// One sample a point, with 1 % of noise.
std::vector<Row> rows_of(const Law &law, const std::vector<double> &points) {
    Random random(3);
    std::vector<Row> rows;
    for (const double kib : points)
        rows.push_back({kib, law(kib) * std::exp(0.01 * random.normal())});
    return rows;
}

std::vector<Finding> analyzed(const std::string &csv) {
    const Probe &probe = builtin("memory/buffer_latency");
    const SeriesShape &shape = probe.info().series.front();
    const std::vector<Series> layouts = {{shape.name, shape.axes, shape.measure, {}}};
    Dataset data;
    data.series.push_back(series_from_csv(csv, "curve.csv", layouts).series);
    return probe.interpret(data, {});
}

std::vector<Finding> analyzed(const std::vector<Row> &rows) {
    std::string csv = "footprint_kib,latency_ns\n";
    for (const Row &row : rows)
        csv += fmt::format("{},{}\n", row.kib, row.ns);
    return analyzed(csv);
}

void check_value(const std::vector<Finding> &findings, const std::string &key, double value,
                 double tolerance = 0.03) {
    CAPTURE(key);
    const Finding &found = finding(findings, key);
    REQUIRE(found.status == Status::measured);
    CHECK_THAT(found.value.value(), WithinRel(value, tolerance));
}

void check_two_caches(const std::vector<Finding> &findings) {
    check_value(findings, "buffer.l1.size", 32 * 1024, 0.1);
    check_value(findings, "buffer.l1.latency", 20e-9);
    check_value(findings, "buffer.l2.size", 1024 * 1024, 0.1);
    check_value(findings, "buffer.l2.latency", 60e-9);
    check_value(findings, "buffer.memory.latency", 200e-9);
}

bool any_measured(const std::vector<Finding> &findings) {
    return std::ranges::any_of(findings,
                               [](const Finding &found) { return found.value.has_value(); });
}

} // namespace

TEST_CASE("unit.external_curves.rows_in_any_order_and_unit_and_repeated") {
    const std::vector<Row> rows = rows_of(two_caches, half_octaves(2, 65536));
    const auto findings = analyzed(rows);
    check_two_caches(findings);
    std::string shuffled = "Latency (ns);Footprint (KiB)\n";
    std::string in_bytes = "footprint_bytes\tlatency_us\n";
    REQUIRE(rows.size() % 7 != 0);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Row &row = rows[i * 7 % rows.size()];
        shuffled += fmt::format("{};{}\n", row.ns, row.kib);
        in_bytes += fmt::format("{}\t{}\n", row.kib * 1024, row.ns / 1000);
    }
    CHECK(analyzed(shuffled) == findings);
    check_two_caches(analyzed(in_bytes));
    std::vector<Row> repeated = rows;
    for (const Row &row : rows)
        repeated.push_back({row.kib, 1.01 * row.ns});
    check_two_caches(analyzed(repeated));
}

TEST_CASE("unit.external_curves.eight_to_ten_points_are_enough") {
    check_two_caches(analyzed(rows_of(two_caches, {8, 16, 32, 64, 512, 1024, 2048, 8192})));
    check_two_caches(
        analyzed(rows_of(two_caches, {4, 8, 16, 32, 64, 256, 1024, 4096, 16384, 65536})));
}

TEST_CASE("unit.external_curves.one_that_begins_in_the_second_cache_counts_from_there") {
    const auto findings = analyzed(rows_of(two_caches, half_octaves(64, 65536)));
    check_value(findings, "buffer.l1.size", 1024 * 1024, 0.1);
    check_value(findings, "buffer.l1.latency", 60e-9);
    check_value(findings, "buffer.memory.latency", 200e-9);
}

TEST_CASE("unit.external_curves.one_that_ends_in_a_rise_tells_what_is_before") {
    std::vector<Row> rows = rows_of(two_caches, half_octaves(2, 1024));
    rows.push_back({1448, 130});
    rows.push_back({2048, 180});
    const auto findings = analyzed(rows);
    check_value(findings, "buffer.l1.size", 32 * 1024, 0.1);
    check_value(findings, "buffer.l2.latency", 60e-9);
    const Finding &memory = finding(findings, "buffer.memory.latency");
    CHECK(memory.status == Status::inconclusive);
    CHECK_THAT(memory.note, ContainsSubstring("does not end with a plateau"));
}

TEST_CASE("unit.external_curves.a_dip_and_a_hump_of_one_point_are_no_levels") {
    for (const double factor : {0.6, 1.6}) {
        CAPTURE(factor);
        check_two_caches(analyzed(rows_of(
            [&](double kib) { return two_caches(kib) * (kib > 200 && kib < 300 ? factor : 1); },
            half_octaves(2, 65536))));
    }
}

TEST_CASE("unit.external_curves.a_flat_curve_is_the_slowest_level_seen_and_may_be_a_cache") {
    const auto findings = analyzed(rows_of([](double) { return 50.0; }, half_octaves(2, 65536)));
    const Finding &latency = finding(findings, "buffer.memory.latency");
    CHECK_THAT(latency.value.value(), WithinRel(50e-9, 0.01));
    CHECK(latency.note.find("only level") != std::string::npos);
    CHECK(std::ranges::none_of(findings, [](const Finding &each) {
        return each.key.find(".l1.") != std::string::npos && each.value;
    }));
}

TEST_CASE("unit.external_curves.what_has_no_levels_is_inconclusive_and_says_why") {
    const std::vector<double> points = half_octaves(2, 65536);
    Random random(9);
    const std::vector<Law> laws = {
        [](double kib) { return 10 * std::pow(kib, 0.3); },     // climbs steadily
        [](double kib) { return 100 / std::pow(kib, 0.2); },    // falls
        [&](double) { return 50 * std::exp(random.normal()); }, // noise
    };
    for (std::size_t i = 0; i < laws.size(); ++i) {
        CAPTURE(i);
        const auto findings = analyzed(rows_of(laws[i], points));
        CHECK_FALSE(any_measured(findings));
        CHECK_FALSE(finding(findings, "buffer.memory.latency").note.empty());
    }
    CHECK_FALSE(any_measured(analyzed("footprint_kib,latency_ns\n")));
    CHECK_FALSE(any_measured(analyzed("footprint_kib,latency_ns\n1,20\n2,20\n1024,80\n")));
}
