#include <clprobe/catch2.hpp>
#include <clprobe/error.hpp>
#include <clprobe/sampling.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

namespace {

const std::string sampled_source = R"(
kernel void chain(global uint *out, uint factor, uint trips) {
    uint x = (uint)get_global_id(0);
    for (uint i = 0; i < trips; ++i)
        x = (x ^ (x >> 7)) * factor + 1u;
    out[get_global_id(0)] = x;
}
)";
constexpr std::uint32_t factor = 0x9e3779b1u;

/// A host program's own kernel, with its own check.
struct OwnKernel {
    explicit OwnKernel(const Device &device)
        : context(device), out(context.buffer(64 * sizeof(std::uint32_t))),
          work{context.build({"own", sampled_source, sha256(sampled_source)}, "").kernel("chain"),
               NdRange::linear(1, 64), 2, [this] { context.fill(out, 0); },
               [this](std::uint32_t trips) { verify(trips); }} {
        work.kernel.set(0, out);
        work.kernel.set(1, factor);
    }

    void verify(std::uint32_t trips) {
        ++verified;
        std::uint32_t x = 5;
        for (std::uint32_t i = 0; i < trips; ++i)
            x = (x ^ (x >> 7)) * factor + 1u;
        if (context.read<std::uint32_t>(out, 5, 1).front() != x)
            throw VerificationError("work-item 5 is wrong");
    }

    Context context;
    Buffer out;
    Work work;
    int verified = 0;
};

} // namespace

CLPROBE_DEVICE_TEST("device.sampling.a host program's kernel is timed by its slope")
(const Device &device) {
    OwnKernel own(device);
    MeasureOptions options;
    options.stopping.seconds = 0.3;
    const Samples samples = measure(own.context, own.work, options);
    REQUIRE(samples.slope);
    CHECK(samples.slope->seconds_per_trip > 0);
    CHECK(samples.slope->interval.contains(samples.slope->seconds_per_trip));
    CHECK((samples.clock.source == "events" || samples.clock.source == "host"));
    CHECK_FALSE(samples.clock.reason.empty());
    REQUIRE(samples.launch.median);
    CHECK(*samples.launch.median > 0);
    CHECK(own.verified > 12);
}

CLPROBE_DEVICE_TEST("device.sampling.a kernel without a trip count is timed a launch")
(const Device &device) {
    OwnKernel own(device);
    own.work.trips_argument.reset();
    own.work.kernel.set(2, std::uint32_t{1000});
    own.work.verify = {};
    MeasureOptions options;
    options.stopping.seconds = 0.2;
    const Samples samples = measure(own.context, own.work, options);
    CHECK_FALSE(samples.slope);
    CHECK(samples.launch.n >= 6);
}

CLPROBE_DEVICE_TEST("device.sampling.a wrong result is never timed")(const Device &device) {
    OwnKernel own(device);
    own.work.kernel.set(1, factor + 2);
    CHECK_THROWS_AS(measure(own.context, own.work), VerificationError);
}
