#include "common/random.hpp"
#include "interpreted.hpp"
#include "memory/cache_line/cache_line.hpp"
#include "synthetic.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

using namespace clprobe;
using namespace clprobe::probes;
using namespace clprobe::probes::cache_line;
using Catch::Approx;

namespace {

/// A device of known geometry, and the data that the probe would take of it.
struct Machine {
    double line = 64;
    double sector = 64;
    double fetch = 64;
    double sharing = 3; ///< how much slower two groups are on one line
    double noise = 0.01;
};

class Taker {
public:
    Taker(const Machine &machine, std::uint64_t seed)
        : machine_(machine),
          made_("memory/cache_line", {.noise = machine.noise, .blocks = 8}, seed) {}

    Dataset data() {
        false_sharing();
        slots();
        pairs(series::pairs, machine_.sector, 100e-9);
        pairs(series::memory_pairs, machine_.fetch, 600e-9);
        return made_.data;
    }

private:
    void false_sharing() {
        for (double size = 8; size <= 1024; size *= 2)
            for (const auto &[distance, offset] :
                 {std::pair{size - 4, 0.0}, std::pair{size, 0.0}, std::pair{4.0, size - 4}}) {
                const bool shared = std::floor(offset / machine_.line) ==
                                    std::floor((offset + distance) / machine_.line);
                made_.take(series::false_sharing, {distance, offset},
                           20e-9 * (shared ? machine_.sharing : 1));
            }
    }
    void slots() {
        for (const double stride : {20.0, 28.0, 60.0, 124.0, 252.0, 508.0}) {
            const double fit = 32768 / std::min(stride, machine_.line);
            for (double n = 32; n < 20 * fit; n *= std::sqrt(2)) {
                const double missing = std::clamp((n / fit - 0.8) / 0.4, 0.0, 1.0);
                made_.take(series::slots, {stride, std::floor(n)}, 16e-9 * (1 + 5 * missing));
            }
        }
    }
    void pairs(const char *name, double granule, double miss) {
        for (const std::size_t distance : pair_distances) {
            const auto d = static_cast<double>(distance);
            double second = d < granule ? 10e-9 : miss;
            if (name == series::memory_pairs && d < granule && d >= machine_.sector)
                second = 100e-9; // the next level has it
            made_.take(name, {d}, 8 * (miss + second));
        }
    }

    Machine machine_;
    MadeUp made_;
};

Facts facts_of(DeviceType type) {
    Facts facts;
    facts.device.emplace();
    facts.device->type = type;
    return facts;
}

} // namespace

TEST_CASE("unit.cache_line.findings of a CPU with whole lines") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto findings =
            findings_of(Taker({64, 64, 64, 3, 0.02}, seed).data(), facts_of(DeviceType::cpu));
        REQUIRE(findings.size() == 3);
        for (const Finding &finding : findings) {
            CHECK(finding.status == Status::measured);
            CHECK(finding.value == 64.0);
            CHECK(finding.interval->contains(64));
        }
        CHECK(findings[0].method == "false sharing");
    }
}

TEST_CASE("unit.cache_line.findings of a GPU with lines in sectors") {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const auto findings =
            findings_of(Taker({128, 32, 64, 1, 0.02}, seed).data(), facts_of(DeviceType::gpu));
        REQUIRE(findings.size() == 3);
        CHECK(findings[0].value == 128.0);
        CHECK(findings[0].method == "capacity in slots");
        CHECK(findings[1].value == 32.0);
        CHECK(findings[2].value == 64.0);
    }
}

TEST_CASE("unit.cache_line.a CPU whose groups seldom ran at once falls back on the capacity") {
    Dataset data = Taker({64, 64, 64, 3, 0.02}, 1).data();
    data.number_attributes["launches"] = 100;
    data.number_attributes["launches_together"] = 10;
    const auto findings = findings_of(data, facts_of(DeviceType::cpu));
    CHECK(findings[0].value == 64.0);
    CHECK(findings[0].method == "capacity in slots");
    CHECK(findings[0].note == "false sharing: two groups seldom ran at once");
}

TEST_CASE("unit.cache_line.a CPU's capacity is suspect where pairs say less and sharing nothing") {
    // Both groups on one core: no line is shared.
    const Dataset stacked = Taker({128, 64, 64, 1, 0.02}, 1).data();
    const Finding line = findings_of(stacked, facts_of(DeviceType::cpu))[0];
    CHECK(line.status == Status::suspect);
    CHECK(line.value == 128.0);
    CHECK(line.note.find("pairs of loads suggest 64 B") != std::string::npos);
}

TEST_CASE("unit.cache_line.pairs that prefetch blurs are bounded by the line") {
    const auto findings =
        findings_of(Taker({64, 128, 128, 3, 0.02}, 1).data(), facts_of(DeviceType::cpu));
    CHECK(findings[0].value == 64.0);
    CHECK(findings[1].value == 64.0);
    CHECK(findings[1].note.find("adjacent-line") != std::string::npos);
    CHECK(findings[2].status == Status::inconclusive);
    CHECK(findings[2].note.find("adjacent-line") != std::string::npos);
}

TEST_CASE("unit.cache_line.no data gives every key, without a value and with a reason") {
    for (const Facts &facts : {Facts{}, facts_of(DeviceType::gpu)}) {
        const auto findings = findings_of(Dataset{}, facts);
        REQUIRE(findings.size() == finding_keys().size());
        for (const Finding &finding : findings) {
            CHECK(finding.status == Status::inconclusive);
            CHECK_FALSE(finding.value.has_value());
            CHECK_FALSE(finding.note.empty());
        }
    }
}

TEST_CASE("unit.cache_line.sizes that tell nothing give no value") {
    Dataset data = Taker({64, 64, 64, 3, 0.02}, 1).data();
    data.text_attributes[too_small] = "so small";
    for (const Finding &finding : findings_of(data, facts_of(DeviceType::cpu)))
        CHECK(finding == without_value({finding.key, Unit::byte, Better::none, ""},
                                       Status::inconclusive, "so small"));
}

TEST_CASE("unit.cache_line.a bare curve over the stride needs no facts") {
    Dataset data;
    Series &curve =
        data.add(series::stride, {{"stride", Unit::byte, {}}}, {"latency", Unit::second, {}});
    for (double stride = 4; stride <= 1024; stride *= 2)
        curve.point({stride}).samples.push_back(1e-9 * (1 + 5 * std::min(stride / 64, 1.0)));
    const auto findings = findings_of(data, {});
    REQUIRE(findings.size() == 3);
    CHECK(findings[0].value == 64.0);
    CHECK(findings[0].method == "stride sweep");
    CHECK(findings[1].status == Status::inconclusive);
    CHECK(findings[2].status == Status::inconclusive);
}

TEST_CASE("unit.cache_line.a bare curve without the place at the step leaves two sizes") {
    Dataset data;
    Series &curve =
        data.add(series::stride, {{"stride", Unit::byte, {}}}, {"latency", Unit::second, {}});
    for (const double stride : {4, 8, 16, 32, 128, 256, 512, 1024})
        curve.point({stride}).samples.push_back(stride < 100 ? 1e-9 : 2e-9);
    const auto findings = findings_of(data, {});
    CHECK(findings[0].status == Status::measured);
    CHECK(findings[0].interval == Interval{32, 128}); // or pairs of 32 B
    CHECK(findings[0].note.find("64 B or 128 B") != std::string::npos);
}

TEST_CASE("unit.cache_line.of lines fetched in pairs an external sweep covers the line") {
    Dataset data;
    Series &curve =
        data.add(series::stride, {{"stride", Unit::byte, {}}}, {"latency", Unit::cycle, {}});
    const double cycles[] = {24.99, 36.44, 74.10, 196.14, 247.53, 230.92, 197.41, 234.60, 297.71};
    for (double stride = 16; const double each : cycles) {
        curve.point({stride}).samples.push_back(each);
        stride *= 2;
    }
    const auto findings = findings_of(data, {});
    REQUIRE(findings[0].interval);
    CHECK(findings[0].interval->contains(64)); // a processor's, whose lines come two at a time
    CHECK(findings[0].note.find("fetched together") != std::string::npos);
}

TEST_CASE("unit.cache_line.times that no noise explains give no size") {
    Dataset data;
    Series &curve =
        data.add(series::stride, {{"stride", Unit::byte, {}}}, {"latency", Unit::second, {}});
    double time = 1e-300;
    for (double stride = 4; stride <= 1024; stride *= 2, time = 1 / time)
        curve.point({stride}).samples.push_back(time);
    CHECK_FALSE(findings_of(data, {})[0].value.has_value());
}

TEST_CASE("unit.cache_line.curves show each experiment in its own unit") {
    const auto curves = curves_of(Taker({64, 64, 64, 3, 0}, 1).data());
    const auto of = [&](const char *name) {
        return *std::find_if(curves.begin(), curves.end(),
                             [&](const Curve &curve) { return curve.series == name; });
    };
    CHECK(of(series::stride).points.empty());
    CHECK(of(series::slots).points.size() == 6);
    CHECK(of(series::false_sharing).points.front().y == Approx(60e-9));
    CHECK(of(series::false_sharing).points.back().y == Approx(20e-9));
    CHECK(of(series::pairs).points.front().y == Approx(110e-9));
    CHECK(of(series::memory_pairs).points.back().y == Approx(1200e-9));
}

TEST_CASE("unit.cache_line.places are slopes over trips, deaf to a disturbed launch") {
    Series series{"s", axes<SweepRow>(), {"time", Unit::second, {}}, {}};
    for (const double trips : {100.0, 200.0, 400.0})
        for (int block = 0; block < 5; ++block) {
            Point &point = series.point({64, trips});
            point.samples.push_back(1e-6 + 1e-9 * trips + (block == 2 ? 1e-3 : 0));
            point.block.push_back(block);
        }
    const auto places = estimates_over(&series, &SweepRow::stride);
    REQUIRE(places.size() == 1);
    CHECK(places[0].x == 64);
    CHECK(places[0].value == Approx(1e-9));
}

TEST_CASE("unit.cache_line.a knee lies half-way to the next level") {
    std::vector<Estimate> curve;
    for (double n = 16; n <= 65536; n *= 2)
        curve.push_back({n, n < 1000 ? 1.0 : n < 2000 ? 2.5 : 6.25, 0});
    REQUIRE(knee_midpoint(curve).has_value());
    CHECK(*knee_midpoint(curve) == Approx(2.5));
    CHECK(crossing(curve, 2.0) == std::sqrt(512.0 * 1024));
    CHECK_FALSE(crossing(curve, 0.5).has_value());
    CHECK_FALSE(crossing(curve, 10).has_value());
    for (Estimate &place : curve)
        place.value = 1;
    CHECK_FALSE(knee_midpoint(curve).has_value());
}

TEST_CASE("unit.cache_line.rings visit every slot once") {
    std::mt19937_64 random(1);
    for (const WordRing &ring : {spaced_ring(100, 60, random), paged_ring(128, 16, 512, random)}) {
        const std::set<std::uint32_t> slots(ring.order.begin(), ring.order.end());
        CHECK(slots.size() == ring.order.size());
        CHECK(*slots.begin() == 0);
    }
    CHECK(spaced_ring(100, 60, random).order.size() == 100);
    WordRing moved = spaced_ring(10, 4, random);
    move_to_random_page(moved, 1 << 20, random);
    CHECK(*std::min_element(moved.order.begin(), moved.order.end()) % 1024 == 0);
}

TEST_CASE("unit.cache_line.a pair lies in one block of twice its distance and in none of less") {
    std::mt19937_64 random(1);
    for (const std::size_t distance : pair_distances) {
        const auto words = static_cast<std::uint32_t>(distance / 4);
        const WordRing ring = paired_ring(shuffled(200, random), distance, random);
        REQUIRE(ring.order.size() == 400);
        for (std::size_t i = 0; i < ring.order.size(); i += 2) {
            CHECK(ring.order[i] / (2 * words) == ring.order[i + 1] / (2 * words));
            CHECK(ring.order[i] / words != ring.order[i + 1] / words);
        }
        const std::set<std::uint32_t> slots(ring.order.begin(), ring.order.end());
        CHECK(slots.size() == ring.order.size());
    }
}
