#pragma once
#include "io/markup.hpp"
#include "io/terminal.hpp"

#include <clprobe/compare.hpp>
#include <clprobe/json.hpp>

#include <string>
#include <vector>

namespace clprobe {

/// For a terminal: a line that sums up each device, what else differs, then what changed. What is
/// undecided is grouped by what would decide it, what is the same is counted; `all` lists both.
[[nodiscard]] std::string comparison_text(const Comparison &comparison, const TextStyle &style,
                                          bool all);

/// For a comment on a merge request: a line that sums up, the rows that changed, the rest folded.
[[nodiscard]] std::string comparison_markdown(const Comparison &comparison);

/// Worse and failing are failures, undecided and lost are skipped, or failures where `strict`.
[[nodiscard]] std::vector<JunitCase> junit_cases(const Comparison &comparison, bool strict);

/// "15 of 17 probes moved together, by 4.1 % for the worse".
[[nodiscard]] std::string moved_together(const CommonShift &shift);

[[nodiscard]] Json to_json(const Comparison &comparison);

/// A table of the rates, and which findings were called worse.
[[nodiscard]] std::string calibration_text(const Calibration &calibration, const TextStyle &style);
[[nodiscard]] Json to_json(const Calibration &calibration);

} // namespace clprobe
