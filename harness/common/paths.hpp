#pragma once
#include <clprobe/launch.hpp>
#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

// What the host knows of kernels/common/paths.clh: paths of loops that work-items may take.
namespace clprobe::probes {

/// x after so many steps of that path.
[[nodiscard]] std::uint32_t after_steps_of_path(std::uint32_t path, std::uint32_t x,
                                                std::uint32_t b, std::uint64_t steps);
/// The same after so many trips, of two steps each.
[[nodiscard]] inline std::uint32_t after_path(std::uint32_t path, std::uint32_t x, std::uint32_t b,
                                              std::uint32_t trips) {
    return after_steps_of_path(path, x, b, 2 * std::uint64_t{trips});
}

/// The option for a program with that many paths.
[[nodiscard]] std::string ways_option(unsigned ways);

/// Groups enough that instructions wait for each other on every compute unit, and as many on each
/// path where a whole group takes one; each of a power of two of work-items.
[[nodiscard]] NdRange filling_range(const Bench &bench, const Kernel &kernel, unsigned ways);

} // namespace clprobe::probes
