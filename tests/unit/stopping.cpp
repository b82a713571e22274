#include "measure/sampler.hpp"

#include <clprobe/sampling.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cmath>
#include <random>

using namespace clprobe;

namespace {

struct Stop {
    StopReason reason;
    std::size_t samples;
};

/// Feeds a stream of half-widths, a hundredth of a second apart, until the rule stops it.
template <typename Width>
Stop run(const StoppingRule &rule, Width width) {
    std::size_t n = 0;
    const Sampled stream{[&](int) { ++n; }, [&] { return width(n); }};
    const StopReason reason =
        take_blocks({&stream, 1}, rule, [&] { return 0.01 * static_cast<double>(n); });
    return {reason, n};
}

std::optional<double> shrinking(std::size_t n) {
    return 0.1 / std::sqrt(static_cast<double>(n));
}

} // namespace

TEST_CASE("unit.sampling.stops once the interval is narrow enough") {
    const Stop stop = run({.relative_half_width = 0.02, .seconds = 10}, shrinking);
    CHECK(stop.reason == StopReason::precise);
    CHECK(stop.samples == 25);
}

TEST_CASE("unit.sampling.takes the least samples however narrow the interval") {
    const Stop stop = run({.relative_half_width = 0.5, .seconds = 10, .least = 9}, shrinking);
    CHECK(stop.reason == StopReason::precise);
    CHECK(stop.samples == 9);
}

TEST_CASE("unit.sampling.stops where noise has settled above the target") {
    const Stop stop = run({.relative_half_width = 0.001, .seconds = 10},
                          [](std::size_t) { return std::optional{0.05}; });
    CHECK(stop.reason == StopReason::settled);
    CHECK(stop.samples < 20);
}

TEST_CASE("unit.sampling.a settled stream is not cut while it still narrows") {
    const Stop stop = run({.relative_half_width = 0.0105, .seconds = 10}, shrinking);
    CHECK(stop.samples >= 50);
}

TEST_CASE("unit.sampling.stops when the time is up, saying so") {
    const Stop stop = run({.relative_half_width = 1e-9, .seconds = 0.3, .least = 6, .most = 1000},
                          [](std::size_t) { return std::optional<double>{}; });
    CHECK(stop.reason == StopReason::time_up);
    CHECK(stop.samples == 30);
}

TEST_CASE("unit.sampling.stops at the sample limit") {
    const Stop stop =
        run({.relative_half_width = 1e-9, .seconds = 10, .least = 6, .most = 7}, shrinking);
    CHECK(stop.reason == StopReason::sample_limit);
    CHECK(stop.samples == 7);
}

namespace {

/// A device of the test's own: what a launch of so many trips takes.
struct FakeDevice {
    double launch;
    double trip;
    double exponent = 1;
    double longest = 0;

    double operator()(std::uint32_t trips) {
        const double time = launch + trip * std::pow(trips, exponent);
        longest = std::max(longest, time);
        return time;
    }
};

} // namespace

TEST_CASE("unit.sampling.calibration reaches the target and never passes the limit") {
    const LaunchBounds bounds;
    std::mt19937_64 random(7);
    for (int round = 0; round < 1000; ++round) {
        const auto between = [&](double low, double high) {
            const double u = static_cast<double>(random() >> 11) * 0x1p-53;
            return low * std::pow(high / low, u);
        };
        FakeDevice device{between(1e-6, 1e-3), between(1e-11, 1e-3), between(0.9, 2)};
        const std::uint32_t trips = calibrate([&](std::uint32_t n) { return device(n); }, bounds);
        INFO("launch " << device.launch << " trip " << device.trip << "^" << device.exponent);
        CHECK(device.longest <= bounds.limit * 1.01);
        CHECK(device(trips) >= 0.85 * bounds.target);
    }
}

TEST_CASE("unit.sampling.calibration ends on a device whose time does not grow") {
    int launches = 0;
    const std::uint32_t trips = calibrate(
        [&](std::uint32_t) {
            ++launches;
            return 1e-6;
        },
        LaunchBounds{});
    CHECK(trips == LaunchBounds{}.most_trips);
    CHECK(launches < 20);
}

TEST_CASE("unit.sampling.calibration stays at one trip where that takes long already") {
    CHECK(calibrate([](std::uint32_t n) { return 0.02 * n; }, LaunchBounds{}) == 1);
}

TEST_CASE("unit.sampling.calibration goes on after an interrupted launch") {
    for (int interrupted = 0; interrupted < 12; ++interrupted) {
        int launches = 0;
        const auto device = [&](std::uint32_t trips) {
            return (launches++ == interrupted ? 0.02 : 0) + 1e-6 * trips;
        };
        INFO("launch " << interrupted);
        CHECK(calibrate(device, LaunchBounds{}) > 1000);
    }
}

TEST_CASE("unit.sampling.calibration does not take the first launch's compilation for its time") {
    int launches = 0;
    const auto device = [&](std::uint32_t trips) {
        return (launches++ == 0 ? 0.04 : 0) + 1e-6 * trips;
    };
    CHECK(calibrate(device, LaunchBounds{}) > 1000);
}
