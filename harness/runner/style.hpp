#pragma once
#include <clprobe/terminal.hpp>

#include <string>

namespace clprobe::runner {

/// What standard output can show: no colour where it is no terminal or NO_COLOR is set
/// (no-color.org).
[[nodiscard]] TextStyle style_of_stdout();

/// Whether stderr is a terminal on which a line can be written over.
[[nodiscard]] bool stderr_can_be_rewritten();

/// Says that on stderr, without what a terminal would take for a command: a message may quote any
/// file, and whatever a driver wrote.
void say(std::string message);

} // namespace clprobe::runner
