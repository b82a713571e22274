#pragma once

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace clprobe::test {

/// How a child process ended and what it wrote.
struct Outcome {
    int exit_status = -1; ///< -1 where a signal ended it
    int signal = 0;       ///< what ended it, 0 where it exited
    bool timed_out = false;
    double seconds = 0;
    std::string out;
    std::string err;
};

/// Variables of the environment set over the parent's own.
using Environment = std::map<std::string, std::string>;

/// A child process in a process group of its own, its output caught in files. What is left of the
/// group is killed when the child has been waited for.
class Child {
public:
    /// Runs a program; `command[0]` is looked up in PATH. Throws std::system_error.
    Child(const std::vector<std::string> &command, const Environment &environment);
    /// Runs `body` in a fork of this process and exits with 0.
    Child(const std::function<void()> &body, const Environment &environment);
    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;
    ~Child();

    [[nodiscard]] pid_t id() const { return pid_; }
    /// Signals the child alone, or all of its group as a terminal does.
    void signal(int number) const;
    void signal_group(int number) const;
    /// What it has written to stderr so far.
    [[nodiscard]] std::string messages() const;

    /// Waits for the end; kills the group where the time is up first.
    [[nodiscard]] Outcome wait(std::chrono::duration<double> limit);

private:
    void start(const std::function<void()> &body, const Environment &environment);

    pid_t pid_ = -1;
    bool waited_ = false;
    std::chrono::steady_clock::time_point started_;
    std::FILE *out_;
    std::FILE *err_;
};

/// Runs a program to its end.
[[nodiscard]] Outcome run_program(const std::vector<std::string> &command,
                                  const Environment &environment,
                                  std::chrono::duration<double> limit = std::chrono::seconds(60));

/// Waits until `condition` holds; false where the time is up first.
[[nodiscard]] bool eventually(const std::function<bool()> &condition,
                              std::chrono::duration<double> limit);

} // namespace clprobe::test
