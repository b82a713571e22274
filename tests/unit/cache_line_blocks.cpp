#include "memory/cache_line/explain.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

// Synthetic experiments with a known block size, 1000 seeds each. The size is 16 to 256 B; the step
// is 5 % to 4x (uniform in its logarithm); the noise of a place's median 0 to 10 %; one place in
// twenty is an outlier of up to 3x; one in ten is missing.

using namespace clprobe;
using namespace clprobe::cache_line;

namespace {

constexpr int seeds = 1000;

struct Truth {
    double size = 64;
    double step = 2;
    double noise = 0.02;
    double neighbour = 1; ///< how much of the step shows between neighbouring blocks
    bool outliers = false;
    bool missing = false;
};

Truth random_truth(Random &random) {
    Truth truth;
    truth.size = 16 << random.integer(0, 4);
    truth.step = std::exp(random.uniform(std::log(1.05), std::log(4)));
    truth.noise = random.uniform(0, 0.1);
    truth.outliers = random.chance(0.5);
    truth.missing = random.chance(0.5);
    return truth;
}

double time_of(const Truth &truth, bool shares, bool neighbours, Together together,
               Random &random) {
    const double apart = shares ? 0 : neighbours ? truth.neighbour : 1;
    const double slow = together == Together::slower ? 1 - apart : apart;
    double time = 1e-8 * std::pow(truth.step, slow) * std::exp(truth.noise * random.normal());
    if (truth.outliers && random.chance(0.05))
        time *= random.uniform(1, 3);
    return time;
}

Pair pair_at(const Truth &truth, double first, double second, Together together, Random &random) {
    const auto same = [&](double block) {
        return std::floor(first / block) == std::floor(second / block);
    };
    return {first, second, time_of(truth, same(truth.size), same(2 * truth.size), together, random),
            truth.noise};
}

/// As the probe lays them out: words apart from an aligned place, and on both sides of a border.
std::vector<Pair> false_sharing(const Truth &truth, Random &random) {
    std::vector<Pair> pairs;
    for (double distance = 4; distance <= 1024; distance *= 2) {
        pairs.push_back(pair_at(truth, 0, distance, Together::slower, random));
        if (distance >= 8)
            pairs.push_back(pair_at(truth, 0, distance - 4, Together::slower, random));
        if (distance >= 16)
            pairs.push_back(pair_at(truth, distance - 4, distance, Together::slower, random));
    }
    if (truth.missing)
        std::erase_if(pairs, [&](const Pair &) { return random.chance(0.1); });
    return pairs;
}

std::vector<Pair> loads(const Truth &truth, Random &random) {
    std::vector<Pair> pairs;
    for (double distance = 4; distance <= 512; distance *= 2)
        pairs.push_back(pair_at(truth, 0, distance, Together::faster, random));
    return pairs;
}

struct Score {
    int right = 0;
    int wrong = 0;
    int clear = 0;
    int clear_right = 0;

    void add(const Verdict &verdict, const Truth &truth) {
        const bool is_right = verdict.size == truth.size;
        right += is_right ? 1 : 0;
        wrong += verdict.size && !is_right ? 1 : 0;
        if (std::log(truth.step) > 3 * truth.noise) {
            ++clear;
            clear_right += is_right ? 1 : 0;
        }
    }
};

} // namespace

TEST_CASE("unit.cache_line.false sharing finds the line, and is hardly ever wrong") {
    Score score;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        const Truth truth = random_truth(random);
        const auto pairs = false_sharing(truth, random);
        score.add(block_size(pairs, Together::slower, 1), truth);
    }
    INFO("right " << score.right << ", wrong " << score.wrong << ", clear " << score.clear_right
                  << " of " << score.clear);
    CHECK(score.clear_right >= 0.98 * score.clear);
    CHECK(score.wrong <= 0.01 * seeds);
}

TEST_CASE("unit.cache_line.pairs of loads find the sector, and are hardly ever wrong") {
    Score score;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        Truth truth = random_truth(random);
        truth.outliers = false;
        const auto pairs = loads(truth, random);
        score.add(block_size(pairs, Together::faster, 1), truth);
    }
    INFO("right " << score.right << ", wrong " << score.wrong << ", clear " << score.clear_right
                  << " of " << score.clear);
    CHECK(score.clear_right >= 0.95 * score.clear);
    CHECK(score.wrong <= 0.01 * seeds);
}

TEST_CASE("unit.cache_line.prefetch of the neighbouring line is no larger line") {
    int right = 0;
    int seen = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        Truth truth;
        truth.step = random.uniform(2, 6);
        truth.noise = random.uniform(0, 0.04);
        truth.neighbour = random.uniform(0.5, 0.9);
        const Verdict shared = block_size(false_sharing(truth, random), Together::slower, 1.3);
        const Verdict loaded = block_size(loads(truth, random), Together::faster, 1.05);
        right += shared.size == 64.0 && loaded.size.value_or(64) == 64 ? 1 : 0;
        seen += shared.neighbours ? 1 : 0;
    }
    INFO("right " << right << ", seen " << seen);
    CHECK(right >= 0.99 * seeds);
    CHECK(seen >= 0.75 * seeds);
}

TEST_CASE("unit.cache_line.no contrast gives no size") {
    int sizes = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        Truth truth;
        truth.step = 1;
        truth.noise = random.uniform(0, 0.2);
        sizes += block_size(false_sharing(truth, random), Together::slower, 1.3).size ? 1 : 0;
        sizes += block_size(loads(truth, random), Together::faster, 1.05).size ? 1 : 0;
    }
    CHECK(sizes <= 0.01 * seeds);
    const Verdict none = block_size({}, Together::slower, 1.3);
    CHECK_FALSE(none.size.has_value());
    CHECK_FALSE(none.reason.empty());
}

TEST_CASE("unit.cache_line.pairs of loads as two real devices answer them") {
    const auto size_of = [](std::vector<double> times) {
        std::vector<Pair> pairs;
        for (std::size_t i = 0; i < times.size(); ++i)
            pairs.push_back({0, std::ldexp(4.0, static_cast<int>(i)), times[i], 0});
        return block_size(pairs, Together::faster, 1.05).size;
    };
    CHECK(size_of({158, 161, 164, 291, 288, 291, 292, 292}) == 32.0);
    CHECK(size_of({359, 362, 365, 357, 554, 548, 550, 550}) == 64.0);
    CHECK(size_of({274, 279, 265, 276, 369, 400, 454, 418}) == 64.0);
}
