#include "opencl/kernel_text.hpp"

#include <clprobe/catch2.hpp>
#include <clprobe/error.hpp>
#include <clprobe/sampling.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stop_token>

using namespace clprobe;

namespace {

const std::string sampled_source = R"(
kernel void chain(global uint *out, uint factor, uint trips) {
    uint x = (uint)get_global_id(0);
    for (uint i = 0; i < trips; ++i)
        x = (x ^ (x >> 7)) * factor + 1u;
    out[get_global_id(0)] = x;
}
kernel void removed(global uint *out, uint factor, uint trips) {
    uint x = (uint)get_global_id(0);
    for (uint i = 0; i < trips; ++i)
        x = factor + 1u;
    out[get_global_id(0)] = x;
}
kernel void quadratic(global uint *out, uint factor, uint trips) {
    uint x = (uint)get_global_id(0);
    for (uint i = 0; i < trips; ++i)
        for (uint j = 0; j < i; ++j)
            x = (x ^ (x >> 7)) * factor + 1u;
    out[get_global_id(0)] = x;
}
)";
constexpr std::uint32_t factor = 0x9e3779b1u;

/// A host program's own kernel.
struct OwnKernel {
    explicit OwnKernel(const Device &device, const char *kernel = "chain")
        : context(device), out(context.buffer(64 * sizeof(std::uint32_t))),
          launch{context.build({"own", sampled_source, sha256(sampled_source)}, "").kernel(kernel),
                 NdRange::linear(1, 64),
                 {output(out), factor, trip_count}} {}

    Context context;
    Buffer out;
    BoundLaunch launch;
};

std::uint32_t chained(std::size_t item, std::uint32_t trips) {
    auto x = static_cast<std::uint32_t>(item);
    for (std::uint32_t i = 0; i < trips; ++i)
        x = (x ^ (x >> 7)) * factor + 1u;
    return x;
}

MeasureOptions brief() {
    MeasureOptions options;
    options.stopping.seconds = 0.3;
    return options;
}

/// What must come out, or noise, where others keep the machine busy.
bool is(Samples::Verdict expected, const Samples &samples) {
    UNSCOPED_INFO(name(samples.verdict()) << ": " << samples.reason());
    return samples.verdict() == expected || samples.verdict() == Samples::Verdict::noisy;
}

} // namespace

CLPROBE_DEVICE_TEST("device.sampling.a host program's kernel is timed by its slope")
(const Device &device) {
    OwnKernel own(device);
    int checked = 0;
    own.launch.check = [&, words = check_words(64, chained)](const LaunchOutcome &outcome) {
        words(outcome);
        ++checked;
    };
    const Samples samples = measure(own.context, own.launch, brief());
    CHECK(is(Samples::Verdict::plain, samples));
    if (samples.verdict() == Samples::Verdict::plain) {
        CHECK(samples.slope().seconds_per_trip > 0);
        CHECK(samples.slope().interval.contains(samples.slope().seconds_per_trip));
        CHECK(samples.launch().median.value() > 0);
    }
    CHECK((samples.clock().source == "events" || samples.clock().source == "host"));
    CHECK_FALSE(samples.clock().reason.empty());
    CHECK(checked > 12);
}

CLPROBE_DEVICE_TEST("device.sampling.a kernel without a trip count is timed a launch")
(const Device &device) {
    OwnKernel own(device);
    own.launch.set(2, std::uint32_t{1000});
    const Samples samples = measure(own.context, own.launch, brief());
    CHECK(is(Samples::Verdict::plain, samples));
    CHECK(samples.times().size() >= 6);
    CHECK_THROWS_AS(samples.slope(), Error);
}

CLPROBE_DEVICE_TEST("device.sampling.a loop that the compiler removed has no slope")
(const Device &device) {
    OwnKernel own(device, "removed");
    const Samples samples = measure(own.context, own.launch, brief());
    INFO(samples.reason());
    CHECK(samples.verdict() == Samples::Verdict::removed);
    CHECK_THROWS_AS(samples.slope(), Error);
}

CLPROBE_DEVICE_TEST("device.sampling.a loop of quadratic time has no slope")
(const Device &device) {
    OwnKernel own(device, "quadratic");
    const Samples samples = measure(own.context, own.launch, brief());
    CHECK(is(Samples::Verdict::not_linear, samples));
    CHECK_THROWS_AS(samples.slope(), Error);
}

CLPROBE_DEVICE_TEST("device.sampling.a wrong result is never timed")(const Device &device) {
    OwnKernel own(device);
    own.launch.check = check_words(64, chained);
    own.launch.set(1, factor + 2);
    CHECK_THROWS_AS(measure(own.context, own.launch), VerificationError);
}

CLPROBE_DEVICE_TEST("device.sampling.a measurement can be cancelled")(const Device &device) {
    OwnKernel own(device);
    std::stop_source stop;
    int launches = 0;
    own.launch.before = [&] {
        if (++launches == 5)
            stop.request_stop();
    };
    MeasureOptions options = brief();
    options.stop = stop.get_token();
    CHECK_THROWS_AS(measure(own.context, own.launch, options), Cancelled);
    CHECK(launches == 5);
}

CLPROBE_DEVICE_TEST("device.launch.each enqueue has its own arguments and a poisoned output")
(const Device &device) {
    OwnKernel own(device);
    const Buffer other = own.context.buffer(own.out.bytes());
    BoundLaunch second = own.launch;
    second.set(0, output(other, 7)).set(1, std::uint32_t{3});
    second.before = [&] { own.context.fill(other, 9); };
    own.launch.enqueue(own.context, 2).wait();
    second.enqueue(own.context, 1).wait();
    own.launch.enqueue(own.context, 1).wait();
    CHECK(own.context.read<std::uint32_t>(own.out, 5, 1).front() == chained(5, 1));
    CHECK(own.context.read<std::uint32_t>(other, 5, 1).front() == 5 * 3 + 1);
    // A launch that writes nothing leaves the poison.
    second.prepare(own.context, 1);
    CHECK(own.context.read<std::uint32_t>(other, 5, 1).front() == 7);
}

CLPROBE_DEVICE_TEST("device.launch.a value can be made anew for each launch")
(const Device &device) {
    OwnKernel own(device);
    std::uint32_t next = 3;
    own.launch.set(1, [&] { return next; });
    for (; next < 6; next += 2) {
        own.launch.enqueue(own.context, 1).wait();
        CHECK(own.context.read<std::uint32_t>(own.out, 5, 1).front() == 5 * next + 1);
    }
}

CLPROBE_DEVICE_TEST("device.launch.a kernel of the host program's keeps its references")
(const Device &device) {
    OwnKernel own(device);
    const cl_kernel native = own.launch.kernel.native();
    const Kernel adopted(native);
    CHECK(adopted.name() == "chain");
    CHECK(adopted.native() == native);
    CHECK(adopted.max_group_size() == own.launch.kernel.max_group_size());
    { const Kernel again(native); }
    // Were a reference taken over and given back, this would use a kernel that is gone.
    own.launch.enqueue(own.context, 1).wait();
    CHECK(own.context.read<std::uint32_t>(own.out, 5, 1).front() == chained(5, 1));
}
