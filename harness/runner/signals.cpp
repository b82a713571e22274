#include "signals.hpp"

#include <pthread.h>
#include <unistd.h>

namespace clprobe::runner {

namespace {
std::atomic<int> last_signal = SIGINT;
} // namespace

int exit_interrupted() {
    return 128 + last_signal;
}

Interrupts::Interrupts() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_);
    watcher_ = std::thread([this] { watch(); });
}

Interrupts::~Interrupts() {
    closing_ = true;
    pthread_kill(watcher_.native_handle(), SIGINT); // wakes it up
    watcher_.join();
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

// A thread that waits for the signals may do what a signal's handler must not: stop the token.
void Interrupts::watch() {
    for (int signal = 0; sigwait(&signals_, &signal) == 0;) {
        if (closing_)
            return;
        last_signal = signal;
        if (!stop_.request_stop())
            ::_exit(exit_interrupted());
    }
}

} // namespace clprobe::runner
