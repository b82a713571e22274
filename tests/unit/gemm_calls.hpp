#pragma once
#include "interpreted.hpp"
#include "workloads/gemm/gemm.hpp"

#include <cstdint>
#include <initializer_list>
#include <utility>

// Devices and calls that the tests of products share.
namespace clprobe::probes::gemm {

inline constexpr GemmShape large{1024, 1024, 1024};

inline Facts cpu(std::uint64_t width = 16) {
    Facts facts;
    facts.device.emplace();
    facts.device->type = DeviceType::cpu;
    facts.device->native_float_width = width;
    return facts;
}

inline void add(Facts &facts, const char *key, double value) {
    facts.findings.push_back(measured({key, Unit::one, Better::none, ""}, value, {value, value}));
}

/// A GPU with local memory of its own; the values are of none.
inline Facts gpu() {
    Facts facts;
    facts.device.emplace();
    facts.device->type = DeviceType::gpu;
    facts.device->max_work_group_size = 1024;
    facts.device->local_memory = 49152;
    for (const auto &[key, value] : std::initializer_list<std::pair<const char *, double>>{
             {"local.own_memory", 1},
             {"fma.fp32.rate", 64e12},
             {"compute_units", 128},
             {"registers.spill_limit", 255},
             {"registers.full_occupancy_limit", 32},
             {"buffer.l1.read_bandwidth", 32e12}})
        add(facts, key, value);
    return facts;
}

/// Calls that take so long, a tenth of it for each packing, off by up to a hundredth.
inline Dataset calls(const GemmShape &shape, const GemmPlan &plan, double seconds) {
    Dataset data;
    data.number_attributes[entry::verified] = 5;
    Series &series = data.add(series::call, axes<StageRow>(), {"time", Unit::second, {}});
    for (int block = 0; block < 5; ++block)
        for (const Stage stage : stages_of(shape, plan)) {
            Point &point = series.point(coordinates(StageRow{shape, plan, stage}));
            const double others = static_cast<double>(stages_of(shape, plan).size() - 1);
            const double share = stage == Stage::multiply ? 1 - 0.1 * others : 0.1;
            point.samples.push_back(share * seconds * (1 + 0.005 * (block - 2)));
            point.block.push_back(block);
        }
    return data;
}

} // namespace clprobe::probes::gemm
