#include "common/allowances.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;
using namespace clprobe::probes;

namespace {

Facts on(DeviceType type) {
    Facts facts;
    facts.device.emplace().type = type;
    return facts;
}

std::vector<Finding> rates() {
    const FindingKey shared{"shared.rate", Unit::op_per_second, Better::higher, ""};
    const FindingKey own{"own.rate", Unit::op_per_second, Better::higher, ""};
    return {measured(shared, 10, {9.5, 20}), measured(own, 10, {9.9, 10.1}),
            without_value(shared, Status::inconclusive, "too short")};
}

bool is_shared(const std::string &key) {
    return key == "shared.rate";
}

} // namespace

TEST_CASE("unit.allowances.intervals_reach_so_far_and_no_less_than_before") {
    std::vector<Finding> findings = rates();
    allow_on_cpu(findings, on(DeviceType::cpu), 0.25, is_shared);
    CHECK(findings[0].interval == Interval{7.5, 20});
    CHECK(findings[1].interval == Interval{9.9, 10.1});
    CHECK(!findings[2].interval);
}

TEST_CASE("unit.allowances.only_a_cpus_processors_are_moved_about") {
    std::vector<Finding> findings = rates();
    allow_on_cpu(findings, on(DeviceType::gpu), 0.25, is_shared);
    allow_on_cpu(findings, {}, 0.25, is_shared);
    CHECK(findings == rates());
}
