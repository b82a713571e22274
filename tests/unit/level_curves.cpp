// The shared parts of probes that sample a curve over footprint and name its levels.
#include "analysis/refinement.hpp"
#include "common/level_findings.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace clprobe;
using namespace clprobe::probes;
using Catch::Approx;

TEST_CASE("unit.footprints.are_two_an_octave") {
    const auto footprints = coarse_footprints(1024, 100 << 10);
    CHECK(footprints.front() == 1024);
    CHECK(footprints.back() == 100 << 10);
    for (std::size_t i = 1; i < footprints.size(); ++i) {
        CHECK(footprints[i] > footprints[i - 1]);
        CHECK(footprints[i] <= 2 * footprints[i - 1]);
        if (i + 1 < footprints.size())
            CHECK(footprints[i] % 1024 == 0);
    }
    CHECK(coarse_footprints(1024, 1024) == std::vector<std::size_t>{1024});
}

TEST_CASE("unit.footprints.more_are_wanted_where_the_curve_rises") {
    const std::vector<CurvePoint> curve = {{1000, {1.0, 1.01}}, {2000, {1.02, 1.0}},
                                           {4000, {4.0, 4.1}},  {4100, {8.0, 8.1}},
                                           {8000, {8.0, 30.0}}, {16000, {7.9, 9.0}}};
    // Not where it is flat, not between neighbours, and not where a sample went astray.
    CHECK(points_between(curve, 100) == std::vector<std::size_t>{2800});
    CHECK(points_between({}, 100).empty());
}

TEST_CASE("unit.footprints.two_samples_that_agree_by_chance_call_for_no_places_between") {
    const std::vector<CurvePoint> noisy = {{1000, {1.0, 2.0}},
                                           {2000, {1.4, 1.5}},
                                           {4000, {1.8, 1.9}},
                                           {8000, {1.2, 2.6}},
                                           {16000, {1.4, 2.2}}};
    CHECK(points_between(noisy, 100).empty());
    std::vector<CurvePoint> isotonic = noisy; // by more than they scatter
    for (std::size_t i = 2; i < isotonic.size(); ++i)
        for (double &sample : isotonic[i].samples)
            sample *= 5;
    CHECK(points_between(isotonic, 100) == std::vector<std::size_t>{2800});
}

TEST_CASE("unit.footprints.samples_that_disagree_and_one_alone_are_doubtful") {
    const std::vector<CurvePoint> curve = {{1000, {1.0, 1.05}},
                                           {2000, {1.0, 1.5}},
                                           {3000, {1.0}},
                                           {4000, {}},
                                           {8000, {1.0, 1.5, 1.0, 1.0}}};
    CHECK(doubtful_points(curve) == std::vector<std::size_t>{2000, 3000, 4000});
}

TEST_CASE("unit.footprints.medians_of_few_samples_that_lie_apart_are_uncertain") {
    const std::vector<CurvePoint> curve = {{1000, {1.0, 1.01, 1.0}},
                                           {2000, {1.0, 8.0}},
                                           {3000, {}},
                                           {4000, {1.0, 1.5, 1.0, 1.0, 1.0, 1.0}},
                                           {8000, {1.0, 1.5}}};
    CHECK(uncertain_points(curve) == std::vector<std::size_t>{2000, 8000});
    CHECK(uncertain_points({}).empty());
}

TEST_CASE("unit.level_curves.disturbed_blocks_are_left_out") {
    Series series{"times", axes<FootprintRow>(), {}, {}};
    const auto add = [&](int block, double few, double many) {
        for (const auto &[trips, seconds] : {std::pair(10.0, few), std::pair(40.0, many)}) {
            Point &point = series.point({4096, trips});
            point.samples.push_back(seconds);
            point.block.push_back(block);
        }
    };
    add(0, 12, 42); // 1 a trip
    add(1, 12, 60); // all long ones were disturbed
    add(2, 50, 42); // all short ones
    const auto curve = curve_over(&series, &FootprintRow::footprint);
    REQUIRE(curve.size() == 1);
    CHECK(curve[0].samples == std::vector<double>{1.0});
}

TEST_CASE("unit.level_curves.a_blocks_slope_is_a_sample") {
    Series series{"times", axes<FootprintRow>(), {}, {}};
    for (const int block : {0, 1})
        for (const double trips : {10.0, 20.0}) {
            Point &point = series.point({4096, trips});
            point.samples.push_back(1 + 0.16 * trips * (block + 1));
            point.samples.push_back(5 + trips); // disturbed
            point.block.insert(point.block.end(), {block, block});
        }
    const auto curve = curve_over(&series, &FootprintRow::footprint, 16);
    REQUIRE(curve.size() == 1);
    CHECK(curve[0].x == 4096);
    REQUIRE(curve[0].samples.size() == 2);
    CHECK(curve[0].samples[0] == Approx(0.01));
    CHECK(curve[0].samples[1] == Approx(0.02));
}

namespace {

const LatencyCurve times{"times", {}};

Levels two_levels() {
    Levels levels;
    levels.decided = true;
    levels.levels = {{1e-9, {0.9e-9, 1.1e-9}, {1024, 30000}, 32768, {30000, 35000}, {}},
                     {9e-8, {8e-8, 1e-7}, {40000, 1e6}, std::nullopt, {}, "drifts"}};
    return levels;
}

} // namespace

TEST_CASE("unit.level_curves.levels_become_findings") {
    const auto findings = latency_findings("image", two_levels(), times);
    REQUIRE(findings.size() == 3);
    CHECK(findings[0].key == "image.l1.size");
    CHECK(findings[0].value == 32768);
    CHECK(findings[0].interval == Interval{30000, 35000});
    CHECK(findings[1].key == "image.l1.latency");
    CHECK(findings[2].key == "image.memory.latency");
    CHECK(findings[2].note == "drifts");
    CHECK(findings[2].evidence == std::vector<std::string>{"times"});
    CHECK(latency_findings("image", two_levels(), std::nullopt)[2].evidence.empty());
}

TEST_CASE("unit.level_curves.latencies_are_in_the_curves_own_unit") {
    LatencyCurve cycles = times;
    cycles.unit = Unit::cycle;
    const auto findings = latency_findings("image", two_levels(), cycles);
    REQUIRE(findings.size() == 3);
    CHECK(findings[0].unit == Unit::byte);
    CHECK(findings[1].unit == Unit::cycle);
    CHECK(findings[2].unit == Unit::cycle);
    CHECK(shown(cycles, "image.l<n>.size").y.unit == Unit::cycle);
}

TEST_CASE("unit.level_curves.a_small_rise_may_be_a_tlbs") {
    Levels levels = two_levels();
    CHECK(latency_findings("image", levels, times)[0].note.empty());
    levels.levels[1].value = 1.56 * levels.levels[0].value;
    const auto size = [&](const Facts &facts) {
        return latency_findings("image", levels, times, facts)[0];
    };
    CHECK(size({}).status == Status::suspect);
    CHECK(size({}).note.find("56 %") != std::string::npos);
    const auto fact = [](const char *key, double bytes) {
        return measured({key, Unit::byte, Better::none, ""}, bytes, {0.9 * bytes, 1.1 * bytes});
    };
    Facts facts;
    facts.findings = {fact("tlb.l1.reach", 32768)};
    CHECK(size(facts).status == Status::suspect);
    CHECK(size(facts).note.find("memory/tlb finds") != std::string::npos);
    facts.findings = {fact("tlb.l1.reach", 65536)};
    CHECK(size(facts).status == Status::measured);
    facts.findings = {fact("tlb.l1.reach", 8192),
                      without_value({"tlb.l2.reach", Unit::byte, Better::none, ""},
                                    Status::inconclusive, "no level shows clearly")};
    CHECK(size(facts).status == Status::suspect);
    facts.findings.push_back(fact("image.l1.read_size", 32768));
    CHECK(size(facts).status == Status::measured);
}

TEST_CASE("unit.level_curves.what_a_rising_curve_ends_in_is_not_memory") {
    Levels levels = two_levels();
    levels.complete = false;
    levels.reason = "the curve does not end with a plateau";
    const auto findings = latency_findings("image", levels, times);
    REQUIRE(findings.size() == 4);
    CHECK(findings[2].key == "image.l2.latency");
    CHECK(findings[3].key == "image.memory.latency");
    CHECK(findings[3].status == Status::inconclusive);
}

TEST_CASE("unit.level_curves.one_level_of_an_own_curve_is_no_finding") {
    LatencyCurve own = times;
    own.own = true;
    Levels one = two_levels();
    one.levels.pop_back();
    Levels undecided;
    undecided.reason = "too noisy";
    for (const Levels &poor : {one, undecided})
        for (const Finding &finding : latency_findings("buffer", poor, own)) {
            CHECK(finding.status == Status::inconclusive);
            CHECK_FALSE(finding.value);
            CHECK_FALSE(finding.note.empty());
        }
}

TEST_CASE("unit.level_curves.settled_levels_are_told_where_others_are_open") {
    Levels levels = two_levels();
    levels.levels.push_back({2e-7, {1e-7, 3e-7}, {2e6, 3e6}, std::nullopt, {}, {}});
    levels.levels[1].size = 1.5e6;
    levels.decided = false;
    levels.reason = "2 or 3 levels";
    levels.settled = 1;
    const auto findings = latency_findings("buffer", levels, times);
    REQUIRE(findings.size() == 5);
    CHECK(findings[0].key == "buffer.l1.size");
    CHECK(findings[0].status == Status::measured);
    CHECK(findings[1].key == "buffer.l1.latency");
    CHECK(findings[2].key == "buffer.l2.size");
    CHECK(findings[2].status == Status::inconclusive);
    CHECK(findings[2].note == "2 or 3 levels");
    CHECK(findings[3].key == "buffer.l2.latency");
    CHECK(findings[4].key == "buffer.memory.latency");
    CHECK_FALSE(findings[4].value);
}

TEST_CASE("unit.level_curves.the_end_of_a_curve_may_be_memory") {
    LatencyCurve curve{"times", {}};
    curve.points = {
        {1024, {1.0}}, {4096, {3.0}}, {8192, {9.0}}, {16384, {9.5, 10.5}}, {32768, {10.0, 11.0}}};
    const auto memory = memory_at_end("buffer", curve);
    REQUIRE(memory);
    CHECK(memory->key == "buffer.memory.latency");
    CHECK(*memory->value == Approx(10.25));
    CHECK(memory->interval->contains(*memory->value));
    curve.points.back().samples = {20.0, 21.0};
    CHECK_FALSE(memory_at_end("buffer", curve)); // it still rises
    curve.points = {{1024, {1.0}}, {4096, {1.0, 1.1, 1.0}}};
    CHECK_FALSE(memory_at_end("buffer", curve)); // it never rose
    CHECK_FALSE(memory_at_end("buffer", {"times", {}}));
}
