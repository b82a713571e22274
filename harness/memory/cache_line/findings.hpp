#pragma once
#include "analysis/size_posterior.hpp"

#include <clprobe/finding.hpp>
#include <clprobe/report.hpp>
#include <clprobe/series.hpp>

#include <vector>

namespace clprobe::probes::cache_line {

/// The keys that the probe makes: line, sector, the memory's fetch.
[[nodiscard]] std::vector<FindingKey> finding_keys();

/// The line as the false sharing of the data has it.
[[nodiscard]] SizeVerdict sharing_verdict(const Dataset &data);
/// The line as the capacity in slots has it.
[[nodiscard]] SizeVerdict capacity_verdict(const Dataset &data);
/// The sector as pairs of loads have it.
[[nodiscard]] SizeVerdict pairs_verdict(const Dataset &data);

/// What the data means: one finding a key.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

/// What the data shows over the stride, and over the distance of two accesses.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

} // namespace clprobe::probes::cache_line
