#pragma once
#include <clprobe/probe.hpp>

#include <cstddef>
#include <cstdint>

namespace clprobe::probes {

[[nodiscard]] bool is_cpu(const Bench &bench);

/// The work-items of a group: as many as are wanted, or as the device allows.
[[nodiscard]] std::size_t group_size(const Bench &bench, std::uint64_t wanted);
/// The same, as far as that kernel allows too.
[[nodiscard]] std::size_t group_size(const Bench &bench, const Kernel &kernel,
                                     std::uint64_t wanted);

/// Compute units, measured or else claimed, one at least: for the size of launches only.
[[nodiscard]] std::size_t units_of(const Bench &bench);

} // namespace clprobe::probes
