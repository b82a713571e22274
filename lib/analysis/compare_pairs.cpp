#include "analysis/compared_reports.hpp"
#include "analysis/reported_changes.hpp"

#include <clprobe/compare.hpp>
#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace clprobe {
namespace {

constexpr std::size_t least_pairs = 2; // one tells nothing of the noise

/// The only device of each report.
std::vector<ReportedDevice> devices_of(std::span<const Report> reports) {
    std::vector<ReportedDevice> devices;
    for (const Report &report : reports) {
        if (report.devices.size() != 1)
            throw InputError(fmt::format("pairs are of reports of one device, and one holds {}",
                                         report.devices.size()));
        devices.push_back({&report, &report.devices.front()});
    }
    return devices;
}

std::vector<ReportedFindings> findings_of_all(std::span<const ReportedDevice> devices) {
    std::vector<ReportedFindings> findings;
    for (const ReportedDevice &device : devices)
        findings.push_back(findings_of(*device.record));
    return findings;
}

/// A key that at least two pairs measured on both sides.
struct PairedKey {
    ComparedKey key;
    double value = 0; ///< the geometric mean of the new ones
    ComparedFinding pairs;
};

std::vector<PairedKey> paired_keys(std::span<const ReportedFindings> bases,
                                   std::span<const ReportedFindings> now,
                                   const CompareOptions &options) {
    std::set<std::string> names;
    for (const ReportedFindings &findings : now)
        for (const auto &[key, finding] : findings)
            names.insert(key);
    std::map<std::string, std::size_t> probes;
    std::vector<PairedKey> keys;
    for (const std::string &name : names) {
        PairedKey paired{{name, {}, {}}, 0, {}};
        for (std::size_t i = 0; i < now.size(); ++i) {
            const ReportedFinding *const base = counterpart(bases[i], now[i], name);
            if (base == nullptr)
                continue;
            paired.key.now = now[i].at(name);
            paired.key.bases.push_back(*base);
            paired.value += std::log(*paired.key.now.finding->value);
            paired.pairs.bases.push_back(pair_estimate(*base->estimate, *paired.key.now.estimate));
        }
        const std::size_t pairs = paired.key.bases.size();
        if (pairs < least_pairs)
            continue;
        paired.value = std::exp(paired.value / static_cast<double>(pairs));
        paired.pairs.probe =
            probes.emplace(paired.key.now.record->probe, probes.size()).first->second;
        paired.pairs.min_effect = least_ratio(options, name, pairs);
        paired.pairs.now.freedom = std::numeric_limits<double>::infinity();
        keys.push_back(std::move(paired));
    }
    return keys;
}

/// What has changed in each of the new reports, against all bases.
std::vector<StatusChange> lasting_changes(std::span<const ReportedDevice> bases,
                                          std::span<const ReportedFindings> findings,
                                          std::span<const ReportedDevice> now,
                                          std::span<const ReportedFindings> findings_now) {
    std::vector<const ReportedFindings *> before;
    for (const ReportedFindings &each : findings)
        before.push_back(&each);
    std::vector<StatusChange> lasting;
    for (std::size_t i = 0; i < now.size(); ++i) {
        const auto changes = status_changes(bases, before, *now[i].record, findings_now[i]);
        if (i == 0)
            lasting = changes;
        std::erase_if(lasting, [&](const StatusChange &change) {
            return std::ranges::none_of(changes, [&](const StatusChange &each) {
                return std::tie(each.kind, each.probe, each.key) ==
                       std::tie(change.kind, change.probe, change.key);
            });
        });
    }
    return lasting;
}

} // namespace

Comparison compare_pairs(std::span<const Report> bases, std::span<const Report> now,
                         const CompareOptions &options) {
    if (bases.size() != now.size() || now.size() < least_pairs)
        throw InputError(fmt::format("pairs are as many bases as new reports, two at least, and "
                                     "not {} and {}",
                                     bases.size(), now.size()));
    const std::vector<ReportedDevice> before = devices_of(bases);
    const std::vector<ReportedDevice> after = devices_of(now);
    const std::vector<ReportedFindings> findings_before = findings_of_all(before);
    const std::vector<ReportedFindings> findings_after = findings_of_all(after);
    const std::vector<PairedKey> keys = paired_keys(findings_before, findings_after, options);
    std::vector<ComparedFinding> pairs;
    for (const PairedKey &key : keys)
        pairs.push_back(key.pairs);
    const JudgedFindings judged = judge_pairs(pairs);

    DeviceComparison comparison;
    comparison.device = after.front().record->device;
    comparison.bases = bases.size();
    comparison.paired = true;
    comparison.differences = differences_between(before, after.front());
    count_suspect(*after.front().record, comparison);
    for (std::size_t i = 0; i < keys.size(); ++i)
        comparison.findings.push_back(
            compared(keys[i].key, keys[i].value, pairs[i], judged.changes[i]));
    for (FindingComparison &finding : comparison.findings)
        if (finding.verdict == Verdict::undecided)
            finding.note = "more pairs, a longer profile or a quieter machine";
    sort_by_verdict(comparison.findings);
    comparison.changes = lasting_changes(before, findings_before, after, findings_after);
    return {{std::move(comparison)}, {}};
}

} // namespace clprobe
