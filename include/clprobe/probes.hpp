#pragma once
#include <clprobe/registry.hpp>

namespace clprobe {

/// The probes that come with clprobe, with their kernels.
[[nodiscard]] Registry builtin_probes();

} // namespace clprobe
