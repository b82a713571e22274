#pragma once

#include "objects.hpp"

namespace stub {

/// The one platform.
[[nodiscard]] cl_platform_id platform();

/// The devices that CLPROBE_STUB asks for; all of a kind, and there until the process ends.
[[nodiscard]] const std::vector<cl_device_id> &devices();

[[nodiscard]] bool alive(cl_device_id device);

// The device's limits, as clGetDeviceInfo claims them and the other calls enforce them.
[[nodiscard]] std::string version_text(); ///< "3.0"
[[nodiscard]] std::size_t group_limit();
[[nodiscard]] std::size_t kernel_group_limit(); ///< of every kernel
[[nodiscard]] std::size_t item_limit();         ///< of a group along each dimension
[[nodiscard]] cl_ulong local_memory_size();
[[nodiscard]] cl_ulong constant_limit();
[[nodiscard]] std::size_t image_limit(); ///< texels along a row and along a column
[[nodiscard]] std::size_t image_buffer_limit();
[[nodiscard]] bool has_images();
[[nodiscard]] cl_ulong memory_size();
[[nodiscard]] cl_ulong allocation_limit();
/// Whether its memory is its own, so that a mapping is a copy.
[[nodiscard]] bool discrete();

} // namespace stub
