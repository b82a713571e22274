#include "measure/clock.hpp"

#include <clprobe/sampling.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <random>

using namespace clprobe;

namespace {

/// A device with a clock of the test's own: `tick` ns a step, `rate` ticks a host nanosecond.
struct FakeClockDevice {
    double rate = 1;
    std::uint64_t tick = 1;
    std::uint64_t origin = 1'700'000'000'000'000'000; // an epoch's, beyond a double's integers
    double covered = 0.95;

    [[nodiscard]] std::uint64_t timestamp(double host_seconds) const {
        const auto ns = static_cast<std::uint64_t>(host_seconds * 1e9 * rate);
        return origin + ns / tick * tick;
    }

    [[nodiscard]] std::vector<ProfiledLaunch> launches(std::size_t count = 40) const {
        std::mt19937_64 random(3);
        std::vector<ProfiledLaunch> result;
        double now = 1;
        for (std::size_t i = 0; i < count; ++i) {
            const double length = 1e-3 + 1e-12 * static_cast<double>(random() % 1'000'000'000);
            const double start = now + (1 - covered) * length / 2;
            result.push_back(
                {now, now + length,
                 ProfilingTimestamps{timestamp(now + 1e-6), timestamp(now + 2e-6), timestamp(start),
                                     timestamp(start + covered * length)}});
            now += length + 1e-12 * static_cast<double>(random() % 100'000'000);
        }
        return result;
    }
};

ClockChoice choice(const std::vector<ProfiledLaunch> &launches, const std::string &refusal = {}) {
    Facts facts;
    facts.findings = audit(timestamp_series(launches), refusal);
    return choose_clock(facts);
}

} // namespace

TEST_CASE("unit.clock_audit.sound stamps are used, with their true resolution") {
    const std::uint64_t tick = 32;
    const ClockChoice chosen = choice(FakeClockDevice{.tick = tick}.launches());
    CHECK(chosen.source == "events");
    REQUIRE(chosen.resolution);
    CHECK(std::abs(*chosen.resolution - 32e-9) < 1e-15);
    REQUIRE(chosen.ratio);
    CHECK(std::abs(*chosen.ratio - 1) < 1e-4);
}

TEST_CASE("unit.clock_audit.sound stamps are used on a busy host too") {
    auto launches = FakeClockDevice{}.launches(12);
    std::mt19937_64 random(7);
    for (ProfiledLaunch &launch : launches)
        if (random() % 2 == 0) // woken up late
            launch.host_end += 1e-6 * static_cast<double>(random() % 5000);
    const ClockChoice chosen = choice(launches);
    CHECK(chosen.source == "events");
    REQUIRE(chosen.ratio);
    CHECK(std::abs(*chosen.ratio - 1) < 0.005);
}

TEST_CASE("unit.clock_audit.coarse stamps are not, and say nothing of the host's clock") {
    const ClockChoice chosen = choice(FakeClockDevice{.tick = 1000}.launches());
    CHECK(chosen.source == "host");
    CHECK_FALSE(chosen.resolution);
    CHECK_FALSE(chosen.ratio);
    CHECK(chosen.reason.find("1 us") != std::string::npos);
}

TEST_CASE("unit.clock_audit.stamps in another unit are not") {
    CHECK(choice(FakeClockDevice{.rate = 1e-3}.launches()).source == "host");
    CHECK(choice(FakeClockDevice{.rate = 0.024}.launches()).source == "host");
    CHECK(choice(FakeClockDevice{.rate = 1.05}.launches()).source == "host");
}

TEST_CASE("unit.clock_audit.stamps that never move are not") {
    auto launches = FakeClockDevice{}.launches();
    for (ProfiledLaunch &launch : launches)
        launch.timestamps = ProfilingTimestamps{0, 0, 0, 0};
    CHECK(choice(launches).reason.find("never move") != std::string::npos);
    auto half = FakeClockDevice{}.launches(); // QUEUED and SUBMIT are real
    for (ProfiledLaunch &launch : half)
        launch.timestamps->start = launch.timestamps->end = 0;
    CHECK(choice(half).reason.find("never move") != std::string::npos);
}

TEST_CASE("unit.clock_audit.stamps that run backwards are not") {
    auto launches = FakeClockDevice{}.launches();
    std::swap(launches[5].timestamps->start, launches[5].timestamps->end);
    CHECK(choice(launches).reason.find("before its START") != std::string::npos);
    launches = FakeClockDevice{}.launches();
    launches[9].timestamps = launches[2].timestamps;
    CHECK(choice(launches).reason.find("backwards") != std::string::npos);
}

TEST_CASE("unit.clock_audit.stamps that do not cover the work are not") {
    CHECK(choice(FakeClockDevice{.covered = 0.05}.launches()).source == "host");
}

TEST_CASE("unit.clock_audit.without stamps the driver's answer is the reason") {
    auto launches = FakeClockDevice{}.launches();
    for (ProfiledLaunch &launch : launches)
        launch.timestamps.reset();
    const ClockChoice chosen = choice(launches, "a queue with profiling was refused: -35");
    CHECK(chosen.source == "host");
    CHECK(chosen.reason == "a queue with profiling was refused: -35");
    CHECK(choice({}).source == "host");
}
