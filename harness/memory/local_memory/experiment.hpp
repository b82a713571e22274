#pragma once
#include "memory/local_memory/launches.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <vector>

namespace clprobe::probes::local_memory {

/// The names of the series, shared with the interpretation.
namespace series {
inline constexpr const char *latency = "latency";
inline constexpr const char *race = "race";
inline constexpr const char *bandwidth = "bandwidth";
inline constexpr const char *strides = "strides";
inline constexpr const char *eviction = "eviction";
} // namespace series

/// One work-item on a ring.
struct LatencyRow {
    Where memory = Where::local;

    static auto columns() {
        return std::tuple{column("memory", &LatencyRow::memory, std::array{"local", "global"}),
                          trips()};
    }
};

/// Every work-item sums vectors of that many bytes.
struct BandwidthRow {
    std::size_t width = 4;
    std::size_t work_items = 1;

    static auto columns() {
        return std::tuple{column("width", &BandwidthRow::width, Unit::byte),
                          column("work_items", &BandwidthRow::work_items), trips()};
    }
};

/// Every work-item sums words, its neighbours those that many bytes apart.
struct StrideRow {
    unsigned stride = 4;

    static auto columns() {
        return std::tuple{column("stride", &StrideRow::stride, Unit::byte), trips()};
    }
};

/// One work-item on a ring of global memory, and before through some local memory. Bytes.
struct EvictionRow {
    std::size_t footprint = 0;
    std::size_t local = 0;

    static auto columns() {
        return std::tuple{column("footprint", &EvictionRow::footprint, Unit::byte),
                          column("local", &EvictionRow::local, Unit::byte), trips()};
    }
};

/// Text attributes that say why an experiment was left out, by its series' name and this.
inline constexpr const char *left_out = ".left_out";

/// Hops of a trip of the latency's chases.
inline constexpr double latency_hops = 64;

[[nodiscard]] std::vector<SeriesShape> series_shapes();

/// Runs all the experiments, in turns spread over the time there is.
void run_experiments(Bench &bench);

} // namespace clprobe::probes::local_memory
