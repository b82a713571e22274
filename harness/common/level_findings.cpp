#include "analysis/level_joining.hpp"
#include "common/level_findings.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace clprobe::probes {
namespace {

/// What is level differs by less than so many times.
constexpr double flat = 1.25;

bool meet(const Interval &a, const Interval &b) {
    return a.low <= b.high && b.low <= a.high;
}

/// Says which curve they are made of, in whose unit their latencies are.
void attribute(std::vector<Finding> &findings, const std::optional<LatencyCurve> &curve) {
    if (!curve)
        return;
    for (Finding &finding : findings) {
        finding.evidence = {curve->series};
        if (finding.unit == Unit::second)
            finding.unit = curve->unit;
    }
}

/// Caches mostly differ by more than so little between a level and the next, and TLBs by up to
/// that: such a size is suspect, unless the facts say that it is a cache's. A TLB's reach that
/// memory/tlb found there makes it the TLB's; a knee of the other curve (latency or bandwidth) over
/// the same memory makes it a cache's; so does memory/tlb where it found all reaches, or larger
/// ones, and none there.
void judge_small_rise(Finding &finding, const Level &level, const Level &next, const Facts &facts) {
    constexpr double small = 1.6;
    const double rise = next.value / level.value;
    if (std::max(rise, 1 / rise) > small)
        return;
    const std::string levels_of_memory = finding.key.substr(0, finding.key.find('.')) + ".l";
    bool of_tlb = false;
    bool of_cache = false;
    bool all_reaches = false;
    for (const Finding &fact : facts.findings) {
        const bool there = fact.interval && meet(*fact.interval, level.knee);
        if (fact.key.starts_with("tlb.l")) {
            of_tlb = of_tlb || there;
            of_cache = of_cache || (fact.interval && fact.interval->low > level.knee.high);
            all_reaches = fact.interval.has_value(); // the last one says where others stay open
        } else if (fact.key.starts_with(levels_of_memory) &&
                   (fact.key.ends_with(".size") || fact.key.ends_with(".read_size"))) {
            of_cache = of_cache || there;
        }
    }
    if ((of_cache || all_reaches) && !of_tlb)
        return;
    make_suspect(finding,
                 fmt::format("a {} of {:.0f} % only: {}", rise > 1 ? "rise" : "fall",
                             100 * std::abs(rise - 1),
                             of_tlb ? "the reach of a TLB, which memory/tlb finds there"
                                    : "it may be the reach of a TLB, which this curve alone "
                                      "does not tell from a cache"));
}

/// The sizes `<prefix>.l<n><what>` that have a value.
std::vector<const Finding *> sizes(const std::vector<Finding> &findings, const std::string &prefix,
                                   const std::string &what) {
    std::vector<const Finding *> found;
    for (const Finding &finding : findings)
        if (finding.key.starts_with(prefix + ".l") && finding.key.ends_with(what) &&
            finding.value && *finding.value > 0 && finding.interval)
            found.push_back(&finding);
    return found;
}

} // namespace

std::vector<Curve::Point> medians_of(std::span<const CurvePoint> curve) {
    std::vector<Curve::Point> medians;
    for (const auto &[x, samples] : curve)
        if (!samples.empty())
            medians.push_back({x, median(samples), samples.size(), std::ranges::min(samples),
                               std::ranges::max(samples)});
    return medians;
}

FindingKey numbered(FindingKey key, std::size_t level) {
    key.key.replace(key.key.find("<n>"), 3, std::to_string(level));
    return key;
}

Finding plateau_finding(const FindingKey &key, const Level &level) {
    Finding finding = measured(key, level.value, level.interval);
    finding.method =
        fmt::format("the plateau from {} to {}", format({level.plateau.low, Unit::byte}),
                    format({level.plateau.high, Unit::byte}));
    finding.note = level.note;
    return finding;
}

std::optional<Finding> only_level_finding(const FindingKey &key, const Levels &levels,
                                          std::span<const CurvePoint> curve) {
    if (levels.levels.size() != 1 || !levels.decided || !levels.complete)
        return std::nullopt;
    const auto medians = medians_of(curve);
    const auto [least, most] = std::ranges::minmax_element(medians, {}, &Curve::Point::y);
    if (most->y >= flat * least->y)
        return std::nullopt;
    Finding finding = plateau_finding(key, levels.levels.front());
    finding.note = "the only level that the curve shows: a cache may hold all of it";
    return finding;
}

Finding size_finding(const FindingKey &key, const Level &level, const std::string &rise) {
    Finding finding = measured(key, level.size.value(), level.knee);
    finding.method = level.rise_seen
                         ? "midpoint of the " + rise
                         : "between the last point before a " + rise + " and the first beyond it";
    return finding;
}

Finding numbered_size_finding(const FindingKey &key, const Levels &levels, std::size_t level,
                              const std::string &rise, const Facts &facts) {
    Finding finding = size_finding(numbered(key, level + 1), levels.levels[level], rise);
    if (levels.levels[level].crowded)
        finding.note = "the " + rise +
                       " holds a further level, or a TLB's reach, which points this "
                       "far apart do not resolve";
    if (level + 1 < levels.levels.size())
        judge_small_rise(finding, levels.levels[level], levels.levels[level + 1], facts);
    return finding;
}

std::vector<double> slopes_by_block(const std::vector<TripTime> &times, double per_trip) {
    std::map<int, std::map<double, double>> blocks;
    for (const TripTime &time : times) {
        const auto [least, is_new] = blocks[time.block].try_emplace(time.trips, time.seconds);
        least->second = std::min(least->second, time.seconds);
    }
    constexpr double below = 0.1; // of the shortest launch
    std::vector<double> slopes;
    for (const auto &[number, block] : blocks) {
        std::vector<TripTime> least;
        for (const auto &[trips, seconds] : block)
            least.push_back({trips, seconds, 0});
        const auto fit = fit_slope(least);
        if (fit && fit->seconds_per_trip > 0 && fit->overhead > -below * least.front().seconds)
            slopes.push_back(fit->seconds_per_trip / per_trip);
    }
    return slopes;
}

std::vector<SeriesShape> latency_series(std::string meaning) {
    return {
        {external_latency, axes<ExternalRow>(), {"latency", Unit::second, {}}, std::move(meaning)},
        {chase_times,
         axes<FootprintRow>(),
         {"time", Unit::second, {}},
         "time of a launch of the chase; 16 hops a trip"}};
}

std::optional<LatencyCurve> latency_curve(const Dataset &data, double per_trip) {
    if (const Series *times = data.find(chase_times))
        return LatencyCurve{chase_times, curve_over(times, &FootprintRow::footprint, per_trip),
                            Unit::second, true};
    if (const Series *curve = data.find(external_latency))
        return LatencyCurve{external_latency, curve_over(curve, &ExternalRow::footprint),
                            curve->measure.unit};
    return std::nullopt;
}

Levels levels_of(const std::optional<LatencyCurve> &curve, const std::string &too_small) {
    if (!curve || curve->points.empty() || !too_small.empty())
        return {{}, 0, true, false, too_small.empty() ? "nothing was measured" : too_small};
    Levels found = find_levels(curve->points, CurveKind::latency);
    if (curve->own)
        join_levels_within_noise(found, curve->points);
    return found;
}

Curve shown(const LatencyCurve &curve, const std::string &mark) {
    return {curve.series,
            axes<FootprintRow>().front(),
            {"latency", curve.unit, {}},
            medians_of(curve.points),
            {mark}};
}

std::vector<FindingKey> latency_keys(const std::string &prefix) {
    return {
        {prefix + ".l<n>.size", Unit::byte, Better::none,
         "the midpoint of the rise beyond the level in log latency, its 10 and 90 % points as "
         "the interval; of points far apart, between the last on the level and the first beyond"},
        {prefix + ".l<n>.latency", Unit::second, Better::lower,
         "of a load that depends on the last, in that level"},
        {prefix + ".memory.latency", Unit::second, Better::lower,
         "of such a load in the slowest level seen"}};
}

std::vector<Finding> latency_findings(const std::string &prefix, const Levels &levels,
                                      const std::optional<LatencyCurve> &curve,
                                      const Facts &facts) {
    const FindingKey memory = latency_keys(prefix)[2];
    std::vector<Finding> findings;
    if (levels.levels.size() == 1 && levels.complete) {
        Levels none;
        none.complete = false;
        none.reason = levels.decided
                          ? "the curve shows no more than one level, of a cache or of memory"
                          : levels.reason;
        findings = latency_findings(prefix, none, curve, facts);
        if (curve && !curve->own)
            if (auto only = only_level_finding(memory, levels, curve->points))
                findings.back() = std::move(*only);
    } else {
        findings = cache_findings(prefix, levels, curve, facts);
        if (levels.decided && levels.complete)
            findings.back().key = memory.key;
        else
            findings.push_back(without_value(memory, Status::inconclusive, levels.reason));
    }
    attribute(findings, curve);
    return findings;
}

std::optional<Finding> memory_at_end(const std::string &prefix, const LatencyCurve &curve) {
    constexpr double slow = 2;
    std::vector<double> end;
    for (const CurvePoint &point : curve.points)
        if (2 * point.x >= curve.points.back().x)
            end.insert(end.end(), point.samples.begin(), point.samples.end());
    if (end.size() < 3)
        return std::nullopt;
    const double start = medians_of(curve.points).front().y;
    const double middle = median(end);
    const Interval interval{quantile(end, 0.05), quantile(end, 0.95)};
    if (interval.high > flat * interval.low || middle < slow * start)
        return std::nullopt;
    Finding finding = measured(latency_keys(prefix)[2], middle, interval);
    finding.method = "the last octave of the curve";
    finding.evidence = {curve.series};
    finding.unit = curve.unit;
    finding.note = "how many levels lie before it stays open";
    return finding;
}

std::vector<Finding> cache_findings(const std::string &prefix, const Levels &levels,
                                    const std::optional<LatencyCurve> &curve, const Facts &facts) {
    const std::vector<FindingKey> keys = latency_keys(prefix);
    const std::size_t known = levels.decided ? levels.levels.size() : levels.settled;
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < known; ++i) {
        const Level &level = levels.levels[i];
        if (level.size)
            findings.push_back(
                numbered_size_finding(keys[0], levels, i, "rise in log latency", facts));
        findings.push_back(plateau_finding(numbered(keys[1], i + 1), level));
    }
    if (known == 0 || !levels.decided)
        for (const FindingKey &key : {keys[0], keys[1]})
            findings.push_back(
                without_value(numbered(key, known + 1), Status::inconclusive, levels.reason));
    attribute(findings, curve);
    return findings;
}

void note_disagreement(std::vector<Finding> &findings, const Facts &facts,
                       const std::string &prefix, CurveKind own_kind) {
    const bool by_latency = own_kind == CurveKind::latency;
    const auto others = sizes(facts.findings, prefix, by_latency ? ".read_size" : ".size");
    if (others.empty())
        return; // the other found nothing at all
    for (const Finding *own : sizes(findings, prefix, by_latency ? ".size" : ".read_size")) {
        if (std::ranges::any_of(
                others, [&](const auto *other) { return meet(*own->interval, *other->interval); }))
            continue;
        const Finding &nearest = **std::ranges::min_element(others, {}, [&](const Finding *other) {
            return std::abs(std::log(*other->value / *own->value));
        });
        const std::string note =
            fmt::format("{} shows no knee there: the nearest lies at {}, from {} to {}",
                        by_latency ? "bandwidth" : "latency", format({*nearest.value, Unit::byte}),
                        format({nearest.interval->low, Unit::byte}),
                        format({nearest.interval->high, Unit::byte}));
        const std::string level = own->key.substr(0, own->key.rfind('.') + 1);
        for (Finding &finding : findings)
            if (finding.key.starts_with(level))
                finding.note += (finding.note.empty() ? "" : "; ") + note;
    }
}

} // namespace clprobe::probes
