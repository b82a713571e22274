#pragma once
#include <clprobe/opencl.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace clprobe {

/// The four time stamps of a command, in the ticks that the device calls nanoseconds.
struct ProfilingTimestamps {
    std::uint64_t queued = 0;
    std::uint64_t submit = 0;
    std::uint64_t start = 0;
    std::uint64_t end = 0;

    bool operator==(const ProfilingTimestamps &) const = default;
};

/// A command in a queue.
class Event {
public:
    /// Takes over one reference of the handle.
    explicit Event(cl_event owned);

    /// Returns when the command is done; throws Error where it ended in one.
    void wait() const;
    /// The command's stamps, once it is done; nothing where the driver does not give them.
    [[nodiscard]] std::optional<ProfilingTimestamps> profiling_timestamps() const;
    [[nodiscard]] cl_event native() const;

private:
    struct State;
    std::shared_ptr<const State> state_;
};

} // namespace clprobe
