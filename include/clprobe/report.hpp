#pragma once
#include <clprobe/device.hpp>
#include <clprobe/finding.hpp>
#include <clprobe/series.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe {

/// What an interpretation may know besides its data: the device's own answers, and the findings
/// made before it that the probe asked for.
struct Facts {
    std::optional<DeviceInfo> device; ///< absent for a bare CSV
    std::vector<Finding> findings;

    [[nodiscard]] const Finding *find(std::string_view key) const;
    /// The value of a finding that is plainly `measured`; nothing otherwise.
    [[nodiscard]] std::optional<double> value(std::string_view key) const;

    bool operator==(const Facts &) const = default;
};

/// Which clock timed a probe, and why.
struct ClockChoice {
    std::string source; ///< "events" or "host"
    std::string reason;
    /// Of events: their least step, in seconds, and device time over host time, 1 for a clock in
    /// the unit that it claims.
    std::optional<double> resolution;
    std::optional<double> ratio;

    bool operator==(const ClockChoice &) const = default;
};

/// One program that a probe built: which kernel text, with what options, and at what cost.
struct BuildRecord {
    std::string kernel; ///< "compute/fma_rate"
    std::string sha256; ///< of the text that was compiled, lower-case hex
    std::string options;
    double seconds = 0;
    std::string error; ///< empty where it built

    bool operator==(const BuildRecord &) const = default;
};

/// Where a probe's wall time went, in seconds: `setup` opened and closed the device. What is in
/// none of the parts is the harness's own.
struct Elapsed {
    double total = 0;
    double setup = 0;
    double build = 0;
    double launch = 0;
    double transfer = 0;

    [[nodiscard]] double harness() const { return total - setup - build - launch - transfer; }
    bool operator==(const Elapsed &) const = default;
};

/// What else ran on the machine meanwhile: how many processors' worth of others' work, and of what
/// a hypervisor took; absent where the system does not tell. `slowdown` is how much slower a fixed
/// dependent chain ran on the host at the worst of its checks than at the best, minus one.
struct MachineLoad {
    std::optional<double> others;
    std::optional<double> steal;
    std::optional<double> slowdown;

    bool operator==(const MachineLoad &) const = default;
};

/// One probe on one device: how it ended, what it built, what it measured and what that means.
struct ProbeRecord {
    std::string probe;
    Status status = Status::failed;
    std::string reason; ///< empty where it is plainly measured
    std::string profile;
    bool prerequisite = false; ///< run only because another probe wants its findings
    ClockChoice clock;
    Elapsed elapsed;
    MachineLoad load;
    std::vector<BuildRecord> builds;
    std::vector<Finding> facts; ///< the earlier findings that the interpretation used
    Dataset data;
    std::vector<Finding> findings;

    bool operator==(const ProbeRecord &) const = default;
};

/// All probes on one device, in the order they were run.
struct DeviceRecord {
    DeviceInfo device;
    std::vector<ProbeRecord> probes;

    bool operator==(const DeviceRecord &) const = default;
};

/// The machine that a report was made on.
struct HostInfo {
    std::string system; ///< "Linux 6.1.0 x86_64"
    std::string cpu;
    unsigned processors = 0;
    /// Environment variables that change what a driver does, where they were set.
    std::map<std::string, std::string> environment;

    bool operator==(const HostInfo &) const = default;
};

/// A whole run: what was asked, where, and what came out. It holds the raw samples, so that it can
/// be interpreted anew without the device, unless it is a summary.
struct Report {
    std::string tool_version;
    std::vector<std::string> command_line;
    std::uint64_t seed = 0;
    std::string profile;
    std::string started;   ///< ISO 8601, UTC
    bool complete = false; ///< false while a run goes on, or where it was interrupted
    bool summary = false;  ///< holds no samples, only what was made of them
    HostInfo host;
    std::vector<DeviceRecord> devices;

    bool operator==(const Report &) const = default;
};

/// The library's version, "0.1.0", as reports carry it.
[[nodiscard]] std::string_view version();
/// The report without its samples, which are most of it.
[[nodiscard]] Report summary_of(Report report);

/// The report that a file holds, which may be packed (gzip). Throws InputError, naming the file and
/// what is wrong in it.
[[nodiscard]] Report read_report(const std::filesystem::path &file);
/// The report of that text, which the file holds.
[[nodiscard]] Report read_report(std::string_view text, const std::filesystem::path &file);

} // namespace clprobe
