#include "analysis/quantile_interval.hpp"
#include "synthetic.hpp"

#include <clprobe/statistics.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <stdexcept>
#include <vector>

using namespace clprobe;

namespace {

/// 1, 2 and so on up to n: the k-th smallest is k.
std::vector<double> numbers_to(int n) {
    std::vector<double> samples;
    for (int i = n; i >= 1; --i)
        samples.push_back(i);
    return samples;
}

} // namespace

TEST_CASE("unit.quantile_interval.has_the_ranks_of_the_tables") {
    // Hahn and Meeker, Statistical Intervals, example 5.2: of 100 samples the median lies between
    // the 40th and the 61st.
    CHECK(quantile_interval(numbers_to(100), 0.5) == Interval{40, 61});
    // Binomial of 1000 and 0.99: P(B <= 982) = 0.0138, P(B <= 983) = 0.0264; P(B <= 995) = 0.9713,
    // P(B <= 996) = 0.9897.
    CHECK(quantile_interval(numbers_to(1000), 0.99) == Interval{983, 997});
}

TEST_CASE("unit.quantile_interval.too_few_samples_have_none") {
    CHECK_FALSE(quantile_interval({}, 0.5));
    CHECK_FALSE(quantile_interval(numbers_to(5), 0.5));
    CHECK(quantile_interval(numbers_to(6), 0.5) == Interval{1, 6});
    CHECK_FALSE(
        quantile_interval(numbers_to(300), 0.99)); // 0.99^300 is 0.049: the largest may be below
    CHECK(quantile_interval(numbers_to(400), 0.99));
    CHECK_FALSE(quantile_interval(numbers_to(300), 0.01));
    CHECK_THROWS_AS(quantile_interval(numbers_to(9), 0.0), std::invalid_argument);
    CHECK_THROWS_AS(quantile_interval(numbers_to(9), 1.0), std::invalid_argument);
    CHECK_THROWS_AS(quantile_interval(numbers_to(9), 0.5, 1.0), std::invalid_argument);
}

TEST_CASE("unit.quantile_interval.covers_what_it_says") {
    constexpr int runs = 1000;
    for (const double q : {0.5, 0.9, 0.99}) {
        const double truth = -std::log(1 - q); // of an exponential of mean 1
        int covered = 0;
        for (int run = 0; run < runs; ++run) {
            Random random(static_cast<std::uint64_t>(run));
            std::vector<double> samples(1000);
            for (double &sample : samples)
                sample = random.exponential();
            covered += quantile_interval(samples, q)->contains(truth) ? 1 : 0;
        }
        CAPTURE(q, covered);
        CHECK(covered >= 0.935 * runs);
        CHECK(covered <= 0.98 * runs);
    }
}
