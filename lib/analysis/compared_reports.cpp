#include "analysis/compared_reports.hpp"
#include "analysis/student.hpp"
#include "model/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

namespace clprobe {
namespace {

/// From so many on, their spread tells something of each finding.
constexpr std::size_t several_bases = 3;

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

/// A level of caches that a key is of: "buffer.l" and 2 of "buffer.l2.latency".
struct NumberedLevel {
    std::string stem;
    int number = 0;

    [[nodiscard]] std::string size_key() const { return fmt::format("{}{}.size", stem, number); }
};

std::optional<NumberedLevel> level_of(const std::string &key) {
    for (auto dot = key.find(".l"); dot != key.npos; dot = key.find(".l", dot + 1)) {
        const auto end = std::min(key.find('.', dot + 1), key.size());
        if (const auto number =
                number_in<int>(std::string_view(key).substr(dot + 2, end - dot - 2)))
            return NumberedLevel{key.substr(0, dot + 2), *number};
    }
    return std::nullopt;
}

/// The size of a level, where that record measured it.
const Finding *size_of(const NumberedLevel &level, const ReportedFindings &findings,
                       const ProbeRecord *record) {
    const auto found = findings.find(level.size_key());
    if (found == findings.end() || found->second.record != record ||
        found->second.finding->status != Status::measured)
        return nullptr;
    return found->second.finding;
}

/// How many levels of that kind the record measured anything of.
std::size_t count_levels(const std::string &stem, const ReportedFindings &findings,
                         const ProbeRecord *record) {
    std::set<int> levels;
    for (auto each = findings.lower_bound(stem);
         each != findings.end() && each->first.starts_with(stem); ++each)
        if (const auto level = level_of(each->first);
            level && level->stem == stem && each->second.record == record &&
            each->second.finding->status == Status::measured)
            levels.insert(level->number);
    return levels.size();
}

/// Whether two sizes are of one level: they are near each other, or each is what the other may be.
bool same_size(const Finding &a, const Finding &b) {
    constexpr double near = 1.5;
    const auto may_be = [](const Finding &finding, double size) {
        return finding.interval && finding.interval->contains(size);
    };
    return std::abs(std::log(*a.value / *b.value)) < std::log(near) ||
           (may_be(a, *b.value) && may_be(b, *a.value));
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
    if (!std::isfinite(change.error))
        return "a longer profile: an interval has no end";
    if (std::abs(change.change - change.own_change) > finding.min_effect / 2)
        return "--confirm: most findings moved like this one";
    if (change.bases_differ)
        return fmt::format("{}a quieter machine: the bases differ by more than their intervals say",
                           finding.bases.size() < several_bases ? "more bases or " : "");
    // What would be left of the error with several bases, of as much noise each.
    const double error = std::max(finding.now.error_better, finding.now.error_worse) *
                         std::sqrt(1 + 1.0 / several_bases);
    constexpr double clear = 4; // of many findings
    const double least = finding.min_effect_of_several;
    const double seen = std::abs(change.change);
    if (finding.bases.size() < several_bases &&
        (seen + 2 * error <= least || seen >= std::max(least, clear * error)))
        return "more bases";
    return profile == "thorough" ? "a quieter machine" : "a longer profile";
}

} // namespace

ReportedFindings findings_of(const DeviceRecord &device) {
    ReportedFindings findings;
    for (const ProbeRecord &record : device.probes) {
        const auto by_series = freedom_by_series(record);
        for (const Finding &finding : record.findings) {
            double freedom = least_freedom; // of a summary, too
            for (const std::string &series : finding.evidence)
                if (const auto found = by_series.find(series); found != by_series.end())
                    freedom = std::max(freedom, found->second);
            findings.insert_or_assign(
                finding.key, ReportedFinding{&record, &finding, log_estimate(finding, freedom)});
        }
    }
    return findings;
}

bool same_level(const ReportedFindings &base, const ReportedFindings &now, const std::string &key) {
    const auto level = level_of(key);
    if (!level)
        return true;
    const ProbeRecord *const base_record = base.at(key).record;
    const ProbeRecord *const now_record = now.at(key).record;
    // It goes from the end of the level before it to its own.
    bool has_size = false;
    for (const int number : {level->number - 1, level->number}) {
        const NumberedLevel end{level->stem, number};
        const Finding *before = size_of(end, base, base_record);
        const Finding *after = size_of(end, now, now_record);
        if ((before == nullptr) != (after == nullptr) ||
            (before != nullptr && !same_size(*before, *after)))
            return false;
        has_size = before != nullptr;
    }
    return has_size || count_levels(level->stem, base, base_record) ==
                           count_levels(level->stem, now, now_record);
}

double least_ratio(const CompareOptions &options, std::string_view key, std::size_t bases) {
    double effect = options.min_effect.value_or(bases >= several_bases ? 0.03 : 0.05);
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
        ComparedFinding &number =
            numbers.emplace_back(ComparedFinding{probe,
                                                 least_ratio(options, key.key, bases),
                                                 *key.now.estimate,
                                                 {},
                                                 least_ratio(options, key.key, several_bases)});
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

void count_suspect(const DeviceRecord &now, DeviceComparison &comparison) {
    for (const ProbeRecord &record : now.probes)
        for (const Finding &finding : record.findings)
            if (finding.status == Status::suspect && comparison.suspect++ == 0)
                comparison.suspect_reason = finding.note;
}

void sort_by_verdict(std::vector<FindingComparison> &findings) {
    std::ranges::stable_sort(findings, {}, [](const FindingComparison &finding) {
        return std::tuple(finding.verdict == Verdict::same, finding.verdict,
                          -std::abs(std::log(finding.ratio)));
    });
}

} // namespace clprobe
