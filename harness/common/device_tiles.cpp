#include "common/device_tiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

namespace clprobe::workloads {
namespace {

std::string finding_of_level(unsigned level, const char *what) {
    return fmt::format("buffer.l{}.{}", level, what);
}

} // namespace

bool on_cpu(const Facts &facts) {
    return facts.device && facts.device->type == DeviceType::cpu;
}

unsigned native_width(const Facts &facts) {
    constexpr unsigned widest = 16;
    const auto claimed =
        facts.device ? facts.device->native_float_width.value_or(4) : std::uint64_t{4};
    const auto width =
        static_cast<unsigned>(std::bit_floor(std::min<std::uint64_t>(claimed, widest)));
    return on_cpu(facts) ? std::max(width, 4u) : 4;
}

unsigned group_side(const Facts &facts) {
    if (on_cpu(facts))
        return 1;
    std::uint64_t most = 64;
    if (facts.device && facts.device->max_work_group_size)
        most = std::min(most, *facts.device->max_work_group_size);
    if (facts.device && facts.device->max_work_item_sizes)
        most = std::min(most, facts.device->max_work_item_sizes->front());
    unsigned side = 8;
    while (side > 1 && side * side > most)
        side /= 2;
    return side;
}

bool fits_registers(const Tile &tile, const Facts &facts) {
    const unsigned vectors = tile.rows * tile.vectors + tile.vectors + 1;
    // What no probe finds of CPUs. None with vectors has fewer than 16 registers for them.
    if (on_cpu(facts))
        return vectors <= 16;
    const auto limit = facts.value("registers.full_occupancy_limit");
    return vectors * tile.width <= limit.value_or(64);
}

std::optional<double> predicted_seconds(const PredictedWork &work, const Facts &facts) {
    const auto rate = facts.value("fma.fp32.rate");
    if (!rate || *rate <= 0)
        return std::nullopt;
    const std::size_t work_groups = work.range.work_items() / work.range.group_size();
    const auto groups = static_cast<double>(work_groups);
    const double units = std::max(1.0, facts.value("compute_units").value_or(1));
    // The last groups leave units idle.
    const double rounds = std::ceil(groups / units) * units / groups;
    double slowest = work.flops / *rate * rounds;
    const auto bound = [&](std::optional<double> bandwidth, double bytes) {
        if (bandwidth && *bandwidth > 0)
            slowest = std::max(slowest, bytes / *bandwidth);
    };
    bound(facts.value("buffer.l1.read_bandwidth"), work.loaded);
    const auto near = facts.value("buffer.l2.latency");
    const auto latency = near ? near : facts.value("buffer.memory.latency");
    if (latency && !on_cpu(facts)) {
        const auto items = static_cast<double>(work.range.work_items());
        const double at_once = units * facts.value("occupancy.max_threads_per_cu").value_or(1e9);
        slowest = std::max(slowest, std::ceil(items / at_once) * work.waits * *latency);
    }
    for (unsigned level = 1; const auto size = facts.value(finding_of_level(level, "read_size"));
         ++level) {
        const auto next = facts.value(finding_of_level(level + 1, "read_bandwidth"));
        bound(next ? next : facts.value("buffer.memory.read_bandwidth"), work.bytes_beyond(*size));
    }
    return slowest;
}

} // namespace clprobe::workloads
