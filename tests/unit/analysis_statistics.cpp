#include <clprobe/statistics.hpp>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
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

TEST_CASE("unit.statistics.median interval takes the order statistics of the binomial") {
    // Published tables, 95 %: n = 6 and 8 lowest to highest, 9 second, 15 fourth, 20 sixth.
    const auto ranks = [](int n) {
        std::vector<double> samples;
        for (int i = n; i >= 1; --i)
            samples.push_back(i);
        return median_interval(samples);
    };
    CHECK_FALSE(ranks(5).has_value());
    CHECK(ranks(6) == Interval{1, 6});
    CHECK(ranks(8) == Interval{1, 8});
    CHECK(ranks(9) == Interval{2, 8});
    CHECK(ranks(15) == Interval{4, 12});
    CHECK(ranks(20) == Interval{6, 15});
    CHECK(ranks(100) == Interval{40, 61});
    const auto many = ranks(5000);
    REQUIRE(many.has_value());
    CHECK(many->low == Approx(2431).margin(2));
    CHECK(many->high == Approx(2570).margin(2));
}

TEST_CASE("unit.statistics.median interval widens with the confidence") {
    const std::vector<double> samples{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    CHECK(median_interval(samples, 0.5) == Interval{4, 7});
    CHECK(median_interval(samples, 0.95) == Interval{2, 9});
    CHECK_FALSE(median_interval(samples, 0.999).has_value());
    CHECK_THROWS_AS(median_interval(samples, 1), std::invalid_argument);
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
