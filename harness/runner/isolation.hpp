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

/// The hidden command by which the program runs itself as a child. It reads a request from stdin
/// and answers on `message_descriptor`.
inline constexpr std::string_view child_command = "child";

/// Carries it out and returns the exit status.
int run_as_child(const Registry &registry);

/// What takes a message.
using Send = std::function<void(const Json &)>;

/// Does what the request's `task` is: "list" the devices, describe the "loader", try a "driver",
/// "check" a device, run one "probe" on one, or "inspect" the builds of some probes' kernels, from
/// one of them on. Returns the answer, and sends what comes before it.
[[nodiscard]] Json carry_out(const Json &request, const Registry &registry,
                             const std::stop_token &stop, const Send &send);

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
    bool isolate = true; ///< else all is done in this process
    std::stop_token stop;
};

/// What came of a task: its answer, or why there is none.
struct Outcome {
    Json answer;
    std::string problem;
};

/// One of the builds to inspect.
struct InspectedBuild {
    const Probe *probe = nullptr;
    KernelVariant variant;
};
[[nodiscard]] std::vector<InspectedBuild> builds_of(const std::vector<const Probe *> &probes,
                                                    const DeviceInfo &device);

/// Has done what opens devices, each task by a child process: a driver that crashes or hangs
/// meanwhile is the task's problem. Its functions throw Cancelled where they were stopped.
class Worker {
public:
    Worker(const Registry &registry, Isolation isolation)
        : registry_(registry), isolation_(std::move(isolation)) {}

    /// Carries out the task, in `seconds` at most, or fewer where the isolation says so. Its
    /// answer is the message that has the member `member`; `meanwhile` gets what comes before.
    [[nodiscard]] Outcome ask(const char *task, Json request, double seconds, const char *member,
                              const Send &meanwhile = {}) const;

    [[nodiscard]] Listing list() const;
    /// `drivers_report`, always by child processes.
    [[nodiscard]] Json drivers() const;
    /// Why the device grants no queue with profiling; empty where it grants one.
    [[nodiscard]] std::string profiling_refusal(const DeviceInfo &device) const;
    /// Why the device does not answer (`check_answers`); empty where it does.
    [[nodiscard]] std::string answer_problem(const DeviceInfo &device) const;
    /// `run_probe`. A child that ends without a record gives a failed record that says so.
    [[nodiscard]] ProbeRecord run_probe(const PlannedProbe &planned, const DeviceInfo &device,
                                        const Facts &facts, std::uint64_t seed,
                                        const std::function<void(double)> &progress) const;
    /// The kernels of all builds of these probes, as `take` gets them. A build at which a child
    /// crashes or hangs is a kernel with that error, and another child goes on behind it.
    void inspect(const std::vector<const Probe *> &probes, const DeviceInfo &device,
                 const InspectOptions &options,
                 const std::function<void(InspectedKernel)> &take) const;

private:
    [[nodiscard]] double limit(double generous) const;
    [[nodiscard]] Outcome check(const DeviceInfo &device, bool answers) const;

    const Registry &registry_;
    Isolation isolation_;
};

} // namespace clprobe::runner
