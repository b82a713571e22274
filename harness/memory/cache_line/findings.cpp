#include "analysis/size_posterior.hpp"
#include "memory/cache_line/findings.hpp"
#include "memory/cache_line/knees.hpp"
#include "memory/cache_line/lines.hpp"
#include "memory/cache_line/rings.hpp"
#include "memory/cache_line/series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe::probes::cache_line {
namespace {

/// Two threads on words of one line are several times slower; a device where they are not
/// (its atomics are done elsewhere) shows no line that way.
constexpr double least_sharing = 1.3;
constexpr double least_pairs = 1.05;

/// Of each place of false sharing: two threads that were kept apart once may look like two lines.
constexpr std::size_t least_samples = 3;

/// Pairs in neighbouring blocks of a distance, as the two ends of one block of twice that.
std::vector<AddressPair> apart(const std::vector<Estimate> &places) {
    std::vector<AddressPair> pairs;
    for (const Estimate &place : places)
        pairs.push_back({0, place.x, place.value, place.error});
    return pairs;
}

std::vector<Estimate> pairs_in(const Dataset &data, const char *name) {
    return estimates_over(data.find(name), &PairsRow::distance);
}

/// What the memory fetches: times of pairs beyond every cache, less what the second load costs
/// where the level behind the first has it, as the other pairs say.
SizeVerdict memory_verdict(const Dataset &data) {
    auto places = pairs_in(data, series::memory_pairs);
    const auto nearer = pairs_in(data, series::pairs);
    for (Estimate &place : places) {
        const auto same = std::find_if(nearer.begin(), nearer.end(),
                                       [&](const Estimate &other) { return other.x == place.x; });
        if (same != nearer.end())
            place.value -= std::max(0.0, same->value - nearer.front().value);
    }
    std::erase_if(places, [](const Estimate &place) { return !(place.value > 0); });
    return block_size(apart(places), Together::faster, least_pairs);
}

const FindingKey &key(std::size_t index) {
    static const std::vector<FindingKey> keys = finding_keys();
    return keys[index];
}

Finding sized(const FindingKey &of, double size, const char *method,
              std::vector<std::string> evidence) {
    // A power of two: a second run finds the same, or another by the factor of two.
    Finding finding = measured(of, size, {size, size});
    finding.method = method;
    finding.evidence = std::move(evidence);
    return finding;
}

Finding undecided(const FindingKey &of, std::string reason, std::vector<std::string> evidence) {
    Finding finding = without_value(of, Status::inconclusive, std::move(reason));
    finding.evidence = std::move(evidence);
    return finding;
}

constexpr const char *adjacent =
    "two neighbouring lines often arrive together (adjacent-line prefetch)";

/// Estimates as a curve for people, each value divided by `parts`.
Curve curve_of(const char *series, const Axis &x, const Axis &y,
               const std::vector<Estimate> &places, double parts, const FindingKey &mark) {
    Curve curve{series, x, y, {}, {mark.key}};
    for (const Estimate &place : places)
        curve.points.push_back({place.x, place.value / parts});
    return curve;
}

Finding line_by_sharing(const SizeVerdict &verdict) {
    Finding line = sized(key(0), *verdict.size, "false sharing", {series::false_sharing});
    line.note = fmt::format("two groups are {:.1f} times slower on one line", verdict.ratio);
    if (verdict.neighbours)
        line.note += std::string("; ") + adjacent;
    return line;
}

/// The line of a device that was measured: by false sharing first where caches are kept coherent by
/// line, by capacity first elsewhere.
Finding measured_line(const Dataset &data, const Facts &facts) {
    const bool sharing_first = facts.device && facts.device->type == DeviceType::cpu;
    const SizeVerdict sharing = sharing_verdict(data);
    const SizeVerdict capacity = capacity_verdict(data);
    if (!sharing.size && !capacity.size)
        return undecided(
            key(0), "false sharing: " + sharing.reason + "; capacity in slots: " + capacity.reason,
            {series::false_sharing, series::slots});
    if (!sharing.size || (capacity.size && !sharing_first)) {
        Finding line = sized(key(0), *capacity.size, "capacity in slots", {series::slots});
        if (!sharing_first)
            return line;
        line.note = "false sharing: " + sharing.reason;
        // A processor's lines have no sectors, and two that come together fit like one of twice.
        if (const SizeVerdict pairs = pairs_verdict(data);
            pairs.size && *pairs.size < *capacity.size)
            make_suspect(line, "pairs of loads suggest " + format({*pairs.size, Unit::byte}));
        return line;
    }
    Finding line = line_by_sharing(sharing);
    if (capacity.size && *capacity.size != *sharing.size)
        line.note += fmt::format("; the capacity in slots suggests {}",
                                 format({*capacity.size, Unit::byte}));
    return line;
}

Finding sector(const Dataset &data, const Finding &line) {
    const SizeVerdict verdict = pairs_verdict(data);
    if (!verdict.size)
        return undecided(key(1), "pairs of loads: " + verdict.reason, {series::pairs});
    if (line.value && *verdict.size > *line.value) {
        Finding finding = sized(key(1), *line.value, "pairs of loads, bounded by the line",
                                {series::pairs, series::false_sharing, series::slots});
        finding.note = adjacent;
        return finding;
    }
    Finding finding = sized(key(1), *verdict.size, "pairs of loads", {series::pairs});
    if (verdict.neighbours)
        finding.note = adjacent;
    return finding;
}

Finding memory_fetch(const Dataset &data, const Finding &line) {
    const std::vector<std::string> evidence{series::memory_pairs, series::pairs};
    const SizeVerdict verdict = memory_verdict(data);
    if (!verdict.size)
        return undecided(key(2), "pairs of loads: " + verdict.reason, evidence);
    if (line.value && *verdict.size > *line.value && line.method == "false sharing")
        return undecided(key(2), std::string(adjacent) + ", which hides the memory's own fetch",
                         evidence);
    Finding finding = sized(key(2), *verdict.size, "pairs of loads beyond the caches", evidence);
    if (verdict.neighbours)
        finding.note = adjacent;
    return finding;
}

/// From an external curve of latency over stride. Lines that are fetched in pairs look like lines
/// of twice the size, unless the second of a pair often comes late.
std::vector<Finding> from_stride(const char *series, const std::vector<Estimate> &curve) {
    const std::string left_out = "a curve over the stride alone does not tell";
    const SizeVerdict verdict = line_by_stride(curve);
    Finding line = undecided(key(0), "stride sweep: " + verdict.reason, {series});
    if (verdict.size) {
        const double least = verdict.neighbours ? 1 : 0.5;
        line = measured(key(0), *verdict.size, {least * verdict.sizes.low, verdict.sizes.high});
        line.method = "stride sweep";
        line.evidence = {series};
        line.note = "what one miss fetches: the sector, where lines have sectors";
        line.note += verdict.neighbours ? std::string("; ") + adjacent
                                        : "; or half as much, where two lines are fetched together";
        if (!verdict.reason.empty())
            line.note += "; " + verdict.reason;
    }
    return {line, undecided(key(1), left_out, {series}), undecided(key(2), left_out, {series})};
}

} // namespace

std::vector<FindingKey> finding_keys() {
    return {
        {"cache.line_size", Unit::byte, Better::none,
         "what a tag of the first level of cache covers"},
        {"cache.sector_size", Unit::byte, Better::none, "the least that the first level fetches"},
        {"memory.fetch_size", Unit::byte, Better::none,
         "what one access beyond every cache fetches from memory"}};
}

SizeVerdict sharing_verdict(const Dataset &data) {
    const double launches = data.number_attribute("launches").value_or(0);
    if (data.number_attribute("launches_together").value_or(launches) < launches / 2)
        return {{}, 0, 1, false, "two groups seldom ran at once"};
    std::vector<AddressPair> pairs;
    for (const auto &[row, time] : estimates_of<SharingRow>(data.find(series::false_sharing)))
        if (time.samples >= least_samples)
            pairs.push_back({static_cast<double>(row.offset),
                             static_cast<double>(row.offset + row.distance), time.value,
                             time.error});
    return block_size(pairs, Together::slower, least_sharing);
}

SizeVerdict capacity_verdict(const Dataset &data) {
    return line_by_capacity(slots_that_fit(estimates_of<SlotsRow>(data.find(series::slots))));
}

SizeVerdict pairs_verdict(const Dataset &data) {
    return block_size(apart(pairs_in(data, series::pairs)), Together::faster, least_pairs);
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    if (!data.text_attribute(too_small).empty()) {
        std::vector<Finding> none;
        for (const FindingKey &of : finding_keys())
            none.push_back(undecided(of, data.text_attribute(too_small), {}));
        return none;
    }
    if (!data.find(series::slots) && !data.find(series::false_sharing)) {
        if (const Series *external = data.find(series::stride))
            return from_stride(series::stride, estimates_over(external, &StrideRow::stride));
        if (const Series *sweep = data.find(series::sweep))
            return from_stride(series::sweep, estimates_over(sweep, &SweepRow::stride));
    }
    const Finding line = measured_line(data, facts);
    std::vector<Finding> findings{line, sector(data, line), memory_fetch(data, line)};
    for (Finding &finding : findings)
        std::erase_if(finding.evidence,
                      [&](const std::string &name) { return data.find(name) == nullptr; });
    return findings;
}

std::vector<Curve> curves_of(const Dataset &data) {
    const Axis stride{"stride", Unit::byte, {}};
    const Axis distance{"distance", Unit::byte, {}};
    const Axis latency{"latency", Unit::second, {}};
    const Axis pair{"time a pair", Unit::second, {}};
    const Axis from_memory{"time a pair from memory", Unit::second, {}};
    const Axis contended{"time of contended increments", Unit::second, {}};
    constexpr auto hops_a_trip = static_cast<double>(Rings::hops);
    const Series *bare = data.find(series::stride);
    std::vector<Estimate> shared;
    for (auto &[row, time] : estimates_of<SharingRow>(data.find(series::false_sharing)))
        if (row.offset == 0)
            shared.push_back(
                {static_cast<double>(row.distance), time.value, time.error, time.samples});
    return {curve_of(series::stride, stride, bare != nullptr ? bare->measure : latency,
                     estimates_over(data.find(series::stride), &StrideRow::stride), 1, key(0)),
            curve_of(series::sweep, stride, latency,
                     estimates_over(data.find(series::sweep), &SweepRow::stride), hops_a_trip,
                     key(0)),
            curve_of(series::slots, stride, {"slots that fit", Unit::one, {}},
                     slots_that_fit(estimates_of<SlotsRow>(data.find(series::slots))), 1, key(0)),
            curve_of(series::false_sharing, distance, contended, shared, 1, key(0)),
            curve_of(series::pairs, distance, pair, pairs_in(data, series::pairs), hops_a_trip / 2,
                     key(1)),
            curve_of(series::memory_pairs, distance, from_memory,
                     pairs_in(data, series::memory_pairs), hops_a_trip / 2, key(2))};
}

} // namespace clprobe::probes::cache_line
