#include "interpreted.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;
using Catch::Matchers::WithinRel;

namespace {

std::vector<Finding> findings_of_chases(const Dataset &data, const Facts &facts = {}) {
    return builtin("memory/buffer_latency").interpret(data, facts);
}

double latency_at(double footprint) {
    return footprint <= 32768 ? 1e-9 : footprint <= 1 << 20 ? 4e-9 : 8e-8;
}

/// Launches of a device with two caches, a sample a block.
Dataset launches(Random &random, double noise, double most, int blocks) {
    Dataset data;
    Series &times = data.add("times", {{"footprint", Unit::byte, {}}, {"trips", Unit::one, {}}},
                             {"time", Unit::second, {}});
    for (double footprint = 1024; footprint <= most; footprint = std::floor(footprint * 1.1))
        for (int block = 0; block < blocks; ++block)
            for (const double trips : {100.0, 100.0, 400.0, 400.0}) {
                Point &point = times.point({footprint, trips});
                const double factor = std::exp(noise * std::abs(random.normal()));
                point.samples.push_back(2e-5 + 16 * trips * latency_at(footprint) * factor);
                point.block.push_back(block);
            }
    return data;
}

} // namespace

TEST_CASE("unit.buffer_latency.finds_two_caches_and_memory") {
    Random random(1);
    for (const double noise : {0.0, 0.02}) {
        const auto findings = findings_of_chases(launches(random, noise, 64 << 20, 3));
        CAPTURE(noise);
        CHECK(std::ranges::count(findings, "buffer.l3.size", &Finding::key) == 0);
        CHECK_THAT(*finding(findings, "buffer.l1.size").value, WithinRel(32768.0, 0.1));
        CHECK_THAT(*finding(findings, "buffer.l2.size").value, WithinRel(1048576.0, 0.1));
        CHECK_THAT(*finding(findings, "buffer.l1.latency").value, WithinRel(1e-9, 0.03));
        CHECK_THAT(*finding(findings, "buffer.l2.latency").value, WithinRel(4e-9, 0.03));
        CHECK_THAT(*finding(findings, "buffer.memory.latency").value, WithinRel(8e-8, 0.03));
    }
}

TEST_CASE("unit.buffer_latency.takes_a_bare_curve") {
    Dataset data;
    Series &curve =
        data.add("latency", {{"footprint", Unit::byte, {}}}, {"latency", Unit::second, {}});
    for (double footprint = 1024; footprint <= 64 << 20; footprint = std::floor(footprint * 1.2))
        curve.point({footprint}).samples = {latency_at(footprint)};
    const auto findings = findings_of_chases(data);
    CHECK_THAT(*finding(findings, "buffer.l1.size").value, WithinRel(32768.0, 0.15));
    CHECK(finding(findings, "buffer.l1.size").evidence == std::vector<std::string>{"latency"});
}

TEST_CASE("unit.buffer_latency.says_where_bandwidth_disagrees") {
    Random random(1);
    const Dataset data = launches(random, 0, 64 << 20, 3);
    const auto size = [](const char *key, double bytes) {
        return measured({key, Unit::byte, Better::none, ""}, bytes, {0.9 * bytes, 1.1 * bytes});
    };
    Facts facts;
    facts.findings = {size("buffer.l1.read_size", 32768), size("buffer.l2.read_size", 4 << 20)};
    const auto findings = findings_of_chases(data, facts);
    CHECK(finding(findings, "buffer.l1.latency").note.empty());
    for (const char *key : {"buffer.l2.size", "buffer.l2.latency"})
        CHECK(finding(findings, key).note.find("nearest lies at 4 MiB") != std::string::npos);
}

TEST_CASE("unit.buffer_latency.finds_nothing_where_nothing_shows") {
    Random random(2);
    Dataset tiny = launches(random, 0, 16384, 1);
    tiny.text_attributes["too_small"] = "no level shows";
    for (const Dataset &data :
         {Dataset{}, launches(random, 0.01, 16384, 2), launches(random, 0, 1024, 1), tiny}) {
        const auto findings = findings_of_chases(data);
        REQUIRE_FALSE(findings.empty());
        for (const Finding &finding : findings) {
            CHECK_FALSE(finding.value);
            CHECK_FALSE(finding.note.empty());
        }
    }
}
