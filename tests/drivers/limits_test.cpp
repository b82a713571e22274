// Each limit that a driver answers, as small as it may be: every probe keeps to it.

#include "on_stub.hpp"
#include "program.hpp"

#include <clprobe/context.hpp>
#include <clprobe/error.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace clprobe;
using namespace clprobe::test;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("limits.each_is_kept_on_the_stub") {
    for (const char *limit :
         {"item_size=1", "item_size=3", "item_size=2,group=256", "group=3", "kernel_group=1",
          "kernel_group=12", "local_bytes=1024", "constant_bytes=1024", "image_size=2048",
          "image_texels=2048", "memory_mib=4", "cpu,item_size=2", "cpu,kernel_group=3"}) {
        const StubRun run = report_on_stub(sound + ",fp16,fp64," + limit);
        for (const ProbeRecord &record : run.report.devices.at(0).probes) {
            CAPTURE(limit, record.probe, record.reason);
            if (record.status == Status::failed) // as the stub's kernels compute nothing
                CHECK_THAT(record.reason, ContainsSubstring("verification"));
            else
                CHECK((!without_values(record) || !record.reason.empty()));
        }
    }
}

TEST_CASE("limits.each_is_kept_where_kernels_run") {
    const Scratch scratch;
    for (const char *limits :
         {"item_size=3,local_bytes=1024", "gpu=1,item_size=2,constant_bytes=1024", "gpu=1,group=3",
          "gpu=1,kernel_group=12,allocation=1048576", "group=1,image_size=2048"}) {
        const std::string json = scratch.file("report.json");
        const Outcome outcome =
            run_program(program({"run", "--profile", "tiny", "--json", json}),
                        {{"OPENCL_LAYERS", CLPROBE_SMALL_LIMITS}, {"CLPROBE_LIMITS", limits}},
                        std::chrono::seconds(200));
        if (outcome.exit_status == 3)
            SKIP("no device");
        INFO(limits << outcome.out << outcome.err);
        const Report report = report_of(json);
        const DeviceInfo &device = report.devices.at(0).device;
        if (device.max_work_item_sizes->at(0) > 3 && device.type == DeviceType::cpu &&
            device.max_work_group_size.value_or(1) > 1)
            SKIP("this OpenCL loader knows no layers");
        for (const ProbeRecord &record : report.devices.at(0).probes) {
            CAPTURE(limits, record.probe, record.reason);
            CHECK(record.status != Status::failed);
            CHECK((!without_values(record) || !record.reason.empty()));
        }
    }
}

TEST_CASE("limits.a_launch_beyond_them_is_refused_with_the_reason") {
    CHECK_THAT(on_stub("item_size=4",
                       [] {
                           const Context context(enumerate().at(0));
                           const Program program = context.build(
                               {"nothing", "kernel void nothing(uint trips) {}", {}}, "");
                           Kernel kernel = program.kernel("nothing");
                           kernel.set(0, cl_uint{1});
                           context.launch(kernel, NdRange::linear(1, 8));
                           return std::string("launched");
                       }),
               ContainsSubstring("groups of 8 x 1 x 1") && ContainsSubstring("at most 4"));
}
