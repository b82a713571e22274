#pragma once
#include <clprobe/kernel.hpp>

#include <string>
#include <string_view>

namespace clprobe {

/// SHA-256 of the text, in lower-case hex.
[[nodiscard]] std::string sha256(std::string_view text);

/// The same kernel read from `CLPROBE_KERNEL_DIR`/<name>.cl, its includes resolved there, where
/// that variable is set and the file exists; otherwise the text as it was.
[[nodiscard]] KernelText with_override(const KernelText &embedded);

} // namespace clprobe
