#pragma once
#include <clprobe/registry.hpp>

namespace clprobe {

/// The program `clprobe` on the probes of a registry: parses the command line and returns the exit
/// status. `main` of a program with its own probes is a call of this.
int run_main(int argc, char **argv, const Registry &registry);

} // namespace clprobe
