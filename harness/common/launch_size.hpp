#pragma once
#include <clprobe/probe.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace clprobe::probes {

[[nodiscard]] bool is_cpu(const Bench &bench);

/// The work-items of a group along the first dimension, a power of two: as many as are wanted, or
/// as the device allows where each takes so many bytes of local memory.
[[nodiscard]] std::size_t group_size(const Bench &bench, std::size_t wanted,
                                     std::size_t local_bytes = 0);
/// The same, as far as that kernel allows too, or each of those of a program.
[[nodiscard]] std::size_t group_size(const Bench &bench, const Kernel &kernel, std::size_t wanted);
[[nodiscard]] std::size_t group_size(const Bench &bench, const Program &program,
                                     const std::vector<std::string> &kernels, std::size_t wanted);

/// Compute units, measured or else claimed, one at least: for the size of launches only.
[[nodiscard]] std::size_t units_of(const Bench &bench);

/// A buffer of that size; of half of it, and so on, where the driver refuses.
[[nodiscard]] Buffer granted_buffer(Bench &bench, std::size_t bytes);

/// Why a probe that reads images cannot ask that device; nothing where it has them.
[[nodiscard]] std::optional<std::string> unsupported_without_images(const DeviceInfo &device);

/// What will remain of the time once an experiment that begins now has used that share of the
/// budget: a slow build is no reason to do less. The tiny profile's are bounded by their sizes.
[[nodiscard]] double remaining_after(const Bench &bench, double share);

} // namespace clprobe::probes
