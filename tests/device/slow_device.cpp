#include "measure/clock.hpp"

#include <clprobe/catch2.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>

using namespace clprobe;

namespace {

/// Says that every launch took a good part of what one may take, so that a probe shrinks its work
/// to sizes that no fast device sees.
class SlowClock final : public Clock {
public:
    double time(const std::function<Event()> &enqueue) override {
        enqueue().wait();
        return 13e-3;
    }
};

} // namespace

CLPROBE_DEVICE_TEST("device.slow_device.arrays of odd sizes are covered to the last word")
(const Device &device) {
    const Registry registry = builtin_probes();
    const Context context(device);
    SlowClock clock;
    for (const double units : {2.0, 3.0}) {
        const FindingKey key{"compute_units", Unit::one, Better::none, {}};
        const Facts facts{device.info(), {measured(key, units, {units, units})}};
        const Probe &probe = *registry.find("memory/buffer_bandwidth");
        Bench bench(context, clock, registry, facts,
                    {Profile::quick, 1, 1, {}, {}, probe.info().series});
        // Throws where a sum is not that of the words that a launch should read.
        probe.measure(bench);
        CHECK(bench.data().find("stream") != nullptr);
        const std::vector<KernelVariant> inspected = probe.kernels(device.info());
        for (const BuildRecord &build : bench.builds()) {
            INFO(build.options << " is built, but not inspected");
            CHECK(std::ranges::any_of(inspected, [&](const KernelVariant &variant) {
                return variant.text == build.kernel && variant.options == build.options;
            }));
        }
    }
}
