#pragma once
#include "inspect/inspection.hpp"

#include <clprobe/device.hpp>
#include <clprobe/json.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>
#include <clprobe/session.hpp>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe::runner {

// The hidden commands by which the program runs itself as a child, the only process that opens
// devices. Each reads a request from stdin and answers on `message_descriptor`.
inline constexpr std::string_view list_child = "child-list";     ///< which devices there are
inline constexpr std::string_view loader_child = "child-loader"; ///< what the loader reads
inline constexpr std::string_view driver_child = "child-driver"; ///< what becomes of one library
inline constexpr std::string_view check_child = "child-check";   ///< what kind of queue one grants
inline constexpr std::string_view probe_child = "child-probe";   ///< one probe on one device
/// The builds of some probes' kernels, from one of them on.
inline constexpr std::string_view inspect_child = "child-inspect";

/// Whether a command is one of these.
[[nodiscard]] bool is_child_command(std::string_view command);

/// Carries out the command and returns the exit status.
int run_as_child(std::string_view command, const Registry &registry);

/// The devices of this machine; where there are none, `problem` says why, with a line for each
/// driver, and `drivers` has the same as data (`drivers_report`).
struct Listing {
    std::vector<DeviceInfo> devices;
    std::string problem;
    std::optional<Json> drivers;
};

/// How a child process is watched over.
struct Isolation {
    double seconds = 0; ///< wall limit of a probe; 0: a generous multiple of its time budget
    bool verbose = false;
    std::stop_token stop;
};

/// What a child left: its answer, or why there is none.
struct ChildOutcome {
    Json answer;
    std::string problem;
};

/// Runs one of the hidden commands in a child process, for `seconds` at most. Its answer is the
/// message that has the member `member`; `meanwhile` gets what it says before. Throws Cancelled.
[[nodiscard]] ChildOutcome ask_child(std::string_view command, Json request, double seconds,
                                     const Isolation &isolation, const char *member,
                                     const std::function<void(const Json &)> &meanwhile = {});

/// The listing of devices that this process opened itself.
[[nodiscard]] Listing listing_of(const std::vector<Device> &devices);

/// The devices, listed by a child process: a driver that crashes or hangs meanwhile is the problem.
[[nodiscard]] Listing list_devices(const Isolation &isolation);

/// Why the device grants no queue with profiling, tried out by a child process; empty where it
/// grants one.
[[nodiscard]] std::string profiling_refusal(const DeviceInfo &device, const Isolation &isolation);

/// Why the device does not answer (`check_answers`) in a child process; empty where it does.
[[nodiscard]] std::string answer_problem(const DeviceInfo &device, const Isolation &isolation);

/// `run_probe` in a child process. A child that crashes, hangs or ends without a record gives a
/// failed record that says so. Throws Cancelled where it was stopped before it measured anything.
[[nodiscard]] ProbeRecord run_probe_isolated(const PlannedProbe &planned, const DeviceInfo &device,
                                             const Facts &facts, const RunOptions &options,
                                             const Isolation &isolation,
                                             const std::function<void(double)> &progress);

/// One of the builds to inspect.
struct InspectedBuild {
    const Probe *probe = nullptr;
    KernelVariant variant;
};
[[nodiscard]] std::vector<InspectedBuild> builds_of(const std::vector<const Probe *> &probes,
                                                    const DeviceInfo &device);

/// These builds' kernels on that device, inspected in a child process, as `take` gets them. A build
/// at which it crashes or hangs is a kernel with that error, and another child goes on behind it.
/// Throws Cancelled where it was stopped.
void inspect_isolated(const Registry &registry, const std::vector<const Probe *> &probes,
                      const DeviceInfo &device, const InspectOptions &options,
                      const Isolation &isolation, const std::function<void(InspectedKernel)> &take);

} // namespace clprobe::runner
