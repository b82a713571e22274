#pragma once

#include <CL/cl.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>

namespace stub {

/// One call of the API: holds the driver's lock while it lasts and appends a line to the file that
/// CLPROBE_STUB_TRACE names, `name` and what the call adds with `detail`.
class Call {
public:
    explicit Call(std::string name);
    ~Call();
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;

    void detail(const std::string &text) { line_ += ' ' + text; }

    /// CL_SUCCESS, or `code` once the device has vanished.
    [[nodiscard]] cl_int device_state(cl_int code) const;

    [[nodiscard]] std::unique_lock<std::mutex> &lock() { return lock_; }

private:
    std::string line_;
    std::unique_lock<std::mutex> lock_;
};

/// Notified whenever commands have been scheduled.
[[nodiscard]] std::condition_variable &scheduled();

/// Counts a launch towards `vanish=N`.
void count_launch();

/// Appends one line to the trace, if there is one.
void trace(std::string line);

} // namespace stub
