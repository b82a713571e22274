#include "analysis/log_curve.hpp"
#include "cache_line_truth.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cmath>

using namespace clprobe;

NoisyTruth noisy_truth(Random &random) {
    NoisyTruth truth;
    truth.noise = random.uniform(0, 0.1);
    truth.samples = random.chance(0.5) ? 1 : 5;
    truth.outliers = random.chance(0.5);
    truth.missing = random.chance(0.5);
    return truth;
}

std::vector<NoisyPlace> noisy_places(const NoisyTruth &truth,
                                     const std::vector<std::vector<double>> &at, const Law &law,
                                     Random &random) {
    std::vector<NoisyPlace> places;
    const double noise = truth.noise / median_deviation(static_cast<std::size_t>(truth.samples));
    for (const std::vector<double> &place : at) {
        if (truth.missing && random.chance(0.1))
            continue;
        std::vector<TripTime> samples;
        for (int i = 0; i < truth.samples; ++i) {
            double sample = law(place) * std::exp(noise * random.normal());
            if (truth.outliers && random.chance(0.05))
                sample *= random.uniform(1, 3);
            samples.push_back({1, sample, 0});
        }
        places.push_back({place, level_estimate(samples)});
    }
    std::ranges::sort(places, {}, &NoisyPlace::at);
    return places;
}

std::vector<Estimate> curve_of(const std::vector<NoisyPlace> &places) {
    std::vector<Estimate> curve;
    for (const auto &[at, estimate] : places) {
        curve.push_back(estimate);
        curve.back().x = at.front();
    }
    return curve;
}

bool is_clear(const NoisyTruth &truth, const std::vector<NoisyPlace> &places, const Law &law,
              const std::vector<Law> &others, int enough) {
    return std::all_of(others.begin(), others.end(), [&](const Law &other) {
        const auto telling =
            std::count_if(places.begin(), places.end(), [&](const NoisyPlace &place) {
                return std::abs(std::log(law(place.at) / other(place.at))) > 3 * truth.noise;
            });
        return telling >= enough;
    });
}

void Score::add(const SizeVerdict &verdict, double truth, bool clear) {
    const bool right = verdict.size && verdict.sizes.contains(truth);
    ++all_;
    wrong_ += verdict.size && !right ? 1 : 0;
    clear_ += clear ? 1 : 0;
    right_ += clear && right ? 1 : 0;
    alone_ += clear && right && verdict.sizes.low == verdict.sizes.high ? 1 : 0;
}

void Score::check(double least_right, double least_alone) const {
    INFO(clear_ << " of " << all_ << " clear, " << 100.0 * right_ / clear_ << " % of them right, "
                << 100.0 * alone_ / clear_ << " % with one size, wrong " << 100.0 * wrong_ / all_
                << " % of all");
    CHECK(clear_ >= 0.5 * all_);
    CHECK(right_ >= least_right * clear_);
    CHECK(alone_ >= least_alone * clear_);
    CHECK(wrong_ <= 0.01 * all_);
}
