#pragma once

namespace clprobe::runner {

// Scripts rely on these.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1; ///< a probe failed, or findings differ where they must not
inline constexpr int exit_usage = 2;  ///< wrong usage, or input that cannot be read
inline constexpr int exit_no_device = 3;
inline constexpr int exit_interrupted = 130;

} // namespace clprobe::runner
