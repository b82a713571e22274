#include "analysis/compared_reports.hpp"
#include "analysis/reported_changes.hpp"
#include "analysis/student.hpp"
#include "model/text.hpp"

#include <clprobe/compare.hpp>
#include <clprobe/error.hpp>
#include <clprobe/probe.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace clprobe {
namespace {

constexpr Names<Verdict, 4> verdicts = {{{Verdict::worse, "worse"},
                                         {Verdict::better, "better"},
                                         {Verdict::same, "same"},
                                         {Verdict::undecided, "undecided"}}};
constexpr Names<StatusChange::Kind, 3> kinds = {{{StatusChange::Kind::fails, "fails"},
                                                 {StatusChange::Kind::lost, "lost"},
                                                 {StatusChange::Kind::gained, "gained"}}};

/// Runs of seconds on a CPU see one state of a machine that has several.
std::string advisory_for(const ReportedDevice &now, std::size_t bases) {
    constexpr std::size_t enough = 5;
    const auto profile = parse_profile(now.report->profile);
    const bool quick = !profile || *profile < Profile::standard;
    if (now.record->device.type != DeviceType::cpu || !quick || bases >= enough)
        return {};
    return fmt::format("a hint only: quick runs of a CPU decide with {} bases and more, and here "
                       "{} {}",
                       enough, bases, bases == 1 ? "is one" : "are");
}

DeviceComparison compare_device(std::span<const ReportedDevice> bases, const ReportedDevice &now,
                                const CompareOptions &options) {
    std::vector<ReportedFindings> before;
    for (const ReportedDevice &base : bases)
        before.push_back(findings_of(*base.record));
    std::vector<const ReportedFindings *> before_all;
    for (const ReportedFindings &findings : before)
        before_all.push_back(&findings);
    const ReportedFindings after = findings_of(*now.record);
    const std::vector<ComparedKey> keys = compared_keys(before_all, after);
    const std::vector<ComparedFinding> numbers = numbers_of(keys, bases.size(), options);
    const JudgedFindings judged = judge(numbers);

    DeviceComparison comparison;
    comparison.device = now.record->device;
    comparison.bases = bases.size();
    comparison.differences = differences_between(bases, now);
    comparison.advisory = advisory_for(now, bases.size());
    comparison.shift = judged.shift;
    count_suspect(*now.record, comparison);
    for (std::size_t i = 0; i < keys.size(); ++i)
        comparison.findings.push_back(
            compared(keys[i], *keys[i].now.finding->value, numbers[i], judged.changes[i]));
    sort_by_verdict(comparison.findings);
    comparison.changes = status_changes(bases, before_all, *now.record, after);
    return comparison;
}

bool is_worse(const FindingComparison &finding) {
    return finding.verdict == Verdict::worse;
}

std::string named(const DeviceInfo &device) {
    return fmt::format("{} ({})", device.name, device.slug);
}

/// A single finding, looked for where it was seen: nothing to allow for many.
constexpr double shows_again = 0.05;

void confirm_finding(FindingComparison &finding, const FindingComparison *again) {
    if (again == nullptr) {
        finding.verdict = Verdict::undecided;
        finding.note = "a second run did not measure it";
        return;
    }
    const double change = 100 * (again->ratio - 1);
    const double slowdown = finding.better == Better::lower ? again->ratio : 1 / again->ratio;
    if (again->p_worse <= shows_again && slowdown >= 1 + finding.min_effect) {
        finding.note = fmt::format("again in a second run: {:+.1f} %", change);
    } else {
        finding.verdict = again->verdict == Verdict::same ? Verdict::same : Verdict::undecided;
        finding.note = fmt::format("not again in a second run: {:+.1f} %", change);
    }
}

void confirm_shift(std::optional<CommonShift> &shift, const std::optional<CommonShift> &again) {
    if (!shift)
        return;
    if (again && (again->change > 0) == (shift->change > 0))
        shift->confirmed = true;
    else
        shift.reset();
}

} // namespace

std::string_view name(Verdict verdict) {
    return word_of(verdicts, verdict);
}
std::string_view name(StatusChange::Kind kind) {
    return word_of(kinds, kind);
}

std::size_t Comparison::count(Verdict verdict) const {
    std::size_t sum = 0;
    for (const DeviceComparison &device : devices)
        sum += static_cast<std::size_t>(
            std::ranges::count(device.findings, verdict, &FindingComparison::verdict));
    return sum;
}

std::size_t Comparison::count(StatusChange::Kind kind) const {
    std::size_t sum = 0;
    for (const DeviceComparison &device : devices)
        sum +=
            static_cast<std::size_t>(std::ranges::count(device.changes, kind, &StatusChange::kind));
    return sum;
}

bool Comparison::fails(bool strict) const {
    if (count(StatusChange::Kind::fails) > 0)
        return true;
    const bool worse = std::ranges::any_of(devices, [&](const DeviceComparison &device) {
        return (strict || device.advisory.empty()) &&
               (std::ranges::any_of(device.findings, is_worse) ||
                (device.shift && device.shift->confirmed && device.shift->change > 0));
    });
    if (worse || !strict)
        return worse;
    return count(Verdict::undecided) > 0 || count(StatusChange::Kind::lost) > 0 ||
           std::ranges::any_of(
               devices, [](const DeviceComparison &device) { return device.shift.has_value(); });
}

Comparison compare(std::span<const Report> bases, const Report &now,
                   const CompareOptions &options) {
    if (bases.empty())
        throw InputError("nothing to compare with: name a base before the new report");
    Comparison comparison;
    std::set<std::string> known;
    for (const DeviceRecord &device : now.devices) {
        std::vector<ReportedDevice> before;
        for (const Report &base : bases)
            for (const DeviceRecord &record : base.devices)
                if (record.device.slug == device.device.slug &&
                    record.device.name == device.device.name)
                    before.push_back({&base, &record});
        known.insert(named(device.device));
        if (before.empty())
            comparison.unmatched.push_back(fmt::format("no base has {}", named(device.device)));
        else
            comparison.devices.push_back(compare_device(before, {&now, &device}, options));
    }
    std::string others;
    for (const Report &base : bases)
        for (const DeviceRecord &record : base.devices)
            if (known.insert(named(record.device)).second) {
                comparison.unmatched.push_back(
                    fmt::format("the new report has no {}", named(record.device)));
                others = named(record.device);
            }
    if (comparison.devices.empty())
        throw InputError(fmt::format(
            "the reports are of different devices, {} and {}: a comparison is of one device at two "
            "times; `clprobe html` sets devices side by side",
            others.empty() ? "none" : others,
            now.devices.empty() ? "none" : named(now.devices.front().device)));
    return comparison;
}

std::vector<std::string> probes_to_confirm(const DeviceComparison &device) {
    std::set<std::string> probes;
    for (const FindingComparison &finding : device.findings)
        if (device.shift || is_worse(finding))
            probes.insert(finding.probe);
    for (const StatusChange &change : device.changes)
        if (change.kind == StatusChange::Kind::fails)
            probes.insert(change.probe);
    return {probes.begin(), probes.end()};
}

Comparison confirm(Comparison comparison, std::span<const Report> bases, const Report &again,
                   const CompareOptions &options) {
    const Comparison second = compare(bases, again, options);
    for (DeviceComparison &device : comparison.devices) {
        const auto found =
            std::ranges::find(second.devices, device.device.slug,
                              [](const DeviceComparison &each) { return each.device.slug; });
        if (found == second.devices.end())
            continue;
        for (FindingComparison &finding : device.findings)
            if (is_worse(finding))
                confirm_finding(finding,
                                pointer_to(found->findings, finding.key, &FindingComparison::key));
        for (StatusChange &change : device.changes)
            if (change.kind == StatusChange::Kind::fails &&
                std::ranges::none_of(found->changes, [&](const StatusChange &each) {
                    return each.kind == change.kind && each.probe == change.probe &&
                           each.key == change.key;
                })) {
                change.kind = StatusChange::Kind::lost;
                change.reason = "failed once, and not in a second run: " + change.reason;
            }
        confirm_shift(device.shift, found->shift);
        sort_by_verdict(device.findings);
    }
    return comparison;
}

} // namespace clprobe
