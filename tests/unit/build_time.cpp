#include "interpreted.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

namespace {

enum Form { written_out, unrolled, loop };
enum Source { fresh, again, binary };

/// Of a compiler that takes 50 ms, and 0.2 ms a step that is written out or unrolled; of a cache
/// in which it looks for 2 ms, and 10 ms for a binary.
Dataset data_of(std::uint64_t seed, double noise = 0.01, int rounds = 6) {
    const SeriesShape &shape = builtin("host/build").info().series.front();
    Dataset data;
    Random random(seed);
    Series &series = data.add(shape.name, shape.axes, shape.measure);
    const auto add = [&](Form form, Source source, double steps, double seconds, int round) {
        Point &point =
            series.point({static_cast<double>(form), static_cast<double>(source), steps});
        point.samples.push_back(seconds * std::exp(noise * random.normal()));
        point.block.push_back(round);
    };
    for (int round = 0; round < rounds; ++round) {
        for (const double steps : {1.0, 4.0, 16.0, 64.0, 256.0})
            add(written_out, fresh, steps, 50e-3 + 2e-4 * steps, round);
        add(unrolled, fresh, 64, 50e-3 + 2e-4 * 64, round);
        add(loop, fresh, 64, 50e-3, round);
        add(written_out, again, 64, 2e-3, round);
        add(written_out, binary, 64, 10e-3, round);
    }
    return data;
}

std::vector<Finding> interpretation(const Dataset &data) {
    const auto findings = builtin("host/build").interpret(data, {});
    REQUIRE(findings.size() == 4);
    return findings;
}

} // namespace

TEST_CASE("unit.build.times are those of 64 steps, and of each more") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto findings = interpretation(data_of(seed));
        const auto check = [&](std::string_view key, double value, double tolerance) {
            const Finding &found = finding(findings, key);
            INFO(key << ": " << found.note);
            CHECK(found.status == Status::measured);
            CHECK_THAT(found.value.value(), WithinRel(value, tolerance));
            CHECK(found.interval->contains(value));
        };
        check("build.time", 62.8e-3, 0.02);
        check("build.cached.time", 2e-3, 0.02);
        check("build.binary.time", 10e-3, 0.02);
        check("build.step.time", 2e-4, 0.05);
        CHECK_THAT(finding(findings, "build.time").method,
                   ContainsSubstring("as a loop that is unrolled 6") &&
                       ContainsSubstring("; as a loop "));
    }
}

TEST_CASE("unit.build.a step that the noise hides is not told") {
    Dataset data = data_of(1, 0.3);
    for (Point &point : data.series.front().points)
        for (std::size_t i = 0; i < point.samples.size(); ++i)
            point.samples[i] = 50e-3 + (i % 2 == 0 ? 1e-3 : -1e-3) * (point.at[2] > 1 ? 1 : -1);
    const Finding hidden = finding(interpretation(data), "build.step.time");
    CHECK(hidden.status == Status::inconclusive);
    CHECK_FALSE(hidden.value);
}

TEST_CASE("unit.build.what was not built is not said") {
    for (const Finding &found : interpretation({}))
        CHECK(found.status == Status::inconclusive);
    Dataset data = data_of(1);
    std::erase_if(data.series.front().points, [](const Point &point) {
        return point.at[1] == static_cast<double>(binary) || point.at[2] != 64;
    });
    CHECK(finding(interpretation(data), "build.binary.time").status == Status::inconclusive);
    CHECK(finding(interpretation(data), "build.step.time").status == Status::inconclusive);
    CHECK(finding(interpretation(data), "build.cached.time").status == Status::measured);
    data.text_attributes["binary.refused"] = "CL_INVALID_BINARY";
    CHECK(finding(interpretation(data), "build.binary.time").status == Status::unsupported);
}

TEST_CASE("unit.build.a single round has the intervals of the host's pace") {
    const auto findings = interpretation(data_of(1, 0.01, 1));
    const Finding &found = finding(findings, "build.time");
    CHECK(found.interval->low < 0.7 * *found.value);
    CHECK(found.interval->high > 1.3 * *found.value);
}
