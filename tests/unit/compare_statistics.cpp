#include "analysis/compared_findings.hpp"
#include "analysis/student.hpp"
#include "synthetic.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace clprobe;
using Catch::Approx;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// A family as runs of one device make it: findings of some probes, each with its own noise, of
/// which the intervals know all but a factor.
struct Family {
    std::size_t probes = 12;
    std::size_t each = 6; ///< findings of a probe
    std::size_t bases = 1;
    double noise = 0.01;    ///< standard deviation of a run, in logarithms
    double understated = 1; ///< the noise over what the intervals say of it
    double shift = 0;       ///< of all findings of the new run
    double slowed = 0;      ///< of the first finding
    double min_effect = 0.05;

    [[nodiscard]] std::vector<ComparedFinding> findings(Random &random) const {
        std::vector<ComparedFinding> all;
        for (std::size_t i = 0; i < probes * each; ++i) {
            const auto run = [&] {
                return LogEstimate{noise * random.normal(), noise / understated,
                                   noise / understated, 20};
            };
            ComparedFinding finding{i % probes, std::log1p(min_effect), run(), {}};
            finding.now.value += shift + (i == 0 ? slowed : 0);
            for (std::size_t base = 0; base < bases; ++base)
                finding.bases.push_back(run());
            all.push_back(finding);
        }
        return all;
    }
};

bool any_worse(const JudgedFindings &judged) {
    return std::ranges::any_of(judged.changes, &LogChange::worse);
}

/// How many of a hundred families.
template <typename Happens>
int in_a_hundred(const Family &family, Happens happens) {
    Random random(7);
    int count = 0;
    for (int i = 0; i < 100; ++i)
        count += happens(judge(family.findings(random))) ? 1 : 0;
    return count;
}

bool first_is_worse(const JudgedFindings &judged) {
    return judged.changes.front().worse;
}

} // namespace

TEST_CASE("unit.student.tail_is_what_tables_say") {
    CHECK(student_tail(0, 3) == Approx(0.5));
    CHECK(student_tail(6.314, 1) == Approx(0.05).epsilon(1e-3));
    CHECK(student_tail(2.571, 5) == Approx(0.025).epsilon(1e-3));
    CHECK(student_tail(3.169, 10) == Approx(0.005).epsilon(1e-3));
    CHECK(student_tail(-3.169, 10) == Approx(0.995).epsilon(1e-3));
    CHECK(student_tail(1.959964, infinite) == Approx(0.025).epsilon(1e-5));
    CHECK(student_tail(infinite, 5) == 0);
    CHECK(student_tail(40, 5) == Approx(9.2e-8).epsilon(0.02));
}

TEST_CASE("unit.student.point_is_the_tails_inverse") {
    for (const double freedom : {1.0, 2.5, 30.0, infinite})
        for (const double probability : {0.4, 0.025, 1e-4})
            CHECK(student_tail(student_point(probability, freedom), freedom) ==
                  Approx(probability).epsilon(1e-6));
}

TEST_CASE("unit.compare.rejects_as_many_as_benjamini_and_hochberg") {
    // Their own example (1995, section 5.1): four of fifteen at 5 %.
    const std::vector<double> p{0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                                0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    const std::vector<bool> result = rejected(p, 0.05);
    CHECK(std::ranges::count(result, true) == 4);
    CHECK(result[3]);
    CHECK(rejected({}, 0.05).empty());
}

TEST_CASE("unit.compare.an_estimate_has_the_sides_of_its_interval") {
    Finding finding = measured({"a.rate", Unit::op_per_second, Better::higher, ""}, 100, {90, 120});
    const auto rate = log_estimate(finding, 9);
    REQUIRE(rate);
    CHECK(rate->value == Approx(-std::log(100)));
    CHECK(rate->error_better == Approx(std::log(1.2) / errors_in_half_width));
    CHECK(rate->error_worse == Approx(std::log(100. / 90) / errors_in_half_width));
    finding.better = Better::lower;
    CHECK(log_estimate(finding, 9)->error_better == rate->error_worse);
    finding.interval->low = 0;
    CHECK(log_estimate(finding, 9)->error_better == infinite);
    finding.status = Status::suspect;
    CHECK(!log_estimate(finding, 9));
    finding.status = Status::measured;
    finding.better = Better::none;
    CHECK(!log_estimate(finding, 9));
    finding.better = Better::lower;
    finding.value = 0;
    CHECK(!log_estimate(finding, 9));
}

TEST_CASE("unit.compare.calls_nothing_worse_where_nothing_changed") {
    for (const std::size_t bases : {1u, 3u, 5u}) {
        CAPTURE(bases);
        CHECK(in_a_hundred({.bases = bases, .noise = 0.03, .min_effect = 0.001}, any_worse) <= 9);
        CHECK(in_a_hundred({.bases = bases}, any_worse) <= 5);
    }
}

TEST_CASE("unit.compare.finds_what_was_slowed") {
    CHECK(in_a_hundred({.slowed = std::log(1.1)}, first_is_worse) >= 95);
    CHECK(in_a_hundred({.bases = 3, .slowed = std::log(1.1)}, first_is_worse) >= 95);
    // Three half-widths.
    CHECK(in_a_hundred({.bases = 3, .noise = 0.1, .slowed = 0.83}, first_is_worse) >= 95);
}

TEST_CASE("unit.compare.a_change_below_the_minimum_is_none") {
    CHECK(in_a_hundred({.noise = 0.001, .slowed = std::log(1.045)}, first_is_worse) == 0);
    CHECK(in_a_hundred({.noise = 0.001, .slowed = std::log(1.055)}, first_is_worse) == 100);
}

TEST_CASE("unit.compare.the_bases_spread_counts_where_intervals_are_too_narrow") {
    const Family narrow{.noise = 0.03, .understated = 6};
    CHECK(in_a_hundred(narrow, any_worse) > 50); // one base shows no spread
    Family several = narrow;
    several.bases = 3;
    CHECK(in_a_hundred(several, any_worse) <= 5);
    several.bases = 5;
    CHECK(in_a_hundred(several, any_worse) <= 5);
    several.slowed = 0.3;
    CHECK(in_a_hundred(several, first_is_worse) >= 90);
}

TEST_CASE("unit.compare.a_finding_whose_own_bases_differ_has_their_spread") {
    Family family{.bases = 5};
    Random random(3);
    std::vector<ComparedFinding> findings = family.findings(random);
    findings[0].bases[0].value -= 0.3; // two modes, as some have
    findings[0].bases[1].value -= 0.3;
    findings[0].now.value += 0.1;
    const JudgedFindings judged = judge(findings);
    CHECK(judged.changes[0].bases_differ);
    CHECK(!judged.changes[0].worse);
    CHECK(!judged.changes[1].bases_differ);
}

TEST_CASE("unit.compare.what_most_probes_share_is_a_shift_and_no_finding_of_its_own") {
    const Family slower{.bases = 3, .shift = std::log(1.1)};
    CHECK(in_a_hundred(slower, any_worse) == 0);
    const auto has_shift = [](const JudgedFindings &judged) {
        return judged.shift && judged.shift->change == Approx(0.1).margin(0.02) &&
               judged.shift->together == judged.shift->probes;
    };
    CHECK(in_a_hundred(slower, has_shift) == 100);
    // What goes beyond it is found, and what does not share it is not turned round.
    Family more = slower;
    more.slowed = 0.2;
    CHECK(in_a_hundred(more, first_is_worse) >= 95);
    Family faster{.bases = 3, .shift = -std::log(1.1), .slowed = std::log(1.1)};
    CHECK(in_a_hundred(faster, any_worse) == 0);
    // Of few probes nothing is common.
    Family few{.probes = 2, .shift = std::log(1.2)};
    CHECK(in_a_hundred(few, any_worse) == 100);
}

TEST_CASE("unit.compare.counts_have_no_noise") {
    const ComparedFinding count{
        0, std::log1p(0.05), {-std::log(66), 0, 0, infinite}, {{-std::log(132), 0, 0, infinite}}};
    CHECK(judge(std::vector{count}).changes[0].worse);
    const ComparedFinding same{0, std::log1p(0.05), count.now, {count.now}};
    const LogChange unchanged = judge(std::vector{same}).changes[0];
    CHECK((!unchanged.worse && !unchanged.better && unchanged.error == 0));
}

TEST_CASE("unit.compare.an_interval_without_an_end_decides_nothing") {
    const ComparedFinding open{0, std::log1p(0.05), {1, infinite, infinite, 5}, {{0, 1, 1, 5}}};
    const LogChange change = judge(std::vector{open}).changes[0];
    CHECK(!change.worse);
    CHECK(change.p_worse == Approx(0.5));
}

TEST_CASE("unit.compare.pairs_cancel_what_drifts") {
    Random random(11);
    int slowed_found = 0;
    int false_alarms = 0;
    for (int i = 0; i < 100; ++i) {
        std::vector<ComparedFinding> findings;
        for (std::size_t k = 0; k < 8; ++k) {
            ComparedFinding finding{k / 4, std::log1p(0.03), {0, 0, 0, infinite}, {}};
            for (int pair = 0; pair < 5; ++pair) {
                const double drift = 0.3 * random.normal(); // of both sides
                const auto side = [&](double slower) {
                    return LogEstimate{drift + slower + 0.01 * random.normal(), 0.1, 0.1, 20};
                };
                finding.bases.push_back(pair_estimate(side(0), side(k == 0 ? 0.08 : 0)));
            }
            findings.push_back(finding);
        }
        const JudgedFindings judged = judge_pairs(findings);
        slowed_found += judged.changes[0].worse ? 1 : 0;
        false_alarms += std::any_of(judged.changes.begin() + 1, judged.changes.end(),
                                    [](const LogChange &change) { return change.worse; })
                            ? 1
                            : 0;
    }
    CHECK(slowed_found >= 90);
    CHECK(false_alarms <= 2);
}
