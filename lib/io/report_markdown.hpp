#pragma once
#include <clprobe/report.hpp>

#include <string>

// Parts of a report as Markdown, for a README or an issue.
namespace clprobe {

/// A heading that names the device and its driver.
[[nodiscard]] std::string device_markdown(const DeviceInfo &device);

/// One probe's findings as a table: each with its value or its status, and its method or the
/// reason.
[[nodiscard]] std::string probe_markdown(const ProbeRecord &record);

} // namespace clprobe
