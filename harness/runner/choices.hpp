#pragma once
#include <clprobe/registry.hpp>
#include <clprobe/report.hpp>

#include <filesystem>
#include <vector>

namespace clprobe::runner {

// What `clprobe tune` chose is kept for later runs, in a file for each device under each driver.

/// In `$XDG_CACHE_HOME/clprobe/tuning`, by default `~/.cache/clprobe/tuning`. Throws InputError
/// where neither that variable nor HOME is set.
[[nodiscard]] std::filesystem::path choices_file(const DeviceInfo &device);

/// The choices kept for that device, as far as they are of kernels as they are now. None where
/// there is no such file; one that cannot be read is named on stderr.
[[nodiscard]] std::vector<Choice> kept_choices(const DeviceInfo &device, const Registry &registry);

/// Keeps what tuning chose for a device, in place of earlier choices for the same shapes, and says
/// where. Throws Error where the file cannot be written.
void keep_choices(const DeviceRecord &device, const Registry &registry);

} // namespace clprobe::runner
