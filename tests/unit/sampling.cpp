#include "measure/sampler.hpp"

#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <set>

using namespace clprobe;
using Verdict = Samples::Verdict;

namespace {

/// A device of the test's own: seconds of a launch of so many trips, in the given block.
using Device = std::function<double(double trips, int block)>;

constexpr double overhead = 20e-6;
constexpr double a_trip = 1e-6;

Samples sampled(const Device &device, std::uint32_t trips = 2000, int blocks = 8) {
    std::mt19937_64 random(3);
    std::vector<TripTime> times;
    for (int block = 0; block < blocks; ++block)
        for (const TripTime &time :
             sample_block([&](std::uint32_t n) { return device(n, block); }, trips, block, random))
            times.push_back(time);
    return {times, true, {"host", "a test", {}, {}}, StopReason::settled};
}

/// Between -1 and 1, of the block and the trips.
double noise(double trips, int block) {
    return std::sin(trips * 12.9898 + block * 78.233);
}

void check_doubtful(const Samples &samples, Verdict verdict) {
    INFO(name(samples.verdict()) << ": " << samples.reason());
    CHECK(samples.verdict() == verdict);
    CHECK_FALSE(samples.reason().empty());
    CHECK_THROWS_AS(samples.slope(), Error);
    CHECK_THROWS_AS(samples.launch(), Error);
    CHECK_FALSE(samples.times().empty());
}

} // namespace

TEST_CASE("unit.samples.a line is plain") {
    const Samples samples = sampled([](double trips, int block) {
        return overhead + a_trip * trips * (1 + 0.01 * noise(trips, block));
    });
    INFO(samples.reason());
    REQUIRE(samples.verdict() == Verdict::plain);
    CHECK(samples.reason().empty());
    CHECK(std::abs(samples.slope().seconds_per_trip / a_trip - 1) < 0.02);
    CHECK(samples.launch().n == 8);
}

TEST_CASE("unit.samples.a loop that was removed") {
    check_doubtful(
        sampled([](double trips, int block) { return overhead * (1 + 0.3 * noise(trips, block)); },
                1u << 30),
        Verdict::removed);
    check_doubtful(sampled([](double, int) { return overhead; }, 1u << 30), Verdict::removed);
}

TEST_CASE("unit.samples.time that is not linear in the trips") {
    check_doubtful(sampled([](double trips, int) { return overhead + 1e-9 * trips * trips; }),
                   Verdict::not_linear);
    check_doubtful(sampled([](double trips, int) { return overhead + 1e-4 * std::sqrt(trips); }),
                   Verdict::not_linear);
}

TEST_CASE("unit.samples.noise") {
    check_doubtful(sampled([](double trips, int block) {
                       return overhead + a_trip * trips * (1 + 0.4 * noise(1, block));
                   }),
                   Verdict::noisy);
}

TEST_CASE("unit.samples.launches too short, or too few") {
    check_doubtful(sampled([](double trips, int) { return 1e-3 + 1e-7 * trips; }),
                   Verdict::too_short);
    const auto line = [](double trips, int) { return overhead + a_trip * trips; };
    check_doubtful(sampled(line, 1), Verdict::too_short);
    check_doubtful(sampled(line, 2000, 1), Verdict::too_short);
    check_doubtful(Samples({{1, 1e-3, 0}, {1, 1e-3, 1}}, false, {}, StopReason::time_up),
                   Verdict::too_short);
}

TEST_CASE("unit.samples.a kernel without trips is judged by its launches") {
    std::vector<TripTime> times;
    for (int i = 0; i < 12; ++i)
        times.push_back({1, 1e-3, i});
    const Samples samples(times, false, {}, StopReason::precise);
    REQUIRE(samples.verdict() == Verdict::plain);
    CHECK(samples.launch().median == 1e-3);
    CHECK_THROWS_AS(samples.slope(), Error);
    for (TripTime &time : times)
        time.seconds *= 1 + 0.9 * std::sin(time.block);
    check_doubtful(Samples(times, false, {}, StopReason::precise), Verdict::noisy);
}

TEST_CASE("unit.sampler.trip counts come in random order") {
    std::mt19937_64 random(1);
    std::set<double> first;
    for (int block = 0; block < 20; ++block) {
        const auto times = sample_block([](std::uint32_t n) { return n; }, 8, block, random);
        REQUIRE(times.size() == 3);
        CHECK(times[0].trips + times[1].trips + times[2].trips == 8 + 4 + 2);
        CHECK(times[0].block == block);
        first.insert(times[0].trips);
    }
    CHECK(first == std::set<double>{2, 4, 8});
    CHECK(sample_block([](std::uint32_t n) { return n; }, 1, 0, random).size() == 1);
}

TEST_CASE("unit.sampler.warms up until times agree, or as long as there is time") {
    double time = 16;
    int launches = 0;
    const auto ramping = [&](std::uint32_t) {
        ++launches;
        return time = std::max(1.0, time / 2);
    };
    warm_up(ramping, 1, [] { return true; });
    CHECK(launches == 4 + 3);
    launches = 0;
    const auto restless = [&](std::uint32_t) { return ++launches % 2 + 1; };
    warm_up(restless, 1, [&] { return launches < 10; });
    CHECK(launches == 10);
}

TEST_CASE("unit.sampler.takes blocks in turn until all are precise") {
    std::string order;
    const auto series = [&](char name, std::size_t precise_after) {
        auto taken = std::make_shared<std::size_t>(0);
        return Sampled{[&order, name, taken](int) { ++*taken, order += name; },
                       [taken, precise_after] {
                           return std::optional(
                               *taken < precise_after ? 1.0 / static_cast<double>(*taken) : 0.001);
                       }};
    };
    const std::vector<Sampled> all{series('a', 2), series('b', 4)};
    const StoppingRule rule{.relative_half_width = 0.01, .seconds = 10, .least = 2};
    CHECK(take_blocks(all, rule, [] { return 0.0; }) == StopReason::precise);
    CHECK(order == "abababab");
    double clock = 0;
    CHECK(take_blocks(std::vector{series('c', 1000)}, rule, [&] { return clock += 3; }) ==
          StopReason::time_up);
}
