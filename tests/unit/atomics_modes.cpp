#include "memory/atomics/atomics.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>

#include <cmath>
#include <functional>
#include <vector>

using namespace clprobe::probes::atomics;

namespace {

/// Latencies at so many addresses, in blocks: each address has its own, each block's sample is off
/// by noise, one in fifty takes up to three times as long.
std::vector<std::vector<double>> taken(std::size_t addresses, int blocks, double noise,
                                       const std::function<double()> &latency, Random &random) {
    std::vector<std::vector<double>> samples;
    for (std::size_t i = 0; i < addresses; ++i) {
        const double own = latency();
        std::vector<double> &place = samples.emplace_back();
        for (int block = 0; block < blocks; ++block) {
            double sample = own * std::exp(noise * random.normal());
            if (random.chance(0.02))
                sample *= random.uniform(1, 3);
            place.push_back(sample);
        }
    }
    return samples;
}

} // namespace

TEST_CASE("unit.atomics.the dip of simple distributions") {
    std::vector<double> even;
    for (int i = 0; i < 100; ++i)
        even.push_back(i);
    CHECK_THAT(dip(even), Catch::Matchers::WithinAbs(0.005, 1e-6)); // half a step: least there is
    std::vector<double> apart;
    for (int i = 0; i < 100; ++i)
        apart.push_back(i < 50 ? i : 1e6 + i);
    CHECK_THAT(dip(apart), Catch::Matchers::WithinAbs(0.25, 0.01)); // two equal lumps: a quarter
    const std::vector<double> same(20, 7.0);
    CHECK(dip(same) < 0.001); // all at the mode, where the distribution may jump
    CHECK_THROWS(dip({}));
}

TEST_CASE("unit.atomics.the dip does not depend on scale or direction") {
    Random random(1);
    for (int run = 0; run < 20; ++run) {
        std::vector<double> samples;
        std::vector<double> mirrored;
        for (int i = 0; i < 80; ++i) {
            samples.push_back(random.normal() + (random.chance(0.5) ? 5 : 0));
            mirrored.push_back(100 - 3 * samples.back());
        }
        CHECK_THAT(dip(samples), Catch::Matchers::WithinAbs(dip(mirrored), 1e-6));
    }
}

// Of 1000 devices: one level; addresses scatter by 0 to 15 % (uniform, normal or with a long tail,
// as distances in a network have it), launches by 0 to 5 %.
TEST_CASE("unit.atomics.one level is not taken for two") {
    int one = 0;
    int two = 0;
    constexpr int devices = 1000;
    for (int seed = 0; seed < devices; ++seed) {
        Random random(static_cast<std::uint64_t>(seed));
        const double spread = random.uniform(0, 0.15);
        const auto latency = [&] {
            const double own = seed % 3 == 0   ? random.uniform(-1, 1)
                               : seed % 3 == 1 ? random.normal() / 2
                                               : random.exponential() / 2;
            return 200e-9 * std::exp(spread * own);
        };
        const auto modes = find_modes(
            taken(seed % 2 == 0 ? 160 : 256, 4, random.uniform(0, 0.05), latency, random));
        if (modes.count)
            ++(*modes.count == 1 ? one : two);
    }
    CAPTURE(one, two);
    CHECK(two <= 2);
    CHECK(one >= 0.9 * devices);
}

// Of 1000 devices: two levels 20 to 100 % apart, 30 to 70 % of the addresses at either, each
// scattering by up to a twelfth of the distance, launches by 0 to 3 %.
TEST_CASE("unit.atomics.near and far are told apart") {
    int right = 0;
    int one = 0;
    constexpr int devices = 1000;
    for (int seed = 0; seed < devices; ++seed) {
        Random random(static_cast<std::uint64_t>(seed));
        const double ratio = random.uniform(1.2, 2);
        const double share = random.uniform(0.3, 0.7);
        const double spread = random.uniform(0, 1.0 / 12) * std::log(ratio);
        const auto latency = [&] {
            return 200e-9 * (random.chance(share) ? ratio : 1) * std::exp(spread * random.normal());
        };
        const auto modes = find_modes(taken(seed % 2 == 0 ? 160 : 256, seed % 2 == 0 ? 2 : 4,
                                            random.uniform(0, 0.03), latency, random));
        if (modes.count == 1)
            ++one;
        else if (modes.count == 2)
            right += std::abs(modes.high / modes.low / ratio - 1) < 0.05 &&
                     std::abs(modes.share - share) < 0.15;
    }
    CAPTURE(right, one);
    CHECK(right >= 0.97 * devices);
    CHECK(one <= 2);
}

TEST_CASE("unit.atomics.launches at two speeds are no levels of addresses") {
    int two = 0;
    for (int seed = 0; seed < 200; ++seed) {
        Random random(static_cast<std::uint64_t>(seed));
        // Each launch falls to a fast or a slow processor: two samples an address.
        auto samples = taken(
            160, 2, 0.01, [] { return 200e-9; }, random);
        for (auto &place : samples)
            for (double &sample : place)
                sample *= random.chance(0.5) ? 1.5 : 1;
        two += find_modes(samples).count == 2;
    }
    CHECK(two == 0);
}

TEST_CASE("unit.atomics.too little tells nothing of levels") {
    Random random(1);
    CHECK_FALSE(find_modes({}).count);
    CHECK_FALSE(find_modes(taken(
                               20, 4, 0.01, [] { return 1e-7; }, random))
                    .count);
    CHECK_FALSE(find_modes(taken(
                               200, 1, 0.01, [] { return 1e-7; }, random))
                    .count);
}
