#pragma once
#include "opencl/call_loops.hpp"

#include <clprobe/launch.hpp>

#include <cstddef>
#include <random>
#include <vector>

namespace clprobe::probes {

/// Launches that follow one another as in a program that waits for the last one only: on a queue
/// without profiling, timed by the host's clock. What is timed alone, by events or by waiting for
/// it, costs several microseconds more on some drivers.
class LaunchChain {
public:
    /// `plain` is a context with a queue without profiling. Sets the launches' arguments and fills
    /// their outputs. Nothing is checked.
    LaunchChain(Context plain, std::vector<BoundLaunch> launches);

    /// One round, whose outputs are filled before, and the checks of all launches after it. Throws
    /// VerificationError.
    void verify(std::mt19937_64 &random) const;
    /// Seconds of that many rounds of all launches, without a check.
    [[nodiscard]] double seconds(std::size_t rounds) const;

private:
    void prepare() const;

    Context plain_;
    std::vector<BoundLaunch> launches_;
    std::vector<CallLoops> loops_;
};

} // namespace clprobe::probes
