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
    Json request;         ///< what it reads on its stdin
    double seconds = 60;  ///< wall limit: it is killed then
    bool verbose = false; ///< pass on what it prints, to stderr
    std::stop_token stop; ///< asks it to stop; it is killed where it does not
};

/// Runs this very program as a child in a process group of its own, and hands on its messages as
/// they come. Returns when it has ended, with all that it started, or soon after its limit: a
/// process that hangs in the kernel is left behind, having said so. Returns how it ended, in words,
/// for where it gave no answer: "crashed (SIGSEGV)", "did not end within 60 s (killed)". Throws
/// Error where no process can be made, or where what it sends is no JSON.
std::string run_child(const ChildTask &task, const std::function<void(const Json &)> &on_message);

} // namespace clprobe::runner
