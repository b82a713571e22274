#include "interpreted.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>
#include <string>

using namespace clprobe;
using Catch::Matchers::WithinRel;

namespace {

const Axis trips{"trips", Unit::one, {}};
const Axis time_axis{"time", Unit::second, {}};

void add(Series &series, double at, double latency) {
    for (int block = 0; block < 6; ++block)
        for (const double count : {100.0, 200.0, 400.0}) {
            Point &point = series.point({at, count});
            // No two blocks are quite the same.
            point.samples.push_back(2e-5 + 16 * count * latency * (1 + 0.001 * block));
            point.block.push_back(block);
        }
}

/// Chases through a first cache of 2 KiB, and another behind it up to `second`.
Dataset chases(double second, double divergence) {
    Dataset data;
    Series times{"times", {{"footprint", Unit::byte, {}}, trips}, time_axis, {}};
    for (double footprint = 256; footprint <= 65536; footprint = std::floor(footprint * 1.1))
        add(times, footprint, footprint <= 2048 ? 1e-8 : footprint <= second ? 3e-8 : 9e-8);
    Series together{"together", {{"addresses", Unit::one, {}}, trips}, time_axis, {}};
    for (const double addresses : {1.0, 2.0, 32.0})
        add(together, addresses, addresses == 1 ? 2e-8 : 2e-8 * divergence);
    data.series = {times, together};
    return data;
}

std::vector<Finding> findings_of(const Dataset &data) {
    return builtin("memory/constant_memory").interpret(data, {});
}

Finding found(const Dataset &data, const std::string &key) {
    return finding(findings_of(data), key);
}

} // namespace

TEST_CASE("unit.constant_memory.finds_its_caches") {
    const Dataset data = chases(16384, 12);
    REQUIRE(found(data, "constant.l2.size").value);
    CHECK_THAT(*found(data, "constant.l1.size").value, WithinRel(2048.0, 0.1));
    CHECK_THAT(*found(data, "constant.l2.size").value, WithinRel(16384.0, 0.1));
    CHECK_THAT(*found(data, "constant.l1.latency").value, WithinRel(1e-8, 0.03));
    CHECK_THAT(*found(data, "constant.l3.latency").value, WithinRel(9e-8, 0.03));
    CHECK(std::ranges::count(findings_of(data), "constant.l3.size", &Finding::key) == 0);
    CHECK(std::ranges::count(findings_of(data), "constant.memory.latency", &Finding::key) == 0);
    CHECK_THAT(*found(data, "constant.divergence").value, WithinRel(12.0, 0.01));
}

TEST_CASE("unit.constant_memory.one_level_has_a_latency_and_no_size") {
    Dataset data = chases(1e9, 1);
    std::erase_if(data.series[0].points, [](const Point &point) { return point.at[0] > 1900; });
    CHECK_THAT(*found(data, "constant.l1.latency").value, WithinRel(1e-8, 0.03));
    CHECK(std::ranges::count(findings_of(data), "constant.l1.size", &Finding::key) == 0);
}

TEST_CASE("unit.constant_memory.finds_nothing_in_nothing") {
    for (const std::string key :
         {"constant.l1.size", "constant.l1.latency", "constant.divergence"}) {
        CHECK_FALSE(found({}, key).value);
        CHECK_FALSE(found({}, key).note.empty());
    }
}
