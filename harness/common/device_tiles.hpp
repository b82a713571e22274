#pragma once
#include <clprobe/kernel.hpp>
#include <clprobe/report.hpp>
#include <clprobe/workloads.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
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

/// Elements of the widest vector that a tile's rows are made of.
[[nodiscard]] unsigned native_width(const Facts &facts);

/// Work-items of a group along each of two sides.
[[nodiscard]] unsigned group_side(const Facts &facts);

/// Whether a work-item finds registers for the tile, a row of the right operand and a factor, by
/// the device's findings; where they do not say how many there are, for 16 vectors on a CPU and 64
/// numbers elsewhere.
[[nodiscard]] bool fits_registers(const Tile &tile, const Facts &facts);

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
