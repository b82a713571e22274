#include "synthetic.hpp"

#include <clprobe/statistics.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace clprobe;
using Catch::Approx;

TEST_CASE("unit.statistics.median of an odd number of samples is the one in the middle") {
    CHECK(median(std::vector{3.0, 1.0, 2.0}) == 2);
    CHECK(median(std::vector{7.0}) == 7);
}

TEST_CASE(
    "unit.statistics.median of an even number of samples is the mean of the two in the middle") {
    CHECK(median(std::vector{4.0, 1.0, 3.0, 2.0}) == 2.5);
    CHECK(median(std::vector{1.0, 9.0}) == 5);
}

TEST_CASE("unit.statistics.no samples have no median, quantile or deviation") {
    const std::vector<double> none;
    CHECK_THROWS_AS(median(none), std::invalid_argument);
    CHECK_THROWS_AS(quantile(none, 0.5), std::invalid_argument);
    CHECK_THROWS_AS(robust_deviation(none), std::invalid_argument);
    CHECK_FALSE(median_interval(none).has_value());
    CHECK(summarize(none) == Summary{});
}

TEST_CASE("unit.statistics.quantile interpolates between order statistics") {
    const std::vector samples{40.0, 10.0, 30.0, 20.0};
    CHECK(quantile(samples, 0) == 10);
    CHECK(quantile(samples, 1) == 40);
    CHECK(quantile(samples, 0.5) == 25);
    CHECK(quantile(samples, 0.25) == Approx(17.5));
    CHECK_THROWS_AS(quantile(samples, 1.1), std::invalid_argument);
    CHECK_THROWS_AS(quantile(samples, -0.1), std::invalid_argument);
}

TEST_CASE("unit.statistics.robust deviation does not see a few outliers") {
    CHECK(robust_deviation(std::vector{1.0, 2.0, 3.0, 4.0, 1000.0}) == Approx(1.4826));
    CHECK(robust_deviation(std::vector{5.0, 5.0, 5.0}) == 0);
}

namespace {

std::optional<Interval> of_ranks(int n, double confidence) {
    std::vector<double> ranks;
    for (int i = n; i >= 1; --i)
        ranks.push_back(i);
    return median_interval(ranks, confidence);
}

} // namespace

TEST_CASE("unit.statistics.median interval ends on order statistics where they cover just enough") {
    // Exact coverage of the interval from the k-th lowest to the k-th highest, by hand:
    // 1 - 2 (1 + n + ...) / 2^n.
    const auto n6 = of_ranks(6, 1 - 2.0 / 64);
    REQUIRE(n6.has_value());
    CHECK(n6->low == Approx(1));
    CHECK(n6->high == Approx(6));
    const auto n10 = of_ranks(10, 1 - 2 * (1.0 + 10.0) / 1024);
    REQUIRE(n10.has_value());
    CHECK(n10->low == Approx(2));
    CHECK(n10->high == Approx(9));
}

TEST_CASE("unit.statistics.median interval interpolates between order statistics") {
    // Published ranks, 95 % at least: n = 8 first, 15 fourth, 20 sixth; one further in covers less.
    for (const auto &[n, rank] : {std::pair{8, 1}, {15, 4}, {20, 6}, {100, 40}}) {
        const auto interval = of_ranks(n, 0.95);
        REQUIRE(interval.has_value());
        CHECK(interval->low >= rank);
        CHECK(interval->low < rank + 1);
        CHECK(interval->low + interval->high == Approx(n + 1));
    }
    const auto many = of_ranks(5000, 0.95);
    REQUIRE(many.has_value());
    CHECK(many->half_width() == Approx(1.96 * std::sqrt(5000) / 2).epsilon(0.02));
}

TEST_CASE("unit.statistics.median interval is absent where n is too small for the confidence") {
    CHECK_FALSE(of_ranks(5, 0.95).has_value());
    CHECK(of_ranks(6, 0.95).has_value());
    CHECK_FALSE(of_ranks(10, 0.999).has_value());
    CHECK(of_ranks(2, 0.5).has_value());
    CHECK_FALSE(of_ranks(1, 0.5).has_value());
    CHECK_THROWS_AS(of_ranks(9, 1), std::invalid_argument);
}

TEST_CASE("unit.statistics.median interval covers the median as often as it says") {
    for (const int n : {6, 8, 13, 30}) {
        int covered = 0;
        for (std::uint64_t seed = 0; seed < 2000; ++seed) {
            Random random(seed);
            std::vector<double> samples;
            for (int i = 0; i < n; ++i)
                samples.push_back(random.exponential());
            covered += median_interval(samples)->contains(std::log(2)) ? 1 : 0;
        }
        INFO("n = " << n << ", covered " << covered << " of 2000");
        CHECK(covered >= 1860);
        CHECK(covered <= 1940);
    }
}

TEST_CASE("unit.statistics.repeat interval does not shrink with the number of blocks") {
    CHECK_THROWS_AS(repeat_interval(std::vector<double>{1}), std::invalid_argument);
    const Interval few = repeat_interval(std::vector<double>{1, 2});
    CHECK(few.low < 0);
    CHECK(few.high > 3);
    std::vector<double> many;
    for (int i = 0; i <= 1000; ++i)
        many.push_back(i);
    CHECK(repeat_interval(many).low == Approx(50));
    CHECK(repeat_interval(many).high == Approx(950));
}

TEST_CASE("unit.statistics.what never falls is the closest to the values that does not") {
    CHECK(isotonic_fit(std::vector<double>{}).empty());
    CHECK(isotonic_fit(std::vector{1.0, 2.0, 2.0, 5.0}) == std::vector{1.0, 2.0, 2.0, 5.0});
    CHECK(isotonic_fit(std::vector{3.0, 1.0, 2.0}) == std::vector{2.0, 2.0, 2.0});
    CHECK(isotonic_fit(std::vector{1.0, 4.0, 2.0, 3.0, 9.0}) ==
          std::vector{1.0, 3.0, 3.0, 3.0, 9.0});
}

TEST_CASE("unit.statistics.summary leaves out what so few samples cannot tell") {
    const Summary two = summarize(std::vector{2.0, 1.0});
    CHECK(two.n == 2);
    CHECK(two.median == 1.5);
    CHECK(two.minimum == 1);
    CHECK(two.maximum == 2);
    CHECK_FALSE(two.interval.has_value());
    CHECK_FALSE(two.deviation.has_value());
    CHECK_FALSE(two.low.has_value());
    CHECK_FALSE(two.high.has_value());
}

TEST_CASE("unit.statistics.summary of enough samples is whole") {
    std::vector<double> samples;
    for (int i = 0; i <= 100; ++i)
        samples.push_back(i);
    const Summary summary = summarize(samples);
    CHECK(summary.median == 50);
    CHECK(summary.low == Approx(10));
    CHECK(summary.high == Approx(90));
    CHECK(summary.deviation == Approx(1.4826 * 25));
    REQUIRE(summary.interval.has_value());
    CHECK(summary.interval->contains(50));
}
