#pragma once
#include "io/terminal.hpp"

#include <clprobe/device.hpp>

#include <cstddef>
#include <string>

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

} // namespace clprobe::runner
