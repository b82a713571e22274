#pragma once
#include <clprobe/report.hpp>

namespace clprobe {

/// A report with every member that a report can have, one probe of each status, and numbers that
/// are hard to write down.
[[nodiscard]] Report sample_report();

} // namespace clprobe
