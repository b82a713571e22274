#pragma once
#include "io/terminal.hpp"

#include <clprobe/device.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <stop_token>
#include <string>
#include <thread>

// Whoever started the program: the terminal, and the signals that come from it.
namespace clprobe::runner {

/// What standard output can show: no colour where it is no terminal or NO_COLOR is set
/// (no-color.org).
[[nodiscard]] TextStyle style_of_stdout();

/// One line on stderr, written over and over, that says how far a command is; nothing at all where
/// stderr is no terminal. Without escape sequences: NO_COLOR holds for it.
class ProgressLine {
public:
    ProgressLine();
    ~ProgressLine() { clear(); }
    ProgressLine(const ProgressLine &) = delete;
    ProgressLine &operator=(const ProgressLine &) = delete;

    void show(const std::string &text);
    /// Removes the line, so that something else can be printed.
    void clear();

private:
    bool enabled_;
    std::size_t shown_ = 0; ///< characters
};

/// Says that the run waits for another process to let go of the device.
void say_in_use(const DeviceInfo &device, const std::string &holder);

/// Says that on stderr, without what a terminal would take for a command: a message may quote any
/// file, and whatever a driver wrote.
void say(std::string message);

/// How long a run still takes, `elapsed` after its start, with `done` of the budgets of all its
/// probes used: what is left of them, at the pace of the run so far. All in seconds.
[[nodiscard]] inline double time_left(double budget, double done, double elapsed) {
    // Until some of the budget is spent, the budget is all that is known of the pace.
    const double known = 0.1 * budget;
    const double pace = done + known > 0 ? (elapsed + known) / (done + known) : 1;
    return pace * std::max(budget - done, 0.0);
}

/// The exit status of what a signal stopped: 130 after SIGINT, 143 after SIGTERM.
[[nodiscard]] int exit_interrupted();

/// While it lives, SIGINT and SIGTERM ask the run to stop instead of ending the process; the second
/// of them ends it at once. Threads started meanwhile do not see these signals.
class Interrupts {
public:
    Interrupts();
    ~Interrupts();
    Interrupts(const Interrupts &) = delete;
    Interrupts &operator=(const Interrupts &) = delete;

    [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }

private:
    std::stop_source stop_;
    std::atomic<bool> closing_ = false;
    sigset_t signals_{};
    sigset_t mask_before_{};
    std::thread watcher_;
};

} // namespace clprobe::runner
