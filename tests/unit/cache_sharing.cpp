#include "interpreted.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <map>
#include <utility>

using namespace clprobe;

namespace {

enum Path { none, image, buffer };

/// Seconds of a victim's part of a round, by what evicts; and of the evictors themselves.
struct Truth {
    std::map<std::pair<Path, Path>, double> victims = {
        {{image, none}, 10e-6}, {{image, image}, 30e-6},  {{image, buffer}, 30e-6},
        {{buffer, none}, 8e-6}, {{buffer, image}, 24e-6}, {{buffer, buffer}, 24e-6}};
    std::map<Path, double> evictors = {{none, 0}, {image, 60e-6}, {buffer, 40e-6}};
    double noise = 0.01;
    int blocks = 8;

    [[nodiscard]] double seconds(Path victim, Path evictor) const {
        const auto found = victims.find({victim, evictor});
        return (found == victims.end() ? 0 : found->second) + evictors.at(evictor);
    }
};

Dataset rounds(const Truth &truth, std::uint64_t seed = 1) {
    Random random(seed);
    Dataset data;
    Series &series = data.add(
        "rounds", {{"victim", Unit::one, {}}, {"evictor", Unit::one, {}}, {"trips", Unit::one, {}}},
        {"time", Unit::second, {}});
    for (const Path victim : {none, image, buffer})
        for (const Path evictor : {none, image, buffer})
            for (int block = 0; block < truth.blocks && victim + evictor > 0; ++block)
                for (const double trips : {25.0, 50.0, 100.0}) {
                    Point &point = series.point(
                        {static_cast<double>(victim), static_cast<double>(evictor), trips});
                    point.samples.push_back(5e-5 + trips * truth.seconds(victim, evictor) *
                                                       std::exp(truth.noise * random.normal()));
                    point.block.push_back(block);
                }
    return data;
}

Finding finding_of(const Dataset &data) {
    const auto findings = builtin("memory/cache_sharing").interpret(data, {});
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].key == "cache.l1.shared_with_image");
    return findings[0];
}

Truth separate() {
    Truth truth;
    truth.victims[{image, buffer}] = truth.victims[{image, none}];
    truth.victims[{buffer, image}] = truth.victims[{buffer, none}];
    return truth;
}

void check_undecided(const Finding &finding, const std::string &reason) {
    CHECK(finding.status == Status::inconclusive);
    CHECK_FALSE(finding.value);
    CHECK(finding.note.find(reason) != std::string::npos);
}

} // namespace

TEST_CASE("unit.cache_sharing.tells_a_shared_cache_from_two") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        CHECK(finding_of(rounds({}, seed)).value == 1.0);
        CHECK(finding_of(rounds(separate(), seed)).value == 0.0);
    }
}

TEST_CASE("unit.cache_sharing.is_never_wrong_in_noise") {
    int decided = 0;
    for (const double noise : {0.03, 0.2})
        for (std::uint64_t seed = 1; seed <= 100; ++seed) {
            Truth shared;
            Truth apart = separate();
            shared.noise = apart.noise = noise;
            shared.blocks = apart.blocks = 24;
            CAPTURE(noise, seed);
            const Finding one = finding_of(rounds(shared, seed));
            const Finding two = finding_of(rounds(apart, seed));
            CHECK(one.value.value_or(1) == 1.0);
            CHECK(two.value.value_or(0) == 0.0);
            decided += noise < 0.1 && one.value && two.value;
        }
    CHECK(decided > 50);
}

TEST_CASE("unit.cache_sharing.needs_an_eviction_through_the_own_path") {
    for (const Path path : {image, buffer}) {
        Truth truth = separate();
        truth.victims[{path, path}] = truth.victims[{path, none}];
        check_undecided(finding_of(rounds(truth)), path == image ? "image path" : "buffer path");
    }
}

TEST_CASE("unit.cache_sharing.needs_both_ways_to_agree") {
    Truth one_way = separate();
    one_way.victims[{image, buffer}] = one_way.victims[{image, image}];
    check_undecided(finding_of(rounds(one_way)), "two ways");
}

TEST_CASE("unit.cache_sharing.finds_nothing_where_too_little_was_measured") {
    check_undecided(finding_of({}), "nothing was measured");
    Truth once;
    once.blocks = 2;
    check_undecided(finding_of(rounds(once)), "too little");
    Dataset cut = rounds({});
    std::erase_if(cut.series[0].points, [](const Point &point) { return point.at[0] == 2; });
    check_undecided(finding_of(cut), "too little");
    Dataset unknown;
    unknown.text_attributes["too_small"] = "the first levels' sizes were not found";
    check_undecided(finding_of(unknown), "sizes were not found");
}
