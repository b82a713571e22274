#include "behaviour.hpp"
#include "call.hpp"
#include "objects.hpp"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace stub {
namespace {

std::mutex &driver_lock() {
    static auto &mutex = *new std::mutex;
    return mutex;
}

long long launches = 0;

template <class T>
void trace_leaks(const char *kind) {
    const auto left = std::ranges::count_if(
        shells<T>(), [](const auto &shell) { return shell.second->body.has_value(); });
    if (left > 0)
        trace("leaked " + std::string(kind) + " " + std::to_string(left));
}

/// Says at the process's end which handles were never released.
const struct Leaks {
    ~Leaks() {
        const std::lock_guard guard(driver_lock());
        trace_leaks<_cl_context>("context");
        trace_leaks<_cl_command_queue>("queue");
        trace_leaks<_cl_event>("event");
        trace_leaks<_cl_mem>("memory");
        trace_leaks<_cl_program>("program");
        trace_leaks<_cl_kernel>("kernel");
    }
} leaks;

} // namespace

void trace(std::string line) {
    static const int file = [] {
        const char *path = std::getenv("CLPROBE_STUB_TRACE");
        return path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
    }();
    if (file < 0)
        return;
    line += '\n';
    // One write a line: child processes append to the same file.
    if (write(file, line.data(), line.size()) < 0)
        crash();
}

Call::Call(std::string name) : line_(std::move(name)), lock_(driver_lock()) {}

Call::~Call() {
    trace(std::move(line_));
}

cl_int Call::device_state(cl_int code) const {
    const bool vanishes = behaviour().asks("vanish");
    return vanishes && launches >= behaviour().number("vanish", 0) ? code : CL_SUCCESS;
}

std::condition_variable &scheduled() {
    static auto &changed = *new std::condition_variable;
    return changed;
}

void count_launch() {
    ++launches;
}

} // namespace stub
