#pragma once
#include "opencl/call_loops.hpp"

#include <clprobe/launch.hpp>

#include <cstddef>
#include <vector>

namespace clprobe::probes {

/// Launches that follow one another as in a program that waits for the last one only: on a queue
/// without profiling, timed by the host's clock. What is timed alone, by events or by waiting for
/// it, costs several microseconds more on some drivers.
class LaunchChain {
public:
    /// `plain` is a context with a queue without profiling. Sets the launches' arguments and fills
    /// their outputs, once. Nothing is checked.
    LaunchChain(const Context &plain, const std::vector<BoundLaunch> &launches);

    /// Seconds of that many rounds of all launches.
    [[nodiscard]] double seconds(std::size_t rounds) const;

private:
    std::vector<CallLoops> launches_;
};

} // namespace clprobe::probes
