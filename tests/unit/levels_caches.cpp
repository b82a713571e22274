#include "common/ring.hpp"
#include "synthetic.hpp"

#include <clprobe/levels.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

using clprobe::CurvePoint;
using clprobe::Levels;
using clprobe::probes::dense_ring;
using clprobe::probes::Ring;

namespace {

enum class Replacement { least_recent, random };

struct CacheShape {
    std::size_t bytes = 0;
    std::size_t ways = 0;
    Replacement replacement = Replacement::least_recent;
    double latency = 0;
};

/// A set-associative cache of 64 B lines.
class Cache {
public:
    explicit Cache(const CacheShape &shape)
        : shape_(shape), tags_(shape.bytes / 64, nothing), sets_(tags_.size() / shape.ways) {}

    /// Whether the line is there; brings it in.
    bool access(std::uint64_t line, std::mt19937_64 &random) {
        const auto first = tags_.begin() + static_cast<std::ptrdiff_t>(line % sets_ * shape_.ways);
        const auto last = first + static_cast<std::ptrdiff_t>(shape_.ways);
        const auto place = std::find(first, last, line);
        if (shape_.replacement == Replacement::least_recent) {
            // The most recent one stands first.
            const bool hit = place != last;
            std::rotate(first, hit ? place : last - 1, hit ? place + 1 : last);
            *first = line;
            return hit;
        }
        if (place != last)
            return true;
        const auto empty = std::find(first, last, nothing);
        *(empty != last ? empty : first + static_cast<std::ptrdiff_t>(random() % shape_.ways)) =
            line;
        return false;
    }

private:
    static constexpr std::uint64_t nothing = ~std::uint64_t{0};

    CacheShape shape_;
    std::vector<std::uint64_t> tags_;
    std::size_t sets_;
};

struct Hierarchy {
    std::vector<CacheShape> caches; ///< the fastest first
    double memory = 0;              ///< latency
    bool scattered_pages = false;   ///< of 4 KiB, anywhere in memory
};

/// Mean latency of a round of the ring, once the caches have settled.
double latency_of(const Hierarchy &hierarchy, const Ring &ring, std::mt19937_64 &random) {
    constexpr int rounds_to_settle = 4;
    constexpr std::uint64_t lines_of_page = 64;
    std::vector<Cache> caches(hierarchy.caches.begin(), hierarchy.caches.end());
    std::vector<std::uint64_t> pages((ring.offset + ring.bytes()) / 4096 + 1);
    for (std::uint64_t &page : pages)
        page = hierarchy.scattered_pages ? random() % (1u << 24)
                                         : static_cast<std::uint64_t>(&page - pages.data());
    double sum = 0;
    for (int round = 0; round <= rounds_to_settle; ++round)
        for (std::uint32_t position = 0; position < ring.length(); ++position) {
            const std::uint64_t line = ring.address(position) / 64;
            const std::uint64_t physical =
                pages[line / lines_of_page] * lines_of_page + line % lines_of_page;
            double latency = hierarchy.memory;
            for (std::size_t i = caches.size(); i-- > 0;)
                if (caches[i].access(physical, random))
                    latency = hierarchy.caches[i].latency;
            if (round == rounds_to_settle)
                sum += latency;
        }
    return sum / ring.length();
}

/// Three rings a footprint, six footprints an octave from 4 KiB to eight times the last cache, and
/// 1 % of noise.
Levels chased(const Hierarchy &hierarchy) {
    std::mt19937_64 random(7);
    Random noise(11);
    std::vector<CurvePoint> curve;
    const double most = 8.0 * static_cast<double>(hierarchy.caches.back().bytes);
    for (double bytes = 4096; bytes < 1.05 * most; bytes *= std::exp2(1.0 / 6)) {
        CurvePoint point{0, {}};
        for (int sample = 0; sample < 3; ++sample) {
            const Ring ring =
                dense_ring(static_cast<std::size_t>(bytes), std::size_t{16} << 20, random);
            point.x = static_cast<double>(ring.bytes());
            point.samples.push_back(latency_of(hierarchy, ring, random) *
                                    std::exp(0.01 * noise.normal()));
        }
        curve.push_back(point);
    }
    return find_levels(curve, clprobe::CurveKind::latency);
}

bool within(double value, double truth, double share) {
    return value > truth / (1 + share) && value < truth * (1 + share);
}

/// Where a chase through a cache with random replacement is half-way in log latency: a line is
/// still there after the misses of a round with probability exp(-misses / lines).
double knee_midpoint(double bytes, double hit, double miss) {
    const double misses = (std::sqrt(hit * miss) - hit) / (miss - hit);
    return bytes * -std::log1p(-misses) / misses;
}

} // namespace

TEST_CASE("unit.levels.caches that replace the least recent line end sharply") {
    const Levels found = chased({{{32768, 8, Replacement::least_recent, 1.1e-9},
                                  {524288, 16, Replacement::least_recent, 4e-9}},
                                 90e-9});
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 3);
    CHECK(within(found.levels[0].size.value(), 32768, 0.1));
    CHECK(within(found.levels[1].size.value(), 524288, 0.1));
    CHECK(within(found.levels[0].value, 1.1e-9, 0.03));
    CHECK(within(found.levels[1].value, 4e-9, 0.03));
    CHECK(within(found.levels[2].value, 90e-9, 0.03));
}

TEST_CASE("unit.levels.caches with random replacement fade") {
    const Levels found =
        chased({{{16384, 4, Replacement::random, 30e-9}, {262144, 16, Replacement::random, 80e-9}},
                250e-9});
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 3);
    CHECK(within(found.levels[0].size.value(), knee_midpoint(16384, 30, 80), 0.1));
    CHECK(within(found.levels[1].size.value(), knee_midpoint(262144, 80, 250), 0.1));
    CHECK(found.levels[0].knee.low > 0.85 * 16384);
    CHECK(within(found.levels[0].value, 30e-9, 0.03));
    CHECK(within(found.levels[1].value, 80e-9, 0.03));
    CHECK(within(found.levels[2].value, 250e-9, 0.03));
}

TEST_CASE("unit.levels.pages anywhere in memory round the knee of a cache") {
    const Levels found = chased({{{32768, 8, Replacement::least_recent, 1.1e-9},
                                  {262144, 8, Replacement::least_recent, 4e-9}},
                                 90e-9,
                                 true});
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 3);
    CHECK(within(found.levels[0].size.value(), 32768, 0.1));
    CHECK(found.levels[1].knee.low < 262144);
    CHECK(found.levels[1].knee.high > 262144);
    CHECK(within(found.levels[1].size.value(), 262144, 0.4));
    CHECK(within(found.levels[1].value, 4e-9, 0.03));
    CHECK(within(found.levels[2].value, 90e-9, 0.03));
}

TEST_CASE("unit.levels.a cache twice as large as the one before is seen between its neighbours") {
    const Levels found = chased({{{32768, 8, Replacement::least_recent, 20e-9},
                                  {65536, 8, Replacement::least_recent, 35e-9},
                                  {131072, 8, Replacement::least_recent, 60e-9}},
                                 150e-9});
    CHECK(found.decided);
    REQUIRE(found.levels.size() == 4);
    CHECK(within(found.levels[0].size.value(), 32768, 0.1));
    CHECK(within(found.levels[1].size.value(), 65536, 0.1));
    CHECK(within(found.levels[2].size.value(), 131072, 0.1));
    CHECK(within(found.levels[1].value, 35e-9, 0.03));
}
