#include "analysis/compared_findings.hpp"
#include "analysis/student.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace clprobe {
namespace {

constexpr double false_discovery_rate = 0.05;

double mean_value(std::span<const LogEstimate> estimates) {
    double sum = 0;
    for (const LogEstimate &estimate : estimates)
        sum += estimate.value;
    return sum / static_cast<double>(estimates.size());
}

/// By the intervals alone, of the sides that face each other (Welch 1947 for the freedom).
LogChange change_by_intervals(const ComparedFinding &finding) {
    LogChange result;
    result.change = finding.now.value - mean_value(finding.bases);
    const bool worse = result.change > 0;
    const auto bases = static_cast<double>(finding.bases.size());
    const double now_error = worse ? finding.now.error_better : finding.now.error_worse;
    double variance = now_error * now_error;
    double spread = variance * variance / finding.now.freedom;
    for (const LogEstimate &base : finding.bases) {
        const double error = (worse ? base.error_worse : base.error_better) / bases;
        variance += error * error;
        spread += std::pow(error, 4) / base.freedom;
    }
    result.error = std::sqrt(variance);
    result.freedom = spread > 0 && std::isfinite(variance)
                         ? variance * variance / spread
                         : std::numeric_limits<double>::infinity();
    return result;
}

/// How far the bases of a finding lie apart: the sum of the squares of their distances from their
/// mean, in units of what their intervals say and as they are. No freedom where the intervals say
/// nothing: it is a count, or an end is not known.
struct BaseSpread {
    double by_intervals = 0;
    double squares = 0;
    double freedom = 0;

    [[nodiscard]] double excess() const { return by_intervals / freedom; }
};

BaseSpread spread_of_bases(const ComparedFinding &finding) {
    BaseSpread spread{0, 0, static_cast<double>(finding.bases.size()) - 1};
    const double mean = mean_value(finding.bases);
    for (const LogEstimate &base : finding.bases) {
        const double error = (base.error_better + base.error_worse) / 2;
        if (!(error > 0 && std::isfinite(error)))
            return {};
        const double distance = base.value - mean;
        spread.by_intervals += distance * distance / (error * error);
        spread.squares += distance * distance;
    }
    return spread;
}

/// The q-quantile of chi-squared over its degrees of freedom, which `z` is that of the normal
/// distribution for (Wilson and Hilferty 1931).
double reduced_chi_squared(double z, double freedom) {
    const double part = 2 / (9 * freedom);
    return std::pow(1 - part + z * std::sqrt(part), 3);
}

/// What chance makes of that in one finding of a hundred, where the intervals are right.
double most_by_chance(double freedom) {
    constexpr double z = 2.326;
    return reduced_chi_squared(z, freedom);
}

/// How far the bases of a probe's findings lie apart, together: in the middle, in units of what
/// their intervals say.
struct PooledSpread {
    std::vector<double> excess;
    double freedom = 0;

    void add(const BaseSpread &spread) {
        excess.push_back(spread.excess() / reduced_chi_squared(0, spread.freedom));
        freedom += spread.freedom;
    }
};

/// Counts how far the bases lie apart, where that is more than their intervals and chance explain,
/// and of pairs in any case. Over the findings of a probe together the errors grow by as much as in
/// the middle (Birge 1932): what moves a probe's findings between runs moves most of them, and
/// those of one probe differ much in their noise. A finding whose own bases still contradict that
/// has their deviation.
void count_differing_bases(std::span<const ComparedFinding> findings, bool pairs,
                           std::vector<LogChange> &changes) {
    std::map<std::size_t, PooledSpread> by_probe;
    std::vector<BaseSpread> spreads;
    for (const ComparedFinding &finding : findings)
        if (const BaseSpread &spread = spreads.emplace_back(spread_of_bases(finding));
            spread.freedom > 0)
            by_probe[finding.probe].add(spread);
    for (std::size_t i = 0; i < findings.size(); ++i) {
        const BaseSpread &spread = spreads[i];
        if (spread.freedom <= 0)
            continue;
        LogChange &change = changes[i];
        const PooledSpread &pool = by_probe[findings[i].probe];
        double excess = median(pool.excess);
        if (!pairs && excess <= most_by_chance(pool.freedom))
            excess = 1;
        if (excess != 1) {
            change.error *= std::sqrt(excess);
            change.freedom = std::min(change.freedom, pool.freedom);
        }
        // The new report scatters as each base does; a mean of pairs has it in them.
        const double own = std::sqrt(spread.squares / spread.freedom *
                                     ((pairs ? 0 : 1) + 1 / (spread.freedom + 1)));
        const bool contradicts =
            spread.excess() > excess * most_by_chance(spread.freedom) && own > change.error;
        if (contradicts) {
            change.error = own;
            change.freedom = std::max(spread.freedom, least_freedom);
        }
        change.bases_differ = contradicts || excess > 1;
    }
}

/// Whether most probes moved together: of at least four, three in four by half of the common change
/// and more, which is that of the probe in the middle, each counted by its finding in the middle.
std::optional<CommonShift> shift_of(std::span<const ComparedFinding> findings,
                                    std::span<const LogChange> changes) {
    constexpr std::size_t least_probes = 4;
    constexpr double most = 0.75;
    constexpr double share_of_effect = 0.5; // a smaller one makes nothing worse
    std::map<std::size_t, std::vector<double>> by_probe;
    for (std::size_t i = 0; i < findings.size(); ++i)
        by_probe[findings[i].probe].push_back(changes[i].change);
    if (by_probe.size() < least_probes)
        return std::nullopt;
    std::vector<double> moved;
    for (const auto &[probe, of_probe] : by_probe)
        moved.push_back(median(of_probe));
    const double middle = median(moved);
    const auto together =
        std::ranges::count_if(moved, [&](double each) { return each / middle >= share_of_effect; });
    const double least = std::ranges::min(findings, {}, &ComparedFinding::min_effect).min_effect;
    if (static_cast<double>(together) < most * static_cast<double>(moved.size()) ||
        std::abs(middle) < share_of_effect * least)
        return std::nullopt;
    return CommonShift{std::expm1(middle), moved.size(), static_cast<std::size_t>(together)};
}

double beyond(double change, double shift) {
    const double rest = change - shift;
    if (change * rest <= 0)
        return 0;
    return std::abs(rest) < std::abs(change) ? rest : change;
}

double probability(double change, const LogChange &of) {
    if (of.error > 0)
        return student_tail(change / of.error, of.freedom);
    return change > 0 ? 0 : 1;
}

/// Decides all findings together, of what they moved beyond the shift.
void decide(std::span<const ComparedFinding> findings, double shift,
            std::vector<LogChange> &changes) {
    std::vector<double> p_worse;
    std::vector<double> p_better;
    for (LogChange &change : changes) {
        change.own_change = beyond(change.change, shift);
        p_worse.push_back(change.p_worse = probability(change.own_change, change));
        p_better.push_back(change.p_better = probability(-change.own_change, change));
    }
    const std::vector<bool> worse = rejected(p_worse, false_discovery_rate);
    const std::vector<bool> better = rejected(p_better, false_discovery_rate);
    for (std::size_t i = 0; i < findings.size(); ++i) {
        LogChange &change = changes[i];
        change.worse = worse[i] && change.own_change >= findings[i].min_effect;
        change.better = better[i] && -change.own_change >= findings[i].min_effect;
    }
}

} // namespace

std::optional<LogEstimate> log_estimate(const Finding &finding, double freedom) {
    if (finding.status != Status::measured || finding.better == Better::none || !finding.value ||
        !(*finding.value > 0) || !std::isfinite(*finding.value))
        return std::nullopt;
    constexpr double infinite = std::numeric_limits<double>::infinity();
    const Interval interval = finding.interval.value_or(Interval{0, infinite});
    const auto error = [&](double from, double to) {
        if (!(from > 0))
            return infinite;
        return std::max(0.0, std::log(to / from)) / errors_in_half_width;
    };
    const double below = error(interval.low, *finding.value);
    const double above = error(*finding.value, interval.high);
    const double value = std::log(*finding.value);
    return finding.better == Better::lower ? LogEstimate{value, below, above, freedom}
                                           : LogEstimate{-value, above, below, freedom};
}

std::vector<bool> rejected(std::span<const double> p, double rate) {
    std::vector<double> ordered(p.begin(), p.end());
    std::ranges::sort(ordered);
    double threshold = -1;
    for (std::size_t i = 0; i < ordered.size(); ++i)
        if (ordered[i] <= rate * static_cast<double>(i + 1) / static_cast<double>(ordered.size()))
            threshold = ordered[i];
    std::vector<bool> result;
    for (const double each : p)
        result.push_back(each <= threshold);
    return result;
}

LogEstimate pair_estimate(const LogEstimate &base, const LogEstimate &now) {
    return {base.value - now.value, std::hypot(base.error_better, now.error_worse),
            std::hypot(base.error_worse, now.error_better), std::min(base.freedom, now.freedom)};
}

JudgedFindings judge(std::span<const ComparedFinding> findings) {
    JudgedFindings judged;
    for (const ComparedFinding &finding : findings)
        judged.changes.push_back(change_by_intervals(finding));
    count_differing_bases(findings, false, judged.changes);
    judged.shift = shift_of(findings, judged.changes);
    decide(findings, judged.shift ? std::log1p(judged.shift->change) : 0, judged.changes);
    return judged;
}

JudgedFindings judge_pairs(std::span<const ComparedFinding> findings) {
    JudgedFindings judged;
    for (const ComparedFinding &finding : findings)
        judged.changes.push_back(change_by_intervals(finding));
    count_differing_bases(findings, true, judged.changes);
    decide(findings, 0, judged.changes);
    return judged;
}

} // namespace clprobe
