#include "synthetic.hpp"

#include <clprobe/statistics.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

using namespace clprobe;
using Catch::Approx;

namespace {

template <class Time>
std::vector<TripTime> timed(int blocks, Time &&time) {
    std::vector<TripTime> samples;
    for (int block = 0; block < blocks; ++block)
        for (const double trips : {1000.0, 2000.0, 4000.0})
            samples.push_back({trips, time(trips), block});
    return samples;
}

} // namespace

TEST_CASE("unit.statistics.slope of an exact line is exact") {
    for (const int blocks : {1, 2, 5, 6, 20}) {
        const auto fit = fit_slope(timed(blocks, [](double n) { return 5e-6 + 1e-9 * n; }));
        REQUIRE(fit.has_value());
        CHECK(fit->seconds_per_trip == Approx(1e-9));
        CHECK(fit->overhead == Approx(5e-6));
        REQUIRE(fit->overhead_interval.has_value() == (blocks > 1));
        CHECK((blocks == 1 || fit->overhead_interval->half_width() < 1e-12));
        CHECK(fit->interval.low == Approx(1e-9));
        CHECK(fit->interval.high == Approx(1e-9));
        CHECK(std::abs(fit->nonlinearity.value()) < 1e-9);
        CHECK(fit->blocks == static_cast<std::size_t>(blocks));
    }
}

TEST_CASE("unit.statistics.slope needs two trip counts") {
    CHECK_FALSE(fit_slope({}).has_value());
    CHECK_FALSE(fit_slope(std::vector<TripTime>{{10, 1, 0}, {10, 2, 1}}).has_value());
}

TEST_CASE("unit.statistics.slope of two samples is wholly unsure") {
    const auto fit = fit_slope(std::vector<TripTime>{{10, 1, 0}, {20, 2, 0}});
    REQUIRE(fit.has_value());
    CHECK(fit->seconds_per_trip == Approx(0.1));
    CHECK(fit->interval == Interval{0, 0.2});
    CHECK_FALSE(fit->nonlinearity.has_value());
}

TEST_CASE("unit.statistics.slope uses all samples where no block has two trip counts") {
    const auto fit = fit_slope(std::vector<TripTime>{{10, 1, 0}, {20, 2, 1}, {40, 4, 2}});
    REQUIRE(fit.has_value());
    CHECK(fit->seconds_per_trip == Approx(0.1));
    CHECK(fit->blocks == 1);
}

TEST_CASE("unit.statistics.slope of one block is as unsure as its residuals are large") {
    std::vector<TripTime> samples{{1000, 1.01, 0}, {2000, 1.99, 0}, {4000, 4.02, 0}};
    const auto rough = fit_slope(samples);
    CHECK(rough->interval.contains(1e-3));
    CHECK(rough->interval.half_width() > 1e-5);
    CHECK(rough->nonlinearity.has_value());
    CHECK_FALSE(rough->nonlinearity_interval.has_value());
}

TEST_CASE("unit.statistics.slope of work that was removed shows no growth") {
    Random random(1);
    const auto removed = timed(8, [&](double) { return 1e-4 * (1 + 0.02 * random.normal()); });
    CHECK(fit_slope(removed)->growth < 0.05);
    CHECK(fit_slope(timed(8, [](double) { return 1e-4; }))->growth == 0);
    const auto kept = timed(8, [](double n) { return 1e-6 + 1e-8 * n; });
    CHECK(fit_slope(kept)->growth > 0.9);
}

TEST_CASE("unit.statistics.slope shows time that does not grow linearly") {
    Random random(2);
    const auto noisy = [&](double seconds) { return seconds * (1 + 0.001 * random.normal()); };
    const auto folded = fit_slope(timed(8, [&](double n) { return noisy(1e-6 * std::log2(n)); }));
    REQUIRE(folded->nonlinearity.has_value());
    CHECK(folded->nonlinearity < -0.3);
    CHECK(folded->nonlinearity_interval->high < -0.3);
    const auto slower =
        fit_slope(timed(8, [&](double n) { return noisy(1e-9 * n * (1 + 2e-5 * n)); }));
    CHECK(slower->nonlinearity > 0.005);
    CHECK(slower->nonlinearity_interval->low > 0.005);
    const auto straight = fit_slope(timed(20, [&](double n) { return noisy(1e-9 * n); }));
    CHECK(straight->nonlinearity_interval->contains(0));
    CHECK(std::abs(straight->nonlinearity.value()) < 0.005);
}

TEST_CASE("unit.statistics.slope does not see a few slow launches") {
    auto samples = timed(9, [](double n) { return 1e-9 * n; });
    samples[4].seconds *= 5;
    samples[12].seconds *= 3;
    const auto fit = fit_slope(samples);
    CHECK(fit->seconds_per_trip == Approx(1e-9));
    CHECK(fit->nonlinearity.value() == Approx(0).margin(1e-9));
}

namespace {

/// What a launch of so many seconds is seen to take.
using Noise = double (*)(Random &, double seconds);

double normal_noise(Random &random, double seconds) {
    return seconds * (1 + 0.01 * random.normal());
}
double lognormal_noise(Random &random, double seconds) {
    return seconds * std::exp(0.05 * random.normal());
}
double interruptions(Random &random, double seconds) {
    const double quiet = seconds * (1 + 0.003 * random.normal());
    return random.chance(0.1) ? quiet + 0.3 * seconds * random.exponential() : quiet;
}
double late_ends(Random &random, double seconds) {
    return seconds * (1 + 0.003 * random.normal()) + 0.05 * random.exponential();
}

/// A run of which each trip takes one second, each block at a pace of its own.
SlopeFit run(Random &random, Noise noise, int blocks, double drift) {
    std::vector<TripTime> samples;
    for (int block = 0; block < blocks; ++block) {
        const double pace = 1 + drift * random.normal();
        for (const double trips : {1.0, 2.0, 4.0})
            samples.push_back({trips, noise(random, pace * (0.2 + trips)), block});
    }
    return *fit_slope(samples);
}

bool overlap(const Interval &a, const Interval &b) {
    return a.low <= b.high && b.low <= a.high;
}

} // namespace

TEST_CASE("unit.statistics.slope interval covers the truth and meets that of a second run") {
    constexpr int seeds = 1000;
    for (const Noise noise : {normal_noise, lognormal_noise, interruptions, late_ends}) {
        for (const double drift : {0.0, 0.01}) {
            for (const int blocks : {2, 3, 5, 8, 12, 20}) {
                int covered = 0;
                int met = 0;
                int overheads_met = 0;
                for (std::uint64_t seed = 0; seed < seeds; ++seed) {
                    Random random(seed);
                    const SlopeFit first = run(random, noise, blocks, drift);
                    const SlopeFit second = run(random, noise, blocks, drift);
                    covered += first.interval.contains(1) ? 1 : 0;
                    met += overlap(first.interval, second.interval) ? 1 : 0;
                    overheads_met +=
                        overlap(*first.overhead_interval, *second.overhead_interval) ? 1 : 0;
                }
                INFO("blocks " << blocks << ", drift " << drift << ", covered " << covered
                               << ", met " << met << " of " << seeds);
                CHECK(covered >= 0.93 * seeds);
                CHECK(met >= 0.97 * seeds);
                CHECK(overheads_met >= 0.97 * seeds);
            }
        }
    }
}
