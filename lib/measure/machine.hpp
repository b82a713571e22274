#pragma once
#include <clprobe/report.hpp>

#include <optional>
#include <string>

namespace clprobe {

/// A variable of the environment; empty where it is not set.
[[nodiscard]] std::string environment(const char *name);

/// The machine this process runs on, and the environment variables that change what its OpenCL
/// drivers do.
[[nodiscard]] HostInfo host_info();

/// Seconds of processor time since boot, over all processors: spent by anybody, and taken away by a
/// hypervisor; and what this process spent.
struct ProcessorTime {
    double busy = 0;
    double steal = 0;
    double own = 0;
};
/// Nothing where the system does not tell (it has no /proc/stat).
[[nodiscard]] std::optional<ProcessorTime> processor_time();

/// Watches what else the machine does from its making until `load`.
class LoadWatch {
public:
    LoadWatch();
    [[nodiscard]] MachineLoad load() const;

private:
    double start_;
    std::optional<ProcessorTime> at_start_;
    double chain_at_start_;
};

} // namespace clprobe
