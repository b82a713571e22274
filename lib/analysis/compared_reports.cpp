#include "analysis/compared_reports.hpp"
#include "analysis/student.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

namespace clprobe {
namespace {

/// Of six blocks, and where nothing is known of the samples: in a summary.
constexpr double least_freedom = 5;

/// The degrees of freedom that intervals from each series of a record have: one less than its
/// blocks of samples. What was not sampled in blocks was decided by a contrast, and its interval is
/// the step that the experiment took: it is no scatter that more samples would tell better.
std::map<std::string, double> freedom_by_series(const ProbeRecord &record) {
    std::map<std::string, double> freedom;
    for (const Series &series : record.data.series) {
        std::set<int> blocks;
        for (const Point &point : series.points)
            blocks.insert(point.block.begin(), point.block.end());
        // Intervals of fewer blocks are Student's themselves.
        freedom[series.name] =
            blocks.empty() ? std::numeric_limits<double>::infinity()
                           : std::max(least_freedom, static_cast<double>(blocks.size()) - 1);
    }
    return freedom;
}

/// "buffer.l2.size" of "buffer.l2.latency"; empty for what is of no level.
std::string size_key(const std::string &key) {
    for (auto dot = key.find(".l"); dot != key.npos; dot = key.find(".l", dot + 1)) {
        const auto end = key.find_first_not_of("0123456789", dot + 2);
        if (end != key.npos && end > dot + 2 && key[end] == '.')
            return key.substr(0, end) + ".size";
    }
    return {};
}

/// The size of the level that a key is of, where the same record measured it.
const Finding *size_of_level(const ReportedFindings &findings, const std::string &key) {
    const auto found = findings.find(size_key(key));
    if (found == findings.end() || found->second.record != findings.at(key).record ||
        found->second.finding->status != Status::measured)
        return nullptr;
    return found->second.finding;
}

/// How many levels of that kind have a measured finding beside this one.
std::size_t levels_beside(const ReportedFindings &findings, const std::string &key) {
    const std::string size = size_key(key);
    const std::size_t number = size.find_last_not_of("0123456789", size.rfind(".size") - 1) + 1;
    std::set<std::string> levels;
    for (auto each = findings.lower_bound(size.substr(0, number));
         each != findings.end() && each->first.starts_with(size.substr(0, number)); ++each)
        if (each->second.record == findings.at(key).record &&
            each->second.finding->status == Status::measured)
            levels.insert(size_key(each->first));
    return levels.size();
}

Interval interval_of_ratio(const LogChange &change, Better better) {
    const double half = change.error > 0 ? student_point(0.025, change.freedom) * change.error : 0;
    const double low = std::exp(change.change - half);
    const double high = std::exp(change.change + half);
    return better == Better::lower ? Interval{low, high} : Interval{1 / high, 1 / low};
}

/// What would decide a finding that these reports do not.
std::string what_decides(const ComparedFinding &finding, const LogChange &change,
                         const std::string &profile) {
    constexpr std::size_t several = 3;
    if (!std::isfinite(change.error))
        return "a longer profile: an interval has no end";
    if (std::abs(change.change - change.own_change) > finding.min_effect / 2)
        return "--confirm: most findings moved like this one";
    if (change.bases_differ)
        return fmt::format("{}a quieter machine: the bases differ by more than their intervals say",
                           finding.bases.size() < several ? "more bases or " : "");
    // What three bases would leave, of as much noise each.
    const double own = std::max(finding.now.error_better, finding.now.error_worse);
    if (finding.bases.size() < several &&
        2 * own * std::sqrt(1 + 1.0 / several) <= finding.min_effect)
        return "more bases";
    return profile == "thorough" ? "a quieter machine" : "a longer profile";
}

} // namespace

ReportedFindings findings_of(const DeviceRecord &device) {
    ReportedFindings findings;
    for (const ProbeRecord &record : device.probes) {
        const auto by_series = freedom_by_series(record);
        for (const Finding &finding : record.findings) {
            double freedom = least_freedom;
            for (const std::string &series : finding.evidence)
                if (const auto found = by_series.find(series); found != by_series.end())
                    freedom = std::max(freedom, found->second);
            findings.insert({finding.key, {&record, &finding, log_estimate(finding, freedom)}});
        }
    }
    return findings;
}

bool same_level(const ReportedFindings &base, const ReportedFindings &now, const std::string &key) {
    if (size_key(key).empty())
        return true;
    const Finding *before = size_of_level(base, key);
    const Finding *after = size_of_level(now, key);
    if ((before == nullptr) != (after == nullptr))
        return false;
    if (before == nullptr)
        return levels_beside(base, key) == levels_beside(now, key);
    // Caches of one device differ by more than this from level to level.
    constexpr double alike = 2;
    const Interval was = before->interval.value_or(Interval{*before->value, *before->value});
    const Interval is = after->interval.value_or(Interval{*after->value, *after->value});
    return (was.low <= is.high && is.low <= was.high) ||
           std::abs(std::log(*after->value / *before->value)) < std::log(alike);
}

double least_ratio(const CompareOptions &options, std::string_view key, std::size_t bases) {
    constexpr std::size_t several = 3;
    double effect = options.min_effect.value_or(bases >= several ? 0.03 : 0.05);
    for (const auto &[listed, special] : options.min_effects)
        if (is_listed_as(key, listed))
            effect = special;
    return std::log1p(effect);
}

const ReportedFinding *counterpart(const ReportedFindings &base, const ReportedFindings &now,
                                   const std::string &key) {
    const auto before = base.find(key);
    const auto after = now.find(key);
    if (before == base.end() || after == now.end() || !before->second.estimate ||
        !after->second.estimate)
        return nullptr;
    const Finding &was = *before->second.finding;
    const Finding &is = *after->second.finding;
    return was.unit == is.unit && was.better == is.better && same_level(base, now, key)
               ? &before->second
               : nullptr;
}

std::vector<ComparedKey> compared_keys(std::span<const ReportedFindings *const> bases,
                                       const ReportedFindings &now) {
    std::vector<ComparedKey> keys;
    for (const auto &[key, finding] : now) {
        ComparedKey compared{key, finding, {}};
        for (const ReportedFindings *base : bases)
            if (const ReportedFinding *before = counterpart(*base, now, key))
                compared.bases.push_back(*before);
        if (!compared.bases.empty())
            keys.push_back(std::move(compared));
    }
    return keys;
}

std::vector<ComparedFinding> numbers_of(std::span<const ComparedKey> keys, std::size_t bases,
                                        const CompareOptions &options) {
    std::map<std::string, std::size_t> probes;
    std::vector<ComparedFinding> numbers;
    for (const ComparedKey &key : keys) {
        const std::size_t probe =
            probes.emplace(key.now.record->probe, probes.size()).first->second;
        ComparedFinding &number = numbers.emplace_back(
            ComparedFinding{probe, least_ratio(options, key.key, bases), *key.now.estimate, {}});
        for (const ReportedFinding &base : key.bases)
            number.bases.push_back(*base.estimate);
    }
    return numbers;
}

FindingComparison compared(const ComparedKey &key, double value, const ComparedFinding &numbers,
                           const LogChange &change) {
    const Finding &finding = *key.now.finding;
    FindingComparison result;
    result.probe = key.now.record->probe;
    result.key = key.key;
    result.unit = finding.unit;
    result.better = finding.better;
    result.bases = key.bases.size();
    result.value = value;
    result.ratio = std::exp(finding.better == Better::lower ? change.change : -change.change);
    result.base = result.value / result.ratio;
    result.interval = interval_of_ratio(change, finding.better);
    result.p_worse = change.p_worse;
    result.p_better = change.p_better;
    result.min_effect = std::expm1(numbers.min_effect);
    result.bases_differ = change.bases_differ;
    if (change.worse || change.better)
        result.verdict = change.worse ? Verdict::worse : Verdict::better;
    else if (result.interval.low >= 1 / (1 + result.min_effect) &&
             result.interval.high <= 1 + result.min_effect)
        result.verdict = Verdict::same;
    else
        result.note = what_decides(numbers, change, key.now.record->profile);
    return result;
}

void sort_by_verdict(std::vector<FindingComparison> &findings) {
    std::ranges::stable_sort(findings, {}, [](const FindingComparison &finding) {
        return std::tuple(finding.verdict == Verdict::same, finding.verdict,
                          -std::abs(std::log(finding.ratio)));
    });
}

} // namespace clprobe
