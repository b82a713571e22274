#include "opencl/kernel_text.hpp"
#include "support/fake_probe.hpp"

#include <clprobe/catch2.hpp>
#include <clprobe/error.hpp>
#include <clprobe/session.hpp>

#include <catch2/catch_test_macros.hpp>

using namespace clprobe;

CLPROBE_DEVICE_TEST("device.session.survives any probe that fails")(const Device &device) {
    Registry registry;
    const std::string broken = "kernel void k() { nonsense; }";
    registry.add(KernelText{"fake/broken", broken, sha256(broken)});
    const auto add = [&](const char *name, std::function<void(Bench &)> experiment) {
        registry.add(
            std::make_unique<FakeProbe>(name, std::vector<std::string>{}, std::move(experiment)));
    };
    add("a/wrong", [](Bench &bench) {
        bench.data().number_attributes["fake.rate"] = 1;
        throw VerificationError("work-item 3 is wrong");
    });
    add("b/uncompiled", [](Bench &bench) { static_cast<void>(bench.build("fake/broken", "")); });
    add("c/greedy", [](Bench &bench) { static_cast<void>(bench.buffer(bench.most_bytes() + 1)); });
    add("d/throws", [](Bench &) { throw 42; });
    add("e/good", [](Bench &bench) {
        bench.data().number_attributes = {{"fake.rate", 1}, {"fake.size", 2}};
    });

    add("f/large_image", [](Bench &bench) {
        static_cast<void>(bench.image({{CL_RGBA, CL_FLOAT}, bench.most_bytes(), 1}));
    });

    Observer silent;
    const Report report = run(registry, {}, std::span(&device, 1), {}, silent);
    const auto &probes = report.devices.at(0).probes;
    REQUIRE(probes.size() == 6);
    CHECK(probes[0].status == Status::failed);
    CHECK_FALSE(probes[0].findings[0].value);
    CHECK(probes[1].status == Status::failed);
    CHECK(probes[1].reason.find("fake/broken") != std::string::npos);
    REQUIRE(probes[1].builds.size() == 1);
    CHECK_FALSE(probes[1].builds[0].error.empty());
    CHECK(probes[2].status == Status::unsupported);
    CHECK(probes[3].status == Status::failed);
    CHECK(probes[4].findings[1].status == Status::measured);
    CHECK(probes[5].status == Status::unsupported);
    CHECK(report.complete);
}

CLPROBE_DEVICE_TEST("device.bench.keeps launches bounded and time accounted for")
(const Device &device) {
    Registry registry;
    const std::string source = "kernel void spin(global uint *out, uint trips) {"
                               " uint x = 1; for (uint i = 0; i < trips; ++i) x = x * 5u + out[1];"
                               " out[0] = x; }";
    registry.add(KernelText{"fake/spin", source, sha256(source)});
    double longest = 0;
    registry.add(
        std::make_unique<FakeProbe>("a/spin", std::vector<std::string>{}, [&](Bench &bench) {
            const Buffer out = bench.buffer(64);
            const BoundLaunch spin{
                bench.kernel("fake/spin", "spin", ""), NdRange::linear(1, 1), {out, trip_count}};
            Series &series =
                bench.data().add("spin", {{"trips", Unit::one, {}}}, {"time", Unit::second, {}});
            std::vector<Candidate> candidates = {{spin, &series, {}, 0}};
            static_cast<void>(bench.sample(candidates, {.seconds = 0.2}));
            for (const Point &point : series.points)
                for (const double sample : point.samples)
                    longest = std::max(longest, sample);
            CHECK(slope_at(series, {}));
        }));
    Observer silent;
    const Report report = run(registry, {}, std::span(&device, 1), {}, silent);
    const ProbeRecord &record = report.devices.at(0).probes.at(0);
    INFO(record.reason);
    CHECK(longest > 0);
    CHECK(record.elapsed.launch > 0);
    CHECK(record.elapsed.harness() >= 0);
    CHECK(record.elapsed.harness() < record.elapsed.total);
}
