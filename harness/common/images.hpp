#pragma once
#include <clprobe/device.hpp>

#include <optional>
#include <string>

namespace clprobe::probes {

/// Why a probe that reads images cannot ask that device; nothing where it has them.
[[nodiscard]] std::optional<std::string> unsupported_without_images(const DeviceInfo &device);

} // namespace clprobe::probes
