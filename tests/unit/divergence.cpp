#include "interpreted.hpp"

#include <clprobe/session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>

using namespace clprobe;
using Catch::Matchers::WithinAbs;

namespace {

/// A device of our making: so many work-items in lockstep, of whose paths each further one costs so
/// much of the first.
struct Machine {
    double width = 32;
    double further = 1;
    double noise = 0.005;
};

Dataset data_of(const Machine &machine, std::uint64_t seed) {
    MadeUp made("execution/divergence", {.noise = machine.noise}, seed);
    for (double paths = 1; paths <= 32; paths *= 2) {
        const double met = std::min(paths, machine.width);
        made.take("paths", {paths}, 1e-6 * (1 + machine.further * (met - 1)));
    }
    const double warps = std::max(1.0, 32 / machine.width);
    made.take("loops", {0}, 33e-7);
    made.take("loops", {1}, (64e-7 + (warps - 1) * 32e-7) / warps);
    return made.data;
}

Facts facts_of(double width) {
    Facts facts;
    facts.findings = {measured({"warp.width", Unit::one, Better::none, ""}, width, {width, width})};
    return facts;
}

std::vector<Finding> interpretation(const Dataset &data, const Facts &facts = {}) {
    const auto findings = builtin("execution/divergence").interpret(data, facts);
    REQUIRE(findings.size() == 2);
    return findings;
}

} // namespace

TEST_CASE("unit.divergence.costs of known devices") {
    for (const double width : {1.0, 8.0, 16.0, 32.0, 64.0})
        for (const double further : {0.0, 0.3, 1.0})
            for (std::uint64_t seed = 0; seed < 5; ++seed) {
                CAPTURE(width, further, seed);
                const auto findings = interpretation(
                    data_of({.width = width, .further = further}, seed), facts_of(width));
                const Finding &cost = finding(findings, "divergence.cost");
                CHECK(cost.status == Status::measured);
                CHECK_THAT(cost.value.value(), WithinAbs(width == 1 ? 0 : further, 0.02));
                CHECK(cost.interval->contains(*cost.value));
                const Finding &loop = finding(findings, "divergence.loop_cost");
                CHECK(loop.status == Status::measured);
                const double warps = std::max(1.0, 32 / width);
                CHECK_THAT(loop.value.value(),
                           WithinAbs((64 + (warps - 1) * 32) / warps / 33, 0.03));
                CHECK(loop.interval->contains(*loop.value));
            }
}

TEST_CASE("unit.divergence.the interval has the truth in it") {
    int covered = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        const auto findings = interpretation(data_of({.noise = 0.02}, seed), facts_of(32));
        covered += finding(findings, "divergence.cost").interval->contains(1);
    }
    CHECK(covered >= 180);
}

TEST_CASE("unit.divergence.a curve that is no line is noted") {
    // A warp's width that is not known: beyond it paths cost nothing more.
    const auto findings = interpretation(data_of({.width = 8}, 1));
    CHECK(finding(findings, "divergence.cost").note.starts_with("not in proportion"));
    CHECK(finding(interpretation(data_of({}, 1)), "divergence.cost").note.empty());
}

TEST_CASE("unit.divergence.lockstep's cost is noted beside the loop's") {
    const auto noted = [](double width) {
        return finding(interpretation(data_of({}, 1), facts_of(width)), "divergence.loop_cost")
            .note;
    };
    CHECK(noted(32) == "lockstep of 32 would cost 1.94");
    CHECK(noted(8) == "lockstep of 8 would cost 1.21");
    CHECK(noted(1) == "lockstep of 1 would cost 1.00");
}

TEST_CASE("unit.divergence.what was not seen is not said") {
    for (const Finding &found : interpretation({}))
        CHECK(found.status == Status::inconclusive);
    Dataset data = data_of({}, 1);
    for (Series &series : data.series)
        std::erase_if(series.points, [](const Point &point) { return point.at[0] > 0.5; });
    for (const Finding &found : interpretation(data)) // no loop but the equal one, and no path
        CHECK(found.status == Status::inconclusive);
    data = data_of({}, 1);
    for (Series &series : data.series)
        for (Point &point : series.points)
            std::ranges::fill(point.samples, 1e-4); // nothing grows with the trips
    for (const Finding &found : interpretation(data))
        CHECK_FALSE(found.value);
}

TEST_CASE("unit.divergence.work that does not follow the trips is suspect") {
    Dataset data = data_of({}, 1);
    for (Series &series : data.series)
        for (Point &point : series.points)
            if (point.at.back() == 1000)
                for (double &sample : point.samples)
                    sample *= 0.7;
    for (const Finding &found : interpretation(data, facts_of(32)))
        CHECK(found.status != Status::measured);
}

TEST_CASE("unit.divergence.a series of another tool will do") {
    ProbeRecord record;
    Series &series = record.data.add("paths", {{"paths", Unit::one, {}}, {"trips", Unit::one, {}}},
                                     {"time", Unit::second, {}});
    for (const double paths : {1.0, 2.0, 4.0, 8.0})
        for (const double trips : {100.0, 200.0, 400.0})
            series.point({paths, trips}).samples = {1e-5 + trips * 1e-6 * (1 + 0.8 * (paths - 1))};
    const auto findings = interpret(builtin("execution/divergence"), record, nullptr);
    CHECK_THAT(finding(findings, "divergence.cost").value.value(), WithinAbs(0.8, 1e-6));
    CHECK(finding(findings, "divergence.loop_cost").status == Status::inconclusive);
}
