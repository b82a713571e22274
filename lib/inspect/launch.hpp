#pragma once
#include "inspect/inspection.hpp"

namespace clprobe {

/// Launches the kernel once, by one small group, with arguments made up from what they are: zeroed
/// buffers, small images, numbers that are 0. Its program has to be built with -cl-kernel-arg-info.
[[nodiscard]] FirstLaunch launch_once_made_up(const Context &context, Kernel kernel);

} // namespace clprobe
