#include "analysis/size_posterior.hpp"
#include "cache_line_truth.hpp"
#include "synthetic.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

// Synthetic experiments of two levels with a known block size, 1000 seeds each, with the noise,
// outliers and missing places of NoisyTruth, but nine samples a place: the probe takes eight and
// more. The size is 16 to 256 B, the step from one level to the other 5 % to 4x, uniform in its
// logarithm.

using namespace clprobe;

namespace {

struct BlockTruth : NoisyTruth {
    double step = 2;
    double neighbour = 1; ///< how much of the step shows between neighbouring blocks
};

BlockTruth random_block(Random &random) {
    BlockTruth truth{noisy_truth(random)};
    truth.samples = 9;
    truth.size = 16 << random.integer(0, 4);
    truth.step = std::exp(random.uniform(std::log(1.05), std::log(4)));
    return truth;
}

/// An experiment: where its pairs of words are, and which of them take longer.
struct Experiment {
    Together together;
    std::vector<std::vector<double>> words; ///< first and second, B
};

/// As the probe lays them out: words apart from an aligned place, and on both sides of a border.
Experiment false_sharing() {
    Experiment experiment{Together::slower, {}};
    for (double size = 8; size <= 1024; size *= 2)
        for (const std::vector<double> &words :
             std::vector<std::vector<double>>{{0, size - 4}, {0, size}, {size - 4, size}})
            experiment.words.push_back(words);
    return experiment;
}

Experiment loads() {
    Experiment experiment{Together::faster, {}};
    for (double distance = 4; distance <= 512; distance *= 2)
        experiment.words.push_back({0, distance});
    return experiment;
}

double time_of(const BlockTruth &truth, const Experiment &experiment,
               const std::vector<double> &words, double size) {
    const auto same = [&](double block) {
        return std::floor(words[0] / block) == std::floor(words[1] / block);
    };
    const double apart = same(size) ? 0 : same(2 * size) ? truth.neighbour : 1;
    return 1e-8 * std::pow(truth.step, experiment.together == Together::slower ? 1 - apart : apart);
}

/// What the experiment's verdict is; counted in a score where there is one.
SizeVerdict verdict_of(const BlockTruth &truth, const Experiment &experiment, double least_ratio,
                       Random &random, Score *score = nullptr) {
    const auto law = [&](double size) {
        return [&, size](const auto &words) { return time_of(truth, experiment, words, size); };
    };
    const auto places = noisy_places(truth, experiment.words, law(truth.size), random);
    std::vector<AddressPair> pairs;
    for (const auto &[at, time] : places)
        pairs.push_back({at[0], at[1], time.value, time.error});
    SizeVerdict verdict = block_size(pairs, experiment.together, least_ratio);
    if (score)
        score->add(verdict, truth.size,
                   is_clear(truth, places, law(truth.size),
                            {law(truth.size / 2), law(truth.size * 2)}, 1));
    return verdict;
}

} // namespace

TEST_CASE("unit.cache_line.two levels of time tell the size, and are hardly ever wrong") {
    for (const Experiment &experiment : {false_sharing(), loads()}) {
        Score score;
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
            Random random(seed);
            const BlockTruth truth = random_block(random);
            verdict_of(truth, experiment, 1, random, &score);
        }
        score.check();
    }
}

TEST_CASE("unit.cache_line.prefetch of the neighbouring line is no larger line") {
    int right = 0;
    int seen = 0;
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        Random random(seed);
        BlockTruth truth;
        truth.step = random.uniform(2, 6);
        truth.noise = random.uniform(0, 0.04);
        truth.neighbour = random.uniform(0.5, 0.9);
        const SizeVerdict shared = verdict_of(truth, false_sharing(), 1.3, random);
        const SizeVerdict loaded = verdict_of(truth, loads(), 1.05, random);
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
        BlockTruth truth;
        truth.step = 1;
        truth.noise = random.uniform(0, 0.2);
        sizes += verdict_of(truth, false_sharing(), 1.3, random).size ? 1 : 0;
        sizes += verdict_of(truth, loads(), 1.05, random).size ? 1 : 0;
    }
    CHECK(sizes <= 0.01 * 2 * seeds);
    const SizeVerdict none = block_size({}, Together::slower, 1.3);
    CHECK_FALSE(none.size.has_value());
    CHECK_FALSE(none.reason.empty());
}

TEST_CASE("unit.cache_line.pairs of loads as two real devices answer them") {
    const auto size_of = [](std::vector<double> times) {
        std::vector<AddressPair> pairs;
        for (std::size_t i = 0; i < times.size(); ++i)
            pairs.push_back({0, std::ldexp(4.0, static_cast<int>(i)), times[i], 0});
        return block_size(pairs, Together::faster, 1.05).size;
    };
    CHECK(size_of({158, 161, 164, 291, 288, 291, 292, 292}) == 32.0);
    CHECK(size_of({359, 362, 365, 357, 554, 548, 550, 550}) == 64.0);
    CHECK(size_of({274, 279, 265, 276, 369, 400, 454, 418}) == 64.0);
}
