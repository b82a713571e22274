#include "common/device_tiles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

namespace clprobe::workloads {
namespace {

constexpr const char *own_local_memory = "local.own_memory";

std::string finding_of_level(unsigned level, const char *what) {
    return fmt::format("buffer.l{}.{}", level, what);
}

} // namespace

bool on_cpu(const Facts &facts) {
    return facts.device && facts.device->type == DeviceType::cpu;
}

bool has_own_local_memory(const Facts &facts) {
    return facts.device && !on_cpu(facts) && facts.value(own_local_memory) == 1.0;
}

Facts facts_by_word(const DeviceInfo &device) {
    const double own = device.local_memory_dedicated ? 1 : 0;
    return {device, {measured({own_local_memory, Unit::one, Better::none, {}}, own, {own, own})}};
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

bool fits_registers(const Tile &tile, const Facts &facts, unsigned others) {
    const unsigned vectors = tile.rows * tile.vectors + tile.vectors + 1;
    // What no probe finds of CPUs. None with vectors has fewer than 16 registers for them.
    if (on_cpu(facts))
        return vectors <= 16;
    if (!has_own_local_memory(facts)) {
        const unsigned more = tile.has_quads() ? 3 * tile.vectors : 0;
        return (vectors + more) * tile.width + others <=
               facts.value("registers.spill_limit").value_or(64);
    }
    const auto limit = facts.value("registers.full_occupancy_limit");
    return vectors * tile.width <= limit.value_or(64);
}

double units_of(const Facts &facts) {
    return std::max(1.0, facts.value("compute_units").value_or(1));
}

double seconds_at(std::optional<double> bandwidth, double bytes) {
    return bandwidth && *bandwidth > 0 ? bytes / *bandwidth : 0;
}

double resident_groups(const GroupNeeds &needs, const Facts &facts) {
    double most = 1e9;
    const auto limit = [&](const char *key, double needed) {
        const auto available = facts.value(key);
        most = std::min(most, available ? std::floor(*available / needed) : 1);
    };
    limit("local_memory.bytes_per_cu", static_cast<double>(needs.local_bytes));
    limit("occupancy.max_threads_per_cu", needs.items);
    limit("register_file.bytes_per_cu", 4.0 * needs.registers * needs.items);
    return std::max(most, 1.0);
}

double busy_share(double items, const Facts &facts) {
    constexpr double in_flight = 4;
    constexpr double uncertain = 0.1; // the latency is no whole number of cycles
    const auto rate = facts.value("fma.fp32.rate");
    const auto latency = facts.value("fma.fp32.latency");
    if (!rate || !latency || *rate * *latency <= 0)
        return 1;
    const double units = units_of(facts);
    const double needed = *rate / 2 / units * *latency / in_flight;
    const double turns = std::max(1.0, std::ceil((1 - uncertain) * items / needed));
    return std::min(1.0, items / (turns * needed));
}

double at_the_same_time(std::initializer_list<double> seconds) {
    double squares = 0;
    for (const double each : seconds)
        squares += each * each;
    return std::sqrt(squares);
}

double fetch_and_store(double launches, const Facts &facts) {
    return 2 * launches * facts.value("buffer.memory.latency").value_or(0);
}

namespace {

/// Of what other units wrote: the last cache's, which all share, or else memory's.
std::optional<double> latency_of_others(const Facts &facts) {
    auto latency = facts.value("buffer.memory.latency");
    for (unsigned level = 2; const auto of_level = facts.value(finding_of_level(level, "latency"));
         ++level)
        latency = of_level;
    return latency;
}

} // namespace

std::optional<double> predicted_seconds(const PredictedWork &work, const Facts &facts) {
    const auto rate = facts.value("fma.fp32.rate");
    if (!rate || *rate <= 0)
        return std::nullopt;
    const std::size_t work_groups = work.range.work_items() / work.range.group_size();
    const auto groups = static_cast<double>(work_groups);
    const double units = units_of(facts);
    // The last groups leave units idle.
    const double rounds = std::ceil(groups / units) * units / groups;
    const double multiplying = work.flops / *rate * rounds;
    const double loading = seconds_at(facts.value("buffer.l1.read_bandwidth"), work.loaded);
    double fetching = 0;
    for (unsigned level = 1; const auto size = facts.value(finding_of_level(level, "read_size"));
         ++level) {
        const auto next = facts.value(finding_of_level(level + 1, "read_bandwidth"));
        fetching =
            std::max(fetching, seconds_at(next ? next : facts.value("buffer.memory.read_bandwidth"),
                                          work.bytes_beyond(*size)));
    }
    if (on_cpu(facts)) // whose cores reorder what they load and compute
        return std::max({multiplying, loading, fetching});
    const auto items = static_cast<double>(work.range.work_items());
    const double at_once = units * facts.value("occupancy.max_threads_per_cu").value_or(1e9);
    const double waiting =
        std::ceil(items / at_once) * work.waits * latency_of_others(facts).value_or(0);
    return std::max(at_the_same_time({multiplying, loading, fetching}), waiting) +
           fetch_and_store(1, facts);
}

} // namespace clprobe::workloads
