#pragma once

namespace clprobe::probes {

/// Whoever has it takes PTX in a kernel.
inline constexpr const char *ptx_extension = "cl_nv_compiler_options";

} // namespace clprobe::probes
