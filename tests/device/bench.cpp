#include "measure/clock.hpp"

#include <clprobe/catch2.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <memory>
#include <random>
#include <string>

using namespace clprobe;

namespace {

struct Spent {
    double wall = 0;
    double build = 0;
    double budget = 0; ///< how much less of it was left
};

Spent spent_on_a_build(const Device &device, double budget) {
    const Registry registry = builtin_probes();
    const Context context(device);
    const std::unique_ptr<Clock> clock = host_clock(context);
    Bench bench(context, *clock, registry, {device.info(), {}},
                {Profile::quick, budget, 1, {}, {}, {}});
    const auto begin = std::chrono::steady_clock::now();
    const double before = bench.remaining();
    // A number that no driver has cached.
    (void)bench.build("memory/tlb", "-DNEVER_SEEN=" + std::to_string(std::random_device()()));
    const double left = before - bench.remaining();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    return {wall.count(), bench.elapsed().build, left};
}

} // namespace

CLPROBE_DEVICE_TEST("device.bench.builds take no time from the probe until they took as much again")
(const Device &device) {
    const Spent within = spent_on_a_build(device, 1e4);
    CHECK(within.build > 0);
    CHECK(within.budget <= within.wall - within.build + 1e-9);

    constexpr double budget = 1e-6;
    const Spent beyond = spent_on_a_build(device, budget);
    CHECK(beyond.build > budget);
    CHECK(beyond.budget >= beyond.build - 1.001 * budget);
}
