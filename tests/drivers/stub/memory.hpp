#pragma once

#include "call.hpp"
#include "objects.hpp"

namespace stub {

/// Makes a buffer's or an image's storage and checks what both have in common: flags, the host
/// pointer, and what is left of the device's memory. Returns an OpenCL error.
[[nodiscard]] cl_int allocate(const Call &call, Memory &memory, void *host_pointer);

/// Whether `memory` is a live buffer with at least `offset + size` bytes.
[[nodiscard]] bool covers(cl_mem memory, std::size_t offset, std::size_t size);

} // namespace stub
