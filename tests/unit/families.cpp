#include "analysis/families.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

namespace {

Finding rate(const std::string &key, double value) {
    return measured({key, Unit::op_per_second, Better::higher, ""}, value, {value, value});
}

std::vector<std::string> patterns(const std::vector<Finding> &findings, std::size_t most) {
    std::vector<const Finding *> pointers;
    for (const Finding &finding : findings)
        pointers.push_back(&finding);
    std::vector<std::string> patterns;
    for (const Family &family : families_of(pointers, most))
        patterns.push_back(family.pattern + " " + std::to_string(family.members.size()));
    return patterns;
}

} // namespace

TEST_CASE("unit.families.none_is_made_where_there_is_room") {
    CHECK(patterns({rate("a.x.rate", 1), rate("a.y.rate", 2)}, 2) ==
          std::vector<std::string>{"a.x.rate 1", "a.y.rate 1"});
    CHECK(patterns({}, 0).empty());
}

TEST_CASE("unit.families.no_more_go_together_than_that_takes") {
    const std::vector<Finding> findings = {rate("a.x.far", 8), rate("a.y.far", 9),
                                           rate("a.x.near", 1), rate("a.y.near", 1),
                                           rate("a.z.near", 1)};
    CHECK(patterns(findings, 4) ==
          std::vector<std::string>{"a.*.far 2", "a.x.near 1", "a.y.near 1", "a.z.near 1"});
    CHECK(patterns(findings, 3) ==
          std::vector<std::string>{"a.x.far 1", "a.y.far 1", "a.*.near 3"});
    CHECK(patterns(findings, 2) == std::vector<std::string>{"a.*.far 2", "a.*.near 3"});
    CHECK(patterns(findings, 1) == std::vector<std::string>{"a.*.* 5"});
}

TEST_CASE("unit.families.a_family_takes_in_what_it_covers") {
    CHECK(patterns({rate("a.x.far", 1), rate("a.x.near", 1), rate("a.y.near", 1)}, 1) ==
          std::vector<std::string>{"a.*.* 3"});
}

TEST_CASE("unit.families.of_several_as_large_the_closest_values_go_together") {
    CHECK(
        patterns({rate("a.x.far", 1), rate("a.y.far", 9), rate("a.x.near", 5), rate("a.y.near", 5)},
                 3) == std::vector<std::string>{"a.x.far 1", "a.y.far 1", "a.*.near 2"});
}

TEST_CASE("unit.families.units_and_plain_numbers_of_other_names_stay_apart") {
    const Finding latency = measured({"a.x.latency", Unit::second, Better::lower, ""}, 1, {1, 1});
    CHECK(patterns({rate("a.x.rate", 1), latency}, 1).size() == 2);
    const Finding banks = measured({"a.banks", Unit::one, Better::none, ""}, 32, {32, 32});
    const Finding own = measured({"a.own", Unit::one, Better::none, ""}, 1, {1, 1});
    CHECK(patterns({banks, own}, 1).size() == 2);
}

TEST_CASE("unit.families.a_member_is_told_by_what_differs") {
    CHECK(differing_part("buffer.l1.latency", "buffer.*.latency") == "l1");
    CHECK(differing_part("atomic.local.int.rate", "atomic.*.*.rate") == "local.int");
    CHECK(differing_part("", "a.*").empty());
}

TEST_CASE("unit.families.keys_have_a_pattern_in_common") {
    const std::vector<std::string> alike = {"fma.fp16.rate", "fma.fp16.latency"};
    CHECK(common_pattern(alike) == "fma.fp16.*");
    const std::vector<std::string> longer = {"a.b", "a.b.c", "a.b.c.d"};
    CHECK(common_pattern(longer) == "a.*");
    const std::vector<std::string> single = {"page.size"};
    CHECK(common_pattern(single) == "page.size");
    CHECK(common_pattern({}).empty());
}

TEST_CASE("unit.families.a_suspicion_stands_behind_what_was_noted_before") {
    Finding finding = rate("a.rate", 1);
    finding.note = "with results used: 2 op/s";
    make_suspect(finding, "the machine was busy");
    CHECK(suspicion_in(finding.note) == "the machine was busy");
    CHECK(suspicion_in("the machine was busy") == "the machine was busy");
}

TEST_CASE("unit.families.reasons_differ_by_more_than_numbers") {
    CHECK(without_numbers("busy (0.49 of it)") == without_numbers("busy (1.2 of it)"));
    CHECK(without_numbers("busy") != without_numbers("slow"));
}
