#pragma once
#include <string>

namespace clprobe::runner {

/// Whether this process has opened an OpenCL loader.
[[nodiscard]] bool loader_was_opened();

/// Why no device shows, and what to do about it.
[[nodiscard]] std::string explain_no_device(bool loader);

} // namespace clprobe::runner
