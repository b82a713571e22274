#include "console.hpp"
#include "measure/machine.hpp"

#include <algorithm>
#include <cctype>
#include <iostream>
#include <pthread.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace clprobe::runner {
namespace {

std::atomic<int> last_signal = SIGINT;

bool is_terminal(int file) {
    const std::string kind = environment("TERM");
    return ::isatty(file) == 1 && !kind.empty() && kind != "dumb";
}

std::size_t width_of(int file) {
    winsize size{};
    const bool known = ::ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : usual_width;
}

/// The first of these that is set decides (POSIX, "Environment Variables").
bool locale_is_utf8() {
    for (const char *name : {"LC_ALL", "LC_CTYPE", "LANG"})
        if (const auto value = environment(name); !value.empty())
            return value.ends_with("UTF-8") || value.ends_with("utf8");
    return false;
}

} // namespace

TextStyle style_of_stdout() {
    return {width_of(STDOUT_FILENO), locale_is_utf8(),
            is_terminal(STDOUT_FILENO) && environment("NO_COLOR").empty()};
}

ProgressLine::ProgressLine() : enabled_(is_terminal(STDERR_FILENO)) {}

void ProgressLine::show(const std::string &text) {
    if (!enabled_)
        return;
    // A line that wraps could not be written over.
    const std::string line = text.substr(0, width_of(STDERR_FILENO) - 1);
    std::cerr << '\r' << line << std::string(shown_ - std::min(shown_, line.size()), ' ')
              << std::flush;
    shown_ = line.size();
}

void ProgressLine::clear() {
    if (shown_ == 0)
        return;
    show("");
    std::cerr << '\r' << std::flush;
}

void say_in_use(const DeviceInfo &device, const std::string &holder) {
    say(device.slug + " is in use: waiting for " + holder);
}

void say(std::string message) {
    std::ranges::replace_if(
        message,
        [](char letter) {
            return std::iscntrl(static_cast<unsigned char>(letter)) != 0 && letter != '\n' &&
                   letter != '\t';
        },
        '?');
    std::cerr << "clprobe: " << message << '\n';
}

int exit_interrupted() {
    return 128 + last_signal;
}

Interrupts::Interrupts() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_);
    // A thread that waits for the signals may do what a signal's handler must not: stop the token.
    watcher_ = std::thread([this] {
        for (int signal = 0; sigwait(&signals_, &signal) == 0 && !closing_;) {
            last_signal = signal;
            if (!stop_.request_stop())
                ::_exit(exit_interrupted());
        }
    });
}

Interrupts::~Interrupts() {
    closing_ = true;
    pthread_kill(watcher_.native_handle(), SIGINT); // wakes it up
    watcher_.join();
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

} // namespace clprobe::runner
