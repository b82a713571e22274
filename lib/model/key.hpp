#pragma once
#include <algorithm>
#include <string>

namespace clprobe {

/// A name as a part of a finding's key, which has no hyphens.
[[nodiscard]] inline std::string in_key(std::string name) {
    std::ranges::replace(name, '-', '_');
    return name;
}

} // namespace clprobe
