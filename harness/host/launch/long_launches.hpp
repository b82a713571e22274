#pragma once
#include "opencl/call_loops.hpp"

#include <clprobe/probe.hpp>

#include <cstdint>
#include <vector>

namespace clprobe::probes::launch {

/// Launches of dependent chains, each longer than the host takes to enqueue the next one: steps
/// that one launch makes, or that many share out evenly. A launch has a work-group for each compute
/// unit, as the driver counts them, since launches that work have: with a single work-item the
/// device needs less between two.
class LongLaunches {
public:
    /// `plain` is a context with a queue without profiling.
    LongLaunches(Bench &bench, const Context &plain);

    /// Finds out how many steps take some `wanted` seconds, or as many as a launch may take, and
    /// how many such launches in a row the time allows.
    void calibrate(double wanted);

    /// How many launches share out the steps, from one to the most; empty before calibration.
    [[nodiscard]] const std::vector<std::uint32_t> &lengths() const { return lengths_; }
    /// Of all launches together.
    [[nodiscard]] std::uint32_t steps() const { return steps_; }

    /// The host's seconds from enqueuing the first of so many launches until all are done. Throws
    /// VerificationError where the chain has not come so far.
    double seconds(std::uint32_t count, std::uint32_t steps);

private:
    Context plain_;
    Kernel kernel_;
    NdRange range_;
    Buffer state_;
    CallLoops loops_;
    std::uint32_t multiplier_;
    std::uint32_t increment_;
    std::vector<std::uint32_t> values_; ///< that the chain of each work-item has come to
    bool tiny_;
    double affordable_; ///< seconds of one of the series' times, and of one launch
    std::uint32_t steps_ = 0;
    std::vector<std::uint32_t> lengths_;
};

} // namespace clprobe::probes::launch
