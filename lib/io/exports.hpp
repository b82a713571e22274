#pragma once
#include <clprobe/exports.hpp>

#include <string>
#include <string_view>
#include <vector>

// What the exports share.
namespace clprobe {

/// A finding with where it was found.
struct ExportedFinding {
    const DeviceRecord *device = nullptr;
    const ProbeRecord *probe = nullptr;
    Finding finding; ///< with numbers that a measurement can have, or none
};

/// All findings, by device and key, each once: of several the last, in the place of the first. A
/// probe that has none is there as a finding of its name.
[[nodiscard]] std::vector<ExportedFinding> exported_findings(const Report &report);

/// A text as a name that every tool takes: letters, digits and "._-/", "_" for all else.
[[nodiscard]] std::string tool_name(std::string_view text);

/// "<slug>/<key>", in those characters.
[[nodiscard]] std::string benchmark_name(const ExportedFinding &row);

/// "rusticl 25.0.7": the platform tells whose driver it is, but its version may not be the
/// driver's.
[[nodiscard]] std::string driver_text(const DeviceInfo &device);

/// The prefix in which values of a unit are at hand, the same for all values: tools compare the
/// numbers of one name alone.
struct ToolScale {
    double factor = 1;
    std::string_view unit; ///< empty for plain numbers
};
[[nodiscard]] ToolScale tool_scale(Unit unit);

} // namespace clprobe
