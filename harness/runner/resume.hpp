#pragma once
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>

#include <span>
#include <string>

namespace clprobe::runner {

/// Throws InputError, saying what differs, where going on with the report would mix what cannot be
/// compared: another version of the tool, other kernels, or, of a device that is to be measured
/// now, another driver.
void check_resumable(const Report &report, std::string_view tool_version, const Registry &registry,
                     std::span<const DeviceInfo> devices);

/// Takes out the records that have to be made anew: the failed ones, and those that an interruption
/// cut short.
void forget_unfinished(Report &report);

} // namespace clprobe::runner
