#pragma once
#include <clprobe/context.hpp>

#include <cstddef>

namespace clprobe {

// The most that a launch, a buffer or an image may ask for: what the device grants, or a cautious
// value where it does not answer. Nothing else looks at a device's limits.

/// Work-items of a group along one dimension: no more than that dimension allows, and no more than
/// a group may have in all. At least 1.
[[nodiscard]] std::size_t largest_group(const DeviceInfo &device, unsigned dimension = 0);

/// Bytes of a buffer or an image: a quarter of the largest allocation, and of all memory.
[[nodiscard]] std::size_t largest_buffer(const DeviceInfo &device);

/// Bytes of local memory that a group may use; 0 where there is none.
[[nodiscard]] std::size_t largest_local_memory(const DeviceInfo &device);

/// Bytes of a buffer that a kernel reads as `constant`.
[[nodiscard]] std::size_t largest_constant_buffer(const Device &device);

/// Texels along a row of an image, and along a column.
[[nodiscard]] std::size_t largest_image_width(const DeviceInfo &device);
[[nodiscard]] std::size_t largest_image_height(const DeviceInfo &device);

/// Texels of an image on a buffer.
[[nodiscard]] std::size_t largest_buffer_image(const Device &device);

} // namespace clprobe
