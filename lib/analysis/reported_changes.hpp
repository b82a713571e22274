#pragma once
#include "analysis/compared_reports.hpp"

#include <clprobe/compare.hpp>
#include <clprobe/report.hpp>

#include <span>
#include <string>
#include <vector>

// What a comparison says of two reports besides their findings' values.
namespace clprobe {

/// A device as one report has it.
struct ReportedDevice {
    const Report *report = nullptr;
    const DeviceRecord *record = nullptr;
};

/// What else is not as it was, a sentence each, with the number of bases that it is true of, where
/// it is not true of all.
[[nodiscard]] std::vector<std::string> differences_between(std::span<const ReportedDevice> bases,
                                                           const ReportedDevice &now);

/// `findings` are those of the bases, in their order.
[[nodiscard]] std::vector<StatusChange>
status_changes(std::span<const ReportedDevice> bases,
               std::span<const ReportedFindings *const> findings, const DeviceRecord &now,
               const ReportedFindings &findings_now);

} // namespace clprobe
