#pragma once
#include <clprobe/workloads.hpp>

#include <optional>
#include <vector>

namespace clprobe::workloads {

/// Seconds that a product takes by way of local memory, as Gemm::predicted_seconds has it, whose
/// operands are so many bytes in memory: less than the matrices have where one of them is never
/// made.
[[nodiscard]] std::optional<double> predicted_by_local_memory(const GemmShape &shape,
                                                              double operands,
                                                              const GroupTile &tile,
                                                              const Facts &facts);

/// Tiles that reach all of the kernels' text, where the device can run them.
[[nodiscard]] std::vector<GroupTile> group_tiles_of_all_text(const DeviceInfo &device);

/// Whether a work-item finds registers for it before it spills.
[[nodiscard]] bool fits_registers(const GroupTile &tile, const Facts &facts);

/// Tiles to choose from on that device; none where it has no local memory of its own.
[[nodiscard]] std::vector<GroupTile> group_tiles(const GemmShape &shape, const Facts &facts);

} // namespace clprobe::workloads
