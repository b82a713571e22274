#pragma once
#include <clprobe/json.hpp>

#include <functional>
#include <stop_token>
#include <string>

namespace clprobe::runner {

/// The descriptor on which a child sends its messages: a JSON object a line. Not stdout: drivers
/// print there.
inline constexpr int message_descriptor = 3;

/// What a child is started for and how long it may take.
struct ChildTask {
    std::string command;  ///< the hidden command of this program that it runs
    Json request;         ///< what it reads on its stdin
    double seconds = 60;  ///< wall limit: it is killed then
    bool verbose = false; ///< pass on what it prints, to stderr
    std::stop_token stop; ///< asks it to stop; it is killed where it does not
};

/// How a child ended: by itself with `status` (as waitpid gives it), or killed.
struct ChildEnd {
    enum class Cause { by_itself, time_limit, stop };
    Cause cause = Cause::by_itself;
    int status = 0;
    int left_behind = 0; ///< its id, where not even SIGKILL ended it: it hangs in the kernel
    std::string output;  ///< the last that it printed, to stdout or stderr
};

/// Runs this very program as a child in a process group of its own, and hands on its messages as
/// they come. Returns when it has ended, with all that it started, or soon after its limit: a
/// process that hangs in the kernel is left behind. Throws Error where no process
/// can be made, or where what it sends is no JSON.
ChildEnd run_child(const ChildTask &task, const std::function<void(const Json &)> &on_message);

/// What is to be said of a process that is left behind.
inline constexpr const char *hangs_in_kernel =
    "hangs in the kernel, where SIGKILL does not end it, and is left behind";

/// Why there is no result, in words: "crashed (SIGSEGV)", "did not end within 60 s (killed)".
[[nodiscard]] std::string explain(const ChildEnd &end, const ChildTask &task);

} // namespace clprobe::runner
