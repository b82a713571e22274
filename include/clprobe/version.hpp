#pragma once
#include <string_view>

namespace clprobe {

/// The library's version, "0.1.0", as reports carry it.
[[nodiscard]] std::string_view version();

} // namespace clprobe
