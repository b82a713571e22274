#pragma once
#include <clprobe/kernel.hpp>
#include <clprobe/report.hpp>
#include <clprobe/workloads.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>

// What the plans of operators ask of a device's findings, whatever the operator.
namespace clprobe::workloads {

[[nodiscard]] constexpr std::uint32_t quotient_up(std::uint32_t value, std::uint32_t by) {
    return (value + by - 1) / by;
}
[[nodiscard]] constexpr std::size_t multiple_up(std::size_t value, std::size_t of) {
    return (value + of - 1) / of * of;
}

[[nodiscard]] bool on_cpu(const Facts &facts);

/// Whether kernels go by way of local memory: on devices other than CPUs where that was found to be
/// a memory of its own. On others it is as far away as what it holds copies of.
[[nodiscard]] bool has_own_local_memory(const Facts &facts);

/// What is known where nothing is measured: the driver's word for local memory in place of the
/// finding, so that an inspection builds the family of kernels that a run would take.
[[nodiscard]] Facts facts_by_word(const DeviceInfo &device);

/// Elements of the widest vector that a tile's rows are made of.
[[nodiscard]] unsigned native_width(const Facts &facts);

/// Work-items of a group along each of two sides.
[[nodiscard]] unsigned group_side(const Facts &facts);

/// Whether a work-item finds registers for the tile, the rows of the right operand that are
/// multiplied at once, and a factor, by the device's findings; where they do not say how many there
/// are, for 16 vectors on a CPU and 64 numbers elsewhere. On devices that read operands through
/// their caches the tile may take all registers but `others`, though it leaves half of the threads,
/// since it is loads that bound them. Of other GPUs all threads are to stay.
[[nodiscard]] bool fits_registers(const Tile &tile, const Facts &facts, unsigned others);

/// One where they were not counted.
[[nodiscard]] double units_of(const Facts &facts);

/// Seconds of so many bytes; 0 where the bandwidth was not measured.
[[nodiscard]] double seconds_at(std::optional<double> bandwidth, double bytes);

/// What a work-group takes of a compute unit.
struct GroupNeeds {
    unsigned items = 1;
    std::size_t local_bytes = 0;
    unsigned registers = 0; ///< of a work-item
};
/// Groups that a compute unit holds at the same time, by the device's findings; one where they do
/// not say what limits them.
[[nodiscard]] double resident_groups(const GroupNeeds &needs, const Facts &facts);

/// How much of its rate of multiply-adds a unit reaches with so many work-items (Little's law):
/// each has no more of them in flight than a core that issues one after the other begins in their
/// latency. As many as keep the unit busy take turns with the rest, whose last turn is as long as
/// any.
[[nodiscard]] double busy_share(double items, const Facts &facts);

/// Seconds of parts of a device that work at the same time, each of which would take so long alone:
/// those that take much longer than the others hide them, those that take as long are in each
/// other's way. The square root of the sum of their squares.
[[nodiscard]] double at_the_same_time(std::initializer_list<double> seconds);

/// What launches that fetch and store take beside all that bandwidths and rates explain: each
/// begins with a load from memory and ends with a store to it that nothing hides.
[[nodiscard]] double fetch_and_store(double launches, const Facts &facts);

/// Work that is predicted: what the slowest part of the device takes for it.
struct PredictedWork {
    double flops = 0;  ///< those of what a tile pads too
    double loaded = 0; ///< bytes that work-items load, at the first level's bandwidth
    /// Bytes that come from beyond a cache of so many bytes.
    std::function<double(double size)> bytes_beyond;
    NdRange range;
    /// Rows of an operand from beyond the first level that a work-item waits for, one after the
    /// other, before it multiplies: on a GPU, whose compilers do not fetch ahead.
    double waits = 0;
};

/// Nothing where the rate of multiply-adds was not measured.
[[nodiscard]] std::optional<double> predicted_seconds(const PredictedWork &work,
                                                      const Facts &facts);

} // namespace clprobe::workloads
