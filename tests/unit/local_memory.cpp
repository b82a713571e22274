#include "interpreted.hpp"
#include "memory/local_memory/local_memory.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;
using namespace clprobe::probes::local_memory;

namespace {

/// A device of our making.
struct Machine {
    double latency = 15e-9;
    double cache_latency = 20e-9;
    double next_latency = 120e-9;
    double bandwidth = 30e12;
    double cache = 128 << 10;
    double local = 48 << 10;
    bool own = true;
    unsigned banks = 32; ///< 0: none
    double noise = 0.01;
};

class Taker {
public:
    Taker(const Machine &machine, std::uint64_t seed)
        : machine_(machine), made_("memory/local_memory", {.noise = machine.noise}, seed) {}

    Dataset data() {
        speeds();
        strides();
        evictions();
        return made_.data;
    }

private:
    void speeds() {
        made_.take(series::latency, {0}, latency_hops * machine_.latency);
        made_.take(series::latency, {1}, latency_hops * machine_.cache_latency);
        made_.take(series::race, {16, 65536}, 16.0 * 16 * 65536 / machine_.bandwidth);
        made_.take(series::race, {32, 65536}, 2 * 16.0 * 32 * 65536 / machine_.bandwidth);
        made_.take(series::bandwidth, {16, 65536}, 16.0 * 16 * 65536 / machine_.bandwidth);
    }
    void strides() {
        for (const unsigned stride :
             {1u,  2u,  3u,  4u,  5u,  6u,  7u,  8u,  9u,  12u, 15u, 16u,
              17u, 20u, 24u, 31u, 32u, 33u, 40u, 48u, 63u, 64u, 96u, 128u}) {
            const double passes =
                machine_.banks == 0 ? 1 : BankModel{machine_.banks, 1, 32}.passes(stride);
            made_.take(series::strides, {4.0 * stride}, 1e-7 * passes);
        }
    }
    /// Of a cache that replaces at random, roughly: a ring that does not fit misses in part.
    void evictions() {
        const double hops = machine_.local / slot_bytes;
        for (const double part : {0.0, 0.1, 0.3, 0.5, 0.7, 0.8, 0.87, 0.94, 1.0, 1.05, 1.4}) {
            const double bytes = std::floor(part * machine_.cache / 1024) * 1024;
            for (const double touched : {1024.0, machine_.local}) {
                const double both = bytes + (machine_.own ? 0 : touched);
                const double misses = std::min(1.0, std::max(0.0, both / machine_.cache - 1) * 4);
                const double hit = machine_.own ? machine_.latency : machine_.cache_latency;
                const double miss = misses * (machine_.next_latency - machine_.cache_latency);
                made_.take(series::eviction, {bytes, touched},
                           hops * (hit + (machine_.own ? 0 : miss)) +
                               bytes / slot_bytes * (machine_.cache_latency + miss));
            }
        }
    }

    Machine machine_;
    MadeUp made_;
};

std::vector<Finding> interpretation(const Dataset &data) {
    return builtin("memory/local_memory").interpret(data, {});
}

} // namespace

TEST_CASE("unit.local_memory.a GPU with a memory of its own") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto findings = interpretation(Taker({}, seed).data());
        REQUIRE(findings.size() == 5);
        for (const Finding &finding : findings) {
            INFO(finding.key << ": " << finding.note);
            CHECK(finding.status == Status::measured);
        }
        CHECK_THAT(finding(findings, "local.latency").value.value(),
                   Catch::Matchers::WithinRel(15e-9, 0.02));
        CHECK_THAT(finding(findings, "local.bandwidth").value.value(),
                   Catch::Matchers::WithinRel(30e12, 0.02));
        CHECK(finding(findings, "local.banks").value == 32);
        CHECK(finding(findings, "local.bank_width").value == 4);
        CHECK(finding(findings, "local.own_memory").value == 1);
    }
}

TEST_CASE("unit.local_memory.a CPU keeps it in its cache") {
    Machine cpu;
    cpu.cache = 32 << 10;
    cpu.local = 256 << 10;
    cpu.own = false;
    cpu.banks = 0;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        const auto findings = interpretation(Taker(cpu, seed).data());
        CHECK(finding(findings, "local.banks").status == Status::inconclusive);
        CHECK(finding(findings, "local.bank_width").status == Status::inconclusive);
        CHECK(finding(findings, "local.own_memory").value == 0);
    }
}

// Of 500 devices: caches of 16 to 256 KiB, local memory of a quarter of that to twice as much,
// noise of 0 to 5 %, one in two with a memory of its own.
TEST_CASE("unit.local_memory.eviction is seldom misjudged") {
    int right = 0;
    int wrong = 0;
    constexpr int devices = 500;
    for (std::uint64_t seed = 0; seed < devices; ++seed) {
        Random random(seed);
        Machine machine;
        machine.own = seed % 2 == 0;
        machine.cache = 1024 * std::round(16 * std::exp2(random.uniform(0, 4)));
        machine.local = 64 * std::round(machine.cache * random.uniform(0.25, 2) / 64);
        machine.next_latency = random.uniform(60e-9, 200e-9);
        machine.noise = random.uniform(0, 0.03);
        const Dataset data = Taker(machine, seed).data();
        const auto verdict = judge_eviction(eviction_times(data), machine.local);
        if (verdict.own)
            ++(*verdict.own == machine.own ? right : wrong);
    }
    CAPTURE(right, wrong);
    CHECK(right >= 0.95 * devices);
    CHECK(wrong <= 0.005 * devices);
}

TEST_CASE("unit.local_memory.what was not seen is not said") {
    for (const Finding &finding : interpretation({}))
        CHECK(finding.status == Status::inconclusive);
    // A local memory that takes a sixteenth of the cache evicts nothing that would show.
    Machine small;
    small.local = small.cache / 16;
    const auto findings = interpretation(Taker(small, 1).data());
    CHECK(finding(findings, "local.own_memory").status == Status::inconclusive);
    // Rings that all fit the first cache.
    Dataset data = Taker({}, 1).data();
    std::erase_if(data.add(series::eviction, {}, {}).points,
                  [](const Point &point) { return point.at[0] > 100 << 10; });
    CHECK(finding(interpretation(data), "local.own_memory").status == Status::inconclusive);
}

TEST_CASE("unit.local_memory.work that does not follow the trips is suspect") {
    Dataset data = Taker({}, 1).data();
    for (Point &point : data.add(series::bandwidth, {}, {}).points)
        if (point.at.back() == 1000)
            for (double &sample : point.samples)
                sample *= 0.7;
    CHECK(finding(interpretation(data), "local.bandwidth").status != Status::measured);
}
