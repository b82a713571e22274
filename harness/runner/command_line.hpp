#pragma once
#include <clprobe/registry.hpp>

namespace clprobe::runner {

/// Parses the command line, runs the command and returns the exit status. Throws what the commands
/// throw.
int run_command_line(int argc, char **argv, const Registry &registry);

} // namespace clprobe::runner
