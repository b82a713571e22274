#pragma once
#include "analysis/compared_findings.hpp"

#include <clprobe/report.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a comparison takes from reports.
namespace clprobe {

/// A finding of a report, as comparisons need it.
struct ReportedFinding {
    const ProbeRecord *record = nullptr;
    const Finding *finding = nullptr;
    std::optional<LogEstimate> estimate; ///< of one that can be compared
};

/// The findings of a device by their keys, of several with one key the last. It points into the
/// record.
using ReportedFindings = std::map<std::string, ReportedFinding>;
[[nodiscard]] ReportedFindings findings_of(const DeviceRecord &device);

/// Whether both are of the same thing: a level of caches has the same number in two runs, and is
/// another one, where one of them did not find all levels.
[[nodiscard]] bool same_level(const ReportedFindings &base, const ReportedFindings &now,
                              const std::string &key);

/// The base's finding that the new report's of that key can be compared with; null where one of
/// them measured none, or they are not of the same thing.
[[nodiscard]] const ReportedFinding *
counterpart(const ReportedFindings &base, const ReportedFindings &now, const std::string &key);

/// The logarithm of the least ratio that counts for a finding, with so many bases.
[[nodiscard]] double least_ratio(const CompareOptions &options, std::string_view key,
                                 std::size_t bases);

/// A key that can be compared: where it is, and what its bases and the new report say.
struct ComparedKey {
    std::string key;
    ReportedFinding now;
    std::vector<ReportedFinding> bases;
};
/// In the order of the keys.
[[nodiscard]] std::vector<ComparedKey> compared_keys(std::span<const ReportedFindings *const> bases,
                                                     const ReportedFindings &now);

/// The same as numbers to judge.
[[nodiscard]] std::vector<ComparedFinding>
numbers_of(std::span<const ComparedKey> keys, std::size_t bases, const CompareOptions &options);

/// What is said of a key, whose new value is that, by how its numbers were judged.
[[nodiscard]] FindingComparison compared(const ComparedKey &key, double value,
                                         const ComparedFinding &numbers, const LogChange &change);

/// Counts what is suspect, and says why.
void count_suspect(const DeviceRecord &now, DeviceComparison &comparison);

/// Those that changed first, and the most changed first of them.
void sort_by_verdict(std::vector<FindingComparison> &findings);

} // namespace clprobe
