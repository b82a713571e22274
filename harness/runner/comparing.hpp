#pragma once
#include "commands.hpp"
#include "isolation.hpp"

#include <clprobe/compare.hpp>
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>

#include <string>
#include <vector>

// What `compare` and `ab` share.
namespace clprobe::runner {

/// The effects that the options and their file ask for. Throws InputError for a number that is
/// none, and for a key that no probe makes.
[[nodiscard]] CompareOptions compare_options(const Options &options, const Registry &registry);

/// Writes the comparison wherever the options say, and returns the exit status.
int show_comparison(const Comparison &comparison, const Options &options, const char *title);

/// Adds one planned probe after the other to the report of one device, as `run` does, and says on
/// stderr how far it is. `before` goes in front of that.
void run_probes(const std::vector<PlannedProbe> &planned, const DeviceInfo &device,
                const Worker &worker, const RunOptions &run, const std::string &before,
                Report &report);

} // namespace clprobe::runner
