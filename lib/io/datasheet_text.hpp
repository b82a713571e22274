#pragma once
#include "io/terminal.hpp"

#include <clprobe/datasheet.hpp>
#include <clprobe/report.hpp>

#include <span>
#include <string>

namespace clprobe {

/// The datasheet of a device of the report, the device's heading above it: at most 40 lines at 100
/// columns, however much was found, and readable at 60. It ends with the verdicts on what was
/// claimed of the device, of all that was checked.
[[nodiscard]] std::string datasheet_text(const Report &report, const DeviceRecord &device,
                                         const TextStyle &style,
                                         std::span<const CheckedExpectation> checked = {});

/// The same as Markdown, for a README or an issue.
[[nodiscard]] std::string datasheet_markdown(const Report &report, const DeviceRecord &device,
                                             std::span<const CheckedExpectation> checked = {});

} // namespace clprobe
