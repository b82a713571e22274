#pragma once
#include <chrono>

namespace clprobe {

/// The host's steady clock, s.
[[nodiscard]] inline double steady_time() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

} // namespace clprobe
