#pragma once
#include <string>

namespace clprobe::probes {

/// Of a compiler's log, what it says of the first error.
[[nodiscard]] std::string first_error(const std::string &log);

} // namespace clprobe::probes
