#pragma once
#include "common/level_findings.hpp"
#include "memory/image_latency/layout.hpp"

#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>
#include <clprobe/series.hpp>

#include <optional>
#include <vector>

namespace clprobe::probes::image_latency {

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// The rectangle of texels that a series of pairs shows to belong together: what a miss fetches, or
/// what a line covers. Nothing where the data does not decide, or pairs along x, along y and along
/// both do not agree.
[[nodiscard]] std::optional<Extent> extent_of(const Dataset &data, const char *series);

/// The curve of latency over footprint, ours or somebody's.
[[nodiscard]] std::optional<LatencyCurve> curve_in(const Dataset &data);

/// What the data says, or somebody's bare curve.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::image_latency
