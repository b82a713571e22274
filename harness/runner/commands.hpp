#pragma once
#include "options.hpp"

#include <clprobe/registry.hpp>

#include <string>
#include <vector>

namespace clprobe::runner {

// Scripts rely on these; a run that a signal stopped has exit_interrupted() (signals.hpp).
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1; ///< a probe failed, or findings differ where they must not
inline constexpr int exit_usage = 2;  ///< wrong usage, or input that cannot be read
inline constexpr int exit_no_device = 3;

// The commands of the program. Each returns the exit status and throws Error (InputError: wrong
// usage or input) for what ends it early.

int devices_command(const DevicesOptions &options, const Registry &registry);
int list_command(const ListOptions &options, const Registry &registry);
int run_command(const RunCommandOptions &options, const Registry &registry,
                std::vector<std::string> command_line);
int inspect_command(const InspectCommandOptions &options, const Registry &registry);
int analyze_command(const AnalyzeOptions &options, const Registry &registry);
int new_probe_command(const NewProbeOptions &options);

} // namespace clprobe::runner
