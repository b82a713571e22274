#pragma once
#include <clprobe/finding.hpp>
#include <clprobe/levels.hpp>
#include <clprobe/report.hpp>
#include <clprobe/series.hpp>

#include <vector>

namespace clprobe::probes::image_bandwidth {

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// Bandwidth over footprint, and its medians for people.
[[nodiscard]] std::vector<CurvePoint> bandwidth_curve(const Dataset &data);
[[nodiscard]] Curve shown_curve(const Dataset &data);

/// What the data says: a rate for each format and filter, with what it is limited by, and a
/// bandwidth for each level that the curve over the footprint shows.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::image_bandwidth
