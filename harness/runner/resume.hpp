#pragma once
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>
#include <clprobe/session.hpp>

#include <span>
#include <string>

namespace clprobe::runner {

/// Throws InputError, saying what differs, where going on with the report would mix what cannot be
/// compared: another version of the tool, other kernels, or, of a device that is to be measured
/// now, another driver.
void check_resumable(const Report &report, std::string_view tool_version, const Registry &registry,
                     std::span<const DeviceInfo> devices);

/// Takes out the records that have to be made anew: the failed ones, those that an interruption cut
/// short, and those made briefly for another probe that are now asked for themselves.
void forget_unfinished(Report &report, std::span<const PlannedProbe> planned);

} // namespace clprobe::runner
