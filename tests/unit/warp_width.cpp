#include "interpreted.hpp"

#include <clprobe/session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;

namespace {

/// How a device of our making takes its time: so many work-items in lockstep.
struct Machine {
    double width = 32;
    double group = 256;
    double further = 1; ///< what each further path of a warp costs, over the first
    double noise = 0.01;
    double many_width = 0; ///< what a switch of eight ways shows; 0: the same
};

Dataset data_of(const Machine &machine, std::uint64_t seed) {
    MadeUp made("execution/warp_width", {.noise = machine.noise}, seed);
    for (const double ways : {2.0, 8.0})
        for (double run = 1; run <= machine.group; run *= 2) {
            const double width =
                ways > 2 && machine.many_width > 0 ? machine.many_width : machine.width;
            const double met = std::clamp(std::min(width, machine.group) / run, 1.0, ways);
            made.take("times", {ways, run}, 1e-6 * (1 + machine.further * (met - 1)));
        }
    return made.data;
}

Finding interpretation(const Dataset &data) {
    const auto findings = builtin("execution/warp_width").interpret(data, {});
    REQUIRE(findings.size() == 1);
    return findings.front();
}

} // namespace

TEST_CASE("unit.warp_width.every width is found") {
    for (const double width : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0})
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const Finding found = interpretation(data_of({.width = width}, seed));
            INFO(width << ": " << found.note);
            CHECK(found.status == Status::measured);
            CHECK(found.value == width);
            CHECK(found.interval == Interval{width, width});
            CHECK(found.note.empty());
        }
}

TEST_CASE("unit.warp_width.noise is seldom taken for a width") {
    int right = 0;
    int wrong = 0;
    constexpr int devices = 500;
    for (std::uint64_t seed = 0; seed < devices; ++seed) {
        Random random(seed);
        const Machine machine{.width = std::exp2(random.integer(0, 7)),
                              .further = random.uniform(0.85, 1.15),
                              .noise = random.uniform(0, 0.06)};
        const Finding found = interpretation(data_of(machine, seed));
        if (found.status == Status::measured)
            ++(found.value == machine.width ? right : wrong);
    }
    CAPTURE(right, wrong);
    CHECK(right >= 0.95 * devices);
    CHECK(wrong == 0);
}

TEST_CASE("unit.warp_width.what is neither one path nor two is no width") {
    for (const double further : {0.3, 0.4, 0.5, 2.0}) {
        const Finding found = interpretation(data_of({.further = further}, 1));
        CAPTURE(further, found.note);
        CHECK(found.status == Status::inconclusive);
    }
}

TEST_CASE("unit.warp_width.experiments that disagree are suspect") {
    const Finding found = interpretation(data_of({.width = 64, .many_width = 32}, 1));
    CHECK(found.status == Status::suspect);
    CHECK(found.value == 64);
    CHECK(found.note.find("width of 32") != std::string::npos);
    Dataset data = data_of({}, 1);
    std::erase_if(data.series.front().points, [](const Point &point) { return point.at[0] == 8; });
    CHECK(interpretation(data).status == Status::suspect);
}

TEST_CASE("unit.warp_width.a driver's other claim is noted, and changes nothing") {
    Dataset data = data_of({}, 1);
    data.number_attributes = {{"sub_group_size", 32}, {"preferred_multiple", 96}};
    const Finding found = interpretation(data);
    CHECK(found.status == Status::measured);
    CHECK(found.value == 32);
    CHECK(found.note == "the driver has a preferred multiple of 96");
}

TEST_CASE("unit.warp_width.what was not seen is not said") {
    CHECK(interpretation({}).status == Status::inconclusive);
    // A warp as wide as the largest group, or wider.
    CHECK(interpretation(data_of({.width = 64, .group = 64}, 1)).status == Status::inconclusive);
    CHECK(interpretation(data_of({.width = 128, .group = 64}, 1)).status == Status::inconclusive);
    // The runs around the width were not timed.
    Dataset data = data_of({}, 1);
    std::erase_if(data.series.front().points,
                  [](const Point &point) { return point.at[1] == 16 || point.at[1] == 8; });
    CHECK(interpretation(data).status == Status::inconclusive);
    // Nothing grows with the trips.
    data = data_of({}, 1);
    for (Point &point : data.series.front().points)
        std::ranges::fill(point.samples, 1e-4);
    CHECK(interpretation(data).status == Status::inconclusive);
}

TEST_CASE("unit.warp_width.a series of another tool will do") {
    ProbeRecord record;
    Series &series = record.data.add(
        "times", {{"ways", Unit::one, {}}, {"run", Unit::one, {}}, {"trips", Unit::one, {}}},
        {"time", Unit::second, {}});
    for (const double ways : {2.0, 8.0})
        for (double run = 1; run <= 128; run *= 2)
            for (const double trips : {100.0, 200.0})
                series.point({ways, run, trips}).samples = {
                    1e-4 + trips * 1e-6 * std::clamp(16 / run, 1.0, ways)};
    const auto findings = interpret(builtin("execution/warp_width"), record, nullptr);
    CHECK(findings.at(0).status == Status::measured);
    CHECK(findings.at(0).value == 16);
}
