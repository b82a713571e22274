#pragma once
#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace clprobe::runner {

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
    void watch();

    std::stop_source stop_;
    std::atomic<bool> closing_ = false;
    sigset_t signals_{};
    sigset_t mask_before_{};
    std::thread watcher_;
};

} // namespace clprobe::runner
