#pragma once
#include "inspect/inspection.hpp"

#include <clprobe/json.hpp>
#include <clprobe/session.hpp>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clprobe::runner {

/// The hidden command by which the program runs itself as a child. It reads a request from stdin
/// and answers on `message_descriptor`.
inline constexpr std::string_view child_command = "child";

/// Carries it out and returns the exit status.
int run_as_child(const Registry &registry);

/// What takes a message.
using Send = std::function<void(const Json &)>;

/// The descriptor on which a child sends its messages: a JSON object a line. Not stdout: drivers
/// print there.
inline constexpr int message_descriptor = 3;

/// Variables of the environment, with the values that they shall have.
using Variables = std::map<std::string, std::string>;

/// Another program of clprobe's, which lies beside this one: "clprobe-onnx" of "onnx". It is not
/// there where its library was not found at build.
[[nodiscard]] std::filesystem::path program_beside(const std::string &name);

/// What a child is started for and how long it may take.
struct ChildTask {
    Json request;                          ///< what it reads on its stdin
    double seconds = 60;                   ///< wall limit: it is killed then
    bool verbose = false;                  ///< pass on what it prints, to stderr
    std::stop_token stop;                  ///< asks it to stop; it is killed where it does not
    Variables environment;                 ///< in place of this process's own values
    std::vector<std::string> without = {}; ///< variables that it has not: how their names begin
    std::filesystem::path program = {};    ///< another one than this; it answers likewise
};

/// Runs this very program, or another, as a child in a process group of its own, and hands on its
/// messages as they come. Returns when it has ended, with all that it started, or soon after its
/// limit: a process that hangs in the kernel is left behind, having said so. Returns how it ended,
/// in words, for where it gave no answer: "crashed (SIGSEGV)", "did not end within 60 s (killed)".
/// Throws Error where no process can be made, or where what it sends is no JSON.
std::string run_child(const ChildTask &task, const Send &on_message);

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
    Variables environment = {}; ///< of the child processes
};

/// What came of a task: its answer, or why there is none.
struct Outcome {
    Json answer;
    std::string problem;
};

/// Has done what opens devices, each task by a child process: a driver that crashes or hangs
/// meanwhile is the task's problem. Its functions throw Cancelled where they were stopped.
class Worker {
public:
    Worker(const Registry &registry, Isolation isolation)
        : registry_(registry), isolation_(std::move(isolation)) {}

    /// Carries out the task, in `seconds` at most. `meanwhile` gets the messages before the answer.
    [[nodiscard]] Outcome ask(
        const char *task, Json request, double seconds,
        const Send &meanwhile = [](const Json &) {}) const;

    [[nodiscard]] Listing list() const;
    /// `drivers_report`, always by child processes.
    [[nodiscard]] Json drivers() const;
    /// Why the device grants no queue with profiling or, with `answers`, why it does not answer
    /// (`check_answers`); empty where it does.
    [[nodiscard]] std::string check(const DeviceInfo &device, bool answers) const;
    /// `run_probe`. A child that ends without a record gives a failed record that says so.
    [[nodiscard]] ProbeRecord run_probe(const PlannedProbe &planned, const DeviceInfo &device,
                                        const Facts &facts, const RunOptions &options,
                                        const std::function<void(double)> &progress) const;
    /// The kernels of all builds of these probes, as `take` gets them. A build at which a child
    /// crashes or hangs is a kernel with that error, and another child goes on behind it.
    void inspect(const std::vector<const Probe *> &probes, const DeviceInfo &device,
                 const InspectOptions &options,
                 const std::function<void(InspectedKernel)> &take) const;

private:
    [[nodiscard]] double limit(double generous) const;

    const Registry &registry_;
    Isolation isolation_;
};

/// What the OpenCL loader of this system is told to load, and what becomes of it: `loader` (`path`,
/// `kind`), absent where there is none; `drivers`, each with what names it (`file`: an .icd file or
/// a variable of the environment), the `library` as that has it, its `platforms` (`name`,
/// `devices`, and the `code` of clGetDeviceIDs where that fails) and, where there are none or one
/// is passed over, the `problem`; `notes`, which are sentences about the environment. Each library
/// is loaded in a child process of its own, for so long.
[[nodiscard]] Json drivers_report(const Worker &worker, double seconds);

/// The same as lines for people, one a driver.
[[nodiscard]] std::string lines_of(const Json &report);

/// The nodes of GPUs in this folder ("/dev/dri") that this process may not open, as sentences.
[[nodiscard]] std::vector<std::string> closed_render_nodes(const std::filesystem::path &folder);

// What child processes do for the report.

/// The loader, by its own text: `path`, `kind` and `folder`, where it looks for .icd files, and the
/// `variables` of the environment that it reads. Where there is none,
/// the `problem`: what dlopen() says.
[[nodiscard]] Json describe_loader();

/// Loads a driver's library as the loader would, at once with all its symbols or not, and asks it
/// for its devices: `platforms` and `problem` as in the report. `stage` gets what is done next.
[[nodiscard]] Json try_driver(const std::string &library, bool all_symbols,
                              const std::function<void(const char *)> &stage);

} // namespace clprobe::runner
