#pragma once
#include "memory/atomics/operations.hpp"

#include <clprobe/probe.hpp>

#include <vector>

namespace clprobe::probes::atomics {

/// The names of the series, shared with the interpretation.
namespace series {
inline constexpr const char *rates = "rates";
inline constexpr const char *latency = "latency";
inline constexpr const char *addresses = "addresses";
} // namespace series

/// All work-items at once.
struct RateRow {
    Atomic atomic;
    Contention contention = Contention::contended;
    bool used = false; ///< whether results are, or are dropped
    std::size_t work_items = 1;

    static auto columns() {
        return std::tuple{part(&RateRow::atomic),
                          column("place", &RateRow::contention, contention_names),
                          column("result", &RateRow::used, result_names),
                          column("work_items", &RateRow::work_items), trips()};
    }
    bool operator==(const RateRow &) const = default;
};

/// One work-item, one operation after the other.
struct LatencyRow {
    Atomic atomic;

    static auto columns() { return std::tuple{part(&LatencyRow::atomic), trips()}; }
};

/// The same by additions to the word at that many bytes.
struct AddressRow {
    std::size_t offset = 0;

    static auto columns() {
        return std::tuple{column("offset", &AddressRow::offset, Unit::byte), trips()};
    }
};

/// Text attributes: why an operation ("global.float.add") was not tried.
inline constexpr const char *lacking = ".lacking";
/// And how one is spelled that the language has no function for.
inline constexpr const char *spelling = ".spelling";

[[nodiscard]] std::vector<SeriesShape> series_shapes();

/// Runs all the experiments, in turns spread over the time there is.
void run_experiments(Bench &bench);

} // namespace clprobe::probes::atomics
