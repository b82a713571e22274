#include "io_sample.hpp"

#include <limits>

namespace clprobe {
namespace {

DeviceInfo sample_device() {
    DeviceInfo info;
    info.slug = "gpu0-sample";
    info.name = "Sample \"GPU\" \u00b5";
    info.vendor = "Vendor";
    info.platform = "Platform";
    info.platform_version = "OpenCL 3.0";
    info.version = "OpenCL 3.0 sample";
    info.c_version = "OpenCL C 1.2";
    info.driver_version = "1.2.3";
    info.uuid = "8ebb71a3-6ad8-83c1-28a5-05f1e8bd3c17";
    info.type = DeviceType::gpu;
    info.fp64 = info.fp16 = info.images = info.profiling_advertised = true;
    info.local_memory_dedicated = info.unified_memory = true;
    info.compute_units = 8;
    info.max_clock_mhz = 1;
    info.max_work_group_size = 1024;
    info.max_work_item_sizes = {1024, 1024, 64};
    info.global_memory = std::numeric_limits<std::uint64_t>::max();
    info.max_allocation = 1ULL << 40;
    info.local_memory = 65536;
    info.cache_size = 0;
    info.cache_line = 64;
    info.address_bits = 64;
    info.image2d_max_width = 16384;
    info.image2d_max_height = 16384;
    info.timer_resolution_ns = 52;
    info.native_float_width = 4;
    info.extensions = {"cl_khr_fp16", "cl_khr_fp64"};
    return info;
}

Finding rate() {
    Finding finding = measured({"fma.fp32.rate", Unit::flop_per_second, Better::higher, ""},
                               66.41e12, {66.35e12, 66.47e12});
    finding.method = "fma, float4, 8 chains, local size 256";
    finding.evidence = {"race", "final"};
    return finding;
}

Finding line() {
    return measured({"cache.line_size", Unit::byte, Better::none, ""}, 64, {64, 64});
}

Dataset sample_data() {
    using Limits = std::numeric_limits<double>;
    Dataset data;
    data.number_attributes = {{"lanes", 4096}, {"tenth", 0.1}, {"minus_zero", -0.0}};
    data.text_attributes = {{"model", "fused"}, {"empty", ""}, {"odd, \"word\"", "a\nb"}};
    Series &race =
        data.add("race", {{"form", Unit::one, {"fma", "a*b+c, fused"}}, {"trips", Unit::one, {}}},
                 {"time", Unit::second, {}});
    race.point({0, 1024}) = {{0, 1024}, {1.0 / 3, 1e-9, 5e-30}, {0, 0, 1}};
    race.point({1, 2048}) = {{1, 2048}, {1e30, 1e-30, -Limits::epsilon()}, {}};
    race.point({1, 4096});
    data.add("single", {}, {"size", Unit::byte, {}}).point({}).samples = {64, 64.5};
    data.add("nothing", {{"size", Unit::byte, {}}}, {"rate", Unit::byte_per_second, {}});
    return data;
}

ProbeRecord measured_probe() {
    ProbeRecord record;
    record.probe = "compute/fma_rate";
    record.status = Status::measured;
    record.profile = "standard";
    record.clock = {"events", "event_timer.resolution is 1 us or less", 1e-6, 1.0};
    record.elapsed = {5, 0.25, 0.75, 3, 0.5};
    record.load = {0.01, 0.0, 0.02};
    record.builds = {{"compute/fma_rate", std::string(64, 'a'), "-DWIDTH=4", 0.25, ""},
                     {"compute/fma_rate", std::string(64, 'a'), "-DWIDTH=16", 0.5, "no memory"}};
    record.facts = {line()};
    record.data = sample_data();
    record.findings = {rate(), rate()};
    record.findings[1].key = "fma.fp64.rate";
    make_suspect(record.findings[1], "the time does not grow linearly");
    return record;
}

ProbeRecord probe_without_value(const char *name, Status status, const char *reason) {
    ProbeRecord record;
    record.probe = name;
    record.status = status;
    record.reason = reason;
    record.profile = "quick";
    record.prerequisite = true;
    record.findings = {without_value({"warp.width", Unit::one, Better::none, ""}, status, reason)};
    return record;
}

} // namespace

Report sample_report() {
    Report report;
    report.tool_version = "0.1.0";
    report.command_line = {"clprobe", "run", "--json", "a b.json"};
    report.seed = std::numeric_limits<std::uint64_t>::max();
    report.profile = "standard";
    report.started = "2026-11-22T07:30:00Z";
    report.complete = true;
    report.host = {"Linux 6.1.0 x86_64", "Sample CPU", 2, {{"POCL_AFFINITY", "1"}}};
    report.devices = {{sample_device(), {measured_probe()}}, {DeviceInfo{}, {}}};
    for (const auto &[name, status] :
         {std::pair{"execution/occupancy", Status::inconclusive},
          std::pair{"memory/tlb", Status::unsupported}, std::pair{"host/build", Status::failed}})
        report.devices[0].probes.push_back(probe_without_value(name, status, "because"));
    report.devices[1].device.slug = "cpu0-bare";
    report.devices[1].device.type = DeviceType::cpu;
    return report;
}

} // namespace clprobe
