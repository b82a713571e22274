#include "interpreted.hpp"
#include "memory/tlb/tlb.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

using namespace clprobe;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinRel;

// What memory/tlb makes of somebody's curve.

namespace {

/// Its findings on a curve with one sample at each of these places, in bytes.
std::vector<Finding> of_bare_curve(const std::vector<double> &places,
                                   const std::function<double(double)> &seconds) {
    Dataset data;
    Series &curve =
        data.add("latency", {{"footprint", Unit::byte, {}}}, {"latency", Unit::second, {}});
    for (const double place : places)
        curve.point({place}).samples = {seconds(place)};
    return builtin("memory/tlb").interpret(data, {});
}

std::vector<double> octaves(double from, double to, double step = 1) {
    std::vector<double> places;
    for (double octave = from; octave <= to; octave += step)
        places.push_back(std::exp2(octave));
    return places;
}

constexpr double reach = 1 << 18;

/// The share of a random chase that misses a buffer of random replacement.
double replaced_at_random(double outgrown) {
    double share = 1;
    for (int i = 0; i < 200; ++i)
        share = 1 - std::exp(-share * outgrown);
    return share;
}

bool covers(const std::vector<Finding> &findings, const std::string &key, double bytes) {
    const auto found = std::ranges::find(findings, key, &Finding::key);
    return found != findings.end() && found->interval && found->interval->contains(bytes);
}

} // namespace

TEST_CASE("unit.tlb.takes_a_bare_curve") {
    std::vector<double> places;
    for (double pages = 8; pages <= 600; pages = std::floor(pages * 1.3))
        places.push_back(pages * 4096);
    const auto findings =
        of_bare_curve(places, [](double bytes) { return bytes <= 64 * 4096 ? 1e-9 : 3e-9; });
    CHECK_THAT(*finding(findings, "tlb.l1.reach").value, WithinRel(64 * 4096.0, 0.2));
    CHECK_FALSE(finding(findings, "page.size").value);
}

TEST_CASE("unit.tlb.takes_a_bare_curve_over_powers_of_two") {
    Random random(1);
    for (int i = 0; i < 20; ++i) {
        const auto findings = of_bare_curve(octaves(20, 34), [&](double bytes) {
            const double octave = std::log2(bytes);
            return (octave <= 25   ? 290e-9
                    : octave <= 31 ? 420e-9
                                   : 700e-9) *
                   std::exp(0.01 * random.normal());
        });
        const Finding &first = finding(findings, "tlb.l1.reach");
        CHECK(first.value == std::exp2(25));
        const Finding &second = finding(findings, "tlb.l2.reach");
        CHECK(second.value == std::exp2(31));
    }
}

TEST_CASE("unit.tlb.makes_no_level_of_a_bare_curve_that_drifts_or_ends_in_its_rise") {
    Random random(3);
    for (const bool drifts : {true, false})
        for (int curve = 0; curve < 20; ++curve) {
            const auto findings = of_bare_curve(octaves(12, 22, 1.0 / 3), [&](double bytes) {
                const double octave = std::log2(bytes);
                const double latency =
                    drifts ? 1e-7 * (1 + 0.004 * octave) : 1e-8 * std::max(1.0, octave - 18);
                return latency * std::exp(0.004 * random.normal());
            });
            const Finding &first = finding(findings, "tlb.l1.reach");
            CAPTURE(drifts, first.note);
            CHECK_FALSE(first.value);
        }
}

TEST_CASE("unit.tlb.says_of_a_bare_curve_what_it_is_too_short_for") {
    const auto note = [](const std::vector<double> &places, double first, double second) {
        const auto findings = of_bare_curve(places, [&](double bytes) {
            return 1e-8 * (bytes > first ? 2 : 1) * (bytes > second ? 2 : 1);
        });
        return finding(findings, "tlb.l1.reach").note;
    };
    constexpr double never = 1e30;
    CHECK(note(octaves(12, 15), never, never) == "too few points with samples: 4");
    CHECK(note(octaves(12, 22), never, never) == "no TLB is outgrown by the memory spanned");
    CHECK_THAT(note(octaves(12, 22), std::exp2(21), never), ContainsSubstring("last points only"));
    CHECK_THAT(note(octaves(12, 22), std::exp2(16), never),
               ContainsSubstring("no further TLB is outgrown by 4 MiB"));
    CHECK_THAT(note(octaves(12, 24), std::exp2(16), std::exp2(23)),
               ContainsSubstring("rises once more at the last points"));
}

TEST_CASE("unit.tlb.takes_a_plateau_of_two_places_at_the_end") {
    Random random(5);
    int found = 0;
    for (int curve = 0; curve < 100; ++curve) {
        const auto findings = of_bare_curve(octaves(12, 22), [&](double bytes) {
            const double latency = bytes <= 1 << 16 ? 1e-8 : bytes <= 1 << 20 ? 1.4e-8 : 3e-8;
            return latency * std::exp(0.01 * random.normal());
        });
        const auto second = std::ranges::find(findings, "tlb.l2.reach", &Finding::key);
        if (second != findings.end() && second->interval &&
            second->interval->contains(1.4 * (1 << 20)))
            ++found;
    }
    CHECK(found >= 97);
}

TEST_CASE("unit.tlb.noise_does_not_make_a_sharp_rise_a_slow_one") {
    Random random(6);
    int found = 0;
    for (int curve = 0; curve < 100; ++curve) {
        const auto findings = of_bare_curve(octaves(13, 22, 1.0 / 3), [&](double bytes) {
            return (bytes <= 80000 ? 1e-8 : 1.2e-8) * std::exp(0.02 * random.normal());
        });
        const Finding &first = finding(findings, "tlb.l1.reach");
        if (first.interval && first.interval->contains(80000))
            ++found;
    }
    CHECK(found >= 90); // a rise of ten times the noise of its single samples
}

TEST_CASE("unit.tlb.finds_the_reach_of_random_replacement") {
    Random random(7);
    int found = 0;
    for (int curve = 0; curve < 100; ++curve) {
        const auto findings = of_bare_curve(octaves(13, 23, 0.25), [&](double bytes) {
            return 1e-8 * (1 + replaced_at_random(bytes / reach)) *
                   std::exp(0.01 * random.normal());
        });
        if (covers(findings, "tlb.l1.reach", 1.3 * reach))
            ++found;
    }
    CHECK(found >= 90);
}

TEST_CASE("unit.tlb.finds_the_reach_behind_one_of_random_replacement") {
    Random random(8);
    int found = 0;
    for (int curve = 0; curve < 100; ++curve) {
        const auto findings = of_bare_curve(octaves(13, 27, 0.25), [&](double bytes) {
            return 1e-8 * (1 + replaced_at_random(bytes / reach) + (bytes > 16 * reach ? 1 : 0)) *
                   std::exp(0.01 * random.normal());
        });
        if (covers(findings, "tlb.l1.reach", 1.3 * reach) &&
            covers(findings, "tlb.l2.reach", 16 * reach))
            ++found;
    }
    CHECK(found >= 90);
}

TEST_CASE("unit.tlb.finds_a_reach_that_random_accesses_outgrow_little_by_little") {
    Random random(9);
    int found = 0;
    for (int curve = 0; curve < 100; ++curve) {
        const auto findings = of_bare_curve(octaves(13, 25, 0.25), [&](double bytes) {
            return 1e-8 * (1 + std::max(0.0, 1 - reach / bytes)) * std::exp(0.01 * random.normal());
        });
        if (covers(findings, "tlb.l1.reach", 1.5 * reach))
            ++found;
    }
    CHECK(found >= 90);
}

TEST_CASE("unit.tlb.a_reach_that_may_lie_anywhere_in_three_octaves_is_not_clear") {
    for (const bool scattered : {false, true}) {
        std::vector<CurvePoint> curve;
        for (const double place : octaves(13, 23, 0.25)) {
            const double usual = place <= reach ? 1e-8 : 1.5e-8;
            const bool either = scattered && place > reach / 2 && place < 4 * reach;
            const double other = either ? 2.5e-8 - usual : usual;
            curve.push_back({place, {usual, usual, usual, other, other}});
        }
        const auto found = probes::tlb::first_reach(probes::tlb::undoubted(curve));
        REQUIRE(found);
        CHECK(found->clear == !scattered);
    }
}

TEST_CASE("unit.tlb.one_odd_sample_hides_no_reach") {
    Random random(10);
    int found = 0;
    for (int curve = 0; curve < 100; ++curve) {
        const double odd = std::exp2(random.integer(13, 23));
        const auto findings = of_bare_curve(octaves(13, 23, 0.25), [&](double bytes) {
            return (bytes <= reach ? 1e-8 : 1.3e-8) * (bytes == odd ? 2 : 1) *
                   std::exp(0.01 * random.normal());
        });
        if (covers(findings, "tlb.l1.reach", 1.05 * reach))
            ++found;
    }
    CHECK(found >= 90);
}
