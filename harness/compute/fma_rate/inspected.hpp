#pragma once
#include <clprobe/probe.hpp>

#include <vector>

namespace clprobe::probes::fma_rate {

/// For each type that the device has: the forms over widths of vectors, then the other recurrences
/// and the single chain of the latency, all in the shape that a race starts from.
[[nodiscard]] std::vector<KernelVariant> inspected(const DeviceInfo &device);

} // namespace clprobe::probes::fma_rate
