#include "common/verdicts.hpp"
#include "memory/cache_line/cache_line.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

namespace clprobe::probes::cache_line {
namespace {

constexpr std::size_t least_points = 4;

/// How sure a verdict has to be, from synthetic data: wrong once in a hundred at most. The sizes of
/// a sweep may lie that far apart.
constexpr double least_of_capacity = 0.81;
constexpr double least_of_stride = 0.87;
constexpr double most_apart = 4;

/// Hashed sets and random replacement move a knee by so much from one stride to the next.
constexpr double capacity_error = 0.05;

/// Beyond lie pages and sets, not lines.
constexpr double most_stride = 4096;

SizeVerdict too_few() {
    return {"too few strides were measured"};
}

/// A curve over the stride, with the points of a quarter octave as one; the candidates are borders
/// of these.
struct StrideCurve {
    std::vector<double> stride;
    std::vector<Observation> observations;
};

StrideCurve thinned(std::span<const Estimate> points) {
    std::map<int, std::vector<const Estimate *>> bins;
    for (const Estimate &point : points)
        if (point.x > 0 && point.x <= most_stride)
            bins[static_cast<int>(std::floor(std::log2(point.x) * 4))].push_back(&point);
    StrideCurve curve;
    std::vector<double> usual;
    for (const auto &[number, members] : bins) {
        const auto middle = [&of = members](const auto &value) {
            std::vector<double> values;
            for (const Estimate *point : of)
                values.push_back(std::invoke(value, *point));
            return median(values);
        };
        const double log = middle([](const Estimate &point) { return std::log(point.value); });
        usual.push_back(middle(&Estimate::error));
        curve.stride.push_back(middle(&Estimate::x));
        curve.observations.push_back({log, usual.back(), static_cast<double>(members.size())});
    }
    for (Observation &point : curve.observations)
        point.error = std::max(point.error, median(usual)) / std::sqrt(point.points);
    return curve;
}

/// The number of the first point at that stride or beyond.
std::size_t first_at(const StrideCurve &curve, double stride) {
    const auto point = std::ranges::lower_bound(curve.stride, stride);
    return static_cast<std::size_t>(point - curve.stride.begin());
}

/// Minus the logarithm of the probability, before anything was observed, of a line whose neighbour
/// is often there when it is wanted, half the time or so: shares of the time for the neighbour's
/// line.
constexpr double neighbour_prior_cost = 4;
constexpr double neighbour_shares[] = {0.3, 0.6};

/// The same of the size itself. Below 32 B tags would outweigh what they tag, above 256 B most of
/// what is fetched would be wasted.
double size_prior_cost(double size) {
    return std::max({0.0, std::log2(32 / size), std::log2(size / 256)});
}

/// The same of no line at all: as likely as a dozen of the ways to see one.
constexpr double no_rise_prior_cost = -2.5;

/// How time may grow up to a line: by the share of accesses that miss, where each is waited for; as
/// the greater of that and the rest, more or less, where these overlap; or all at once, where only
/// a second access is timed. With prefetch of the neighbour it goes on to grow, more slowly, up to
/// twice the line. Beyond, something else may show.
void add_hypotheses(std::vector<Hypothesis> &hypotheses, const StrideCurve &curve, double size) {
    const std::size_t line = first_at(curve, size);
    const std::size_t n = curve.stride.size();
    Hypothesis hypothesis;
    // One point alone on either side may be an outlier.
    const bool shows = line >= 2 && line + 2 <= n && size <= candidate_sizes.back();
    hypothesis.size = shows ? size : 0;
    hypothesis.prior_cost = shows ? size_prior_cost(size) : 0;
    const auto add = [&](double power, double end, auto share) {
        hypothesis.power = power;
        hypothesis.free_from = std::max(first_at(curve, end), line + 1);
        hypothesis.shares.clear();
        for (const double stride : curve.stride)
            hypothesis.shares.push_back(share(stride / size));
        hypotheses.push_back(hypothesis);
    };
    for (const double power : {1.0, 4.0, 20.0})
        add(power, 2 * size, [&](double lines) { return std::pow(std::min(lines, 1.0), power); });
    if (line == n)
        return;
    add(0, 2 * size, [](double lines) { return lines < 1 ? 0.0 : 1.0; });
    hypothesis.prior_cost += neighbour_prior_cost;
    hypothesis.neighbours = true;
    for (const double next : neighbour_shares)
        add(1, 4 * size, [&](double lines) {
            return (std::min(lines, 1.0) + next * std::clamp(lines - 1, 0.0, 1.0)) / (1 + next);
        });
}

Estimate at(std::size_t x, Estimate estimate) {
    estimate.x = static_cast<double>(x);
    return estimate;
}

/// At each stride, how many slots stay in the first level. The stride with most estimates is the
/// one that shows the levels.
std::vector<Estimate> slots_that_fit(const Dataset &data) {
    const auto curves = latencies_over_slots(data);
    if (curves.empty())
        return {};
    const auto fullest =
        std::ranges::max_element(curves, {}, [](const auto &entry) { return entry.second.size(); });
    const auto threshold = knee_midpoint(fullest->second);
    std::vector<Estimate> fit;
    if (threshold)
        for (const auto &[stride, curve] : curves)
            if (const auto slots = crossing(curve, *threshold))
                fit.push_back({static_cast<double>(stride), *slots, 0, 1});
    return fit;
}

/// Two threads on words of one line are several times slower; a device where they are not
/// (its atomics are done elsewhere) shows no line that way.
constexpr double least_sharing = 1.3;
constexpr double least_pairs = 1.05;

/// Of each point of false sharing: two threads that were kept apart once may look like two lines.
constexpr std::size_t least_samples = 3;

/// Pairs in neighbouring blocks of a distance, as the two ends of one block of twice that.
std::vector<AddressPair> apart(const std::vector<Estimate> &points) {
    std::vector<AddressPair> pairs;
    for (const Estimate &point : points)
        pairs.push_back({0, point.x, point.value, point.error});
    return pairs;
}

std::vector<Estimate> pairs_in(const Dataset &data, const char *name) {
    return estimates_over(data.find(name), &PairsRow::distance);
}

/// What the memory fetches: times of pairs beyond every cache, less what the second load costs
/// where the level behind the first has it, as the other pairs say.
SizeVerdict memory_verdict(const Dataset &data) {
    auto points = pairs_in(data, series::memory_pairs);
    const auto nearer = pairs_in(data, series::pairs);
    for (Estimate &point : points) {
        const auto same = std::ranges::find(nearer, point.x, &Estimate::x);
        if (same != nearer.end())
            point.value -= std::max(0.0, same->value - nearer.front().value);
    }
    std::erase_if(points, [](const Estimate &point) { return !(point.value > 0); });
    return block_size(apart(points), Together::faster, least_pairs);
}

const FindingKey line_key{"cache.line_size", Unit::byte, Better::none,
                          "what a tag of the first level of cache covers"};
const FindingKey sector_key{"cache.sector_size", Unit::byte, Better::none,
                            "the least that the first level fetches"};
const FindingKey fetch_key{"memory.fetch_size", Unit::byte, Better::none,
                           "what one access beyond every cache fetches from memory"};

constexpr const char *adjacent =
    "two neighbouring lines often arrive together (adjacent-line prefetch)";

/// Estimates as a curve for people, each value divided by `parts`.
Curve curve_of(const char *series, const Axis &x, const Axis &y,
               const std::vector<Estimate> &points, double parts, const FindingKey &mark) {
    Curve curve{series, x, y, {}, {mark.key}};
    for (const Estimate &point : points)
        curve.points.push_back({point.x, point.value / parts});
    return curve;
}

Finding line_by_sharing(const SizeVerdict &verdict) {
    Finding line = decided(line_key, *verdict.size, "false sharing", {series::false_sharing});
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
        return undecided(line_key,
                         "false sharing: " + sharing.reason +
                             "; capacity in slots: " + capacity.reason,
                         {series::false_sharing, series::slots});
    if (!sharing.size || (capacity.size && !sharing_first)) {
        Finding line = decided(line_key, *capacity.size, "capacity in slots", {series::slots});
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
        return undecided(sector_key, "pairs of loads: " + verdict.reason, {series::pairs});
    const bool bounded = line.value && *verdict.size > *line.value;
    Finding finding = bounded
                          ? decided(sector_key, *line.value, "pairs of loads, bounded by the line",
                                    {series::pairs, series::false_sharing, series::slots})
                          : decided(sector_key, *verdict.size, "pairs of loads", {series::pairs});
    if (bounded || verdict.neighbours)
        finding.note = adjacent;
    return finding;
}

Finding memory_fetch(const Dataset &data, const Finding &line) {
    const std::vector<std::string> evidence{series::memory_pairs, series::pairs};
    const SizeVerdict verdict = memory_verdict(data);
    if (!verdict.size)
        return undecided(fetch_key, "pairs of loads: " + verdict.reason, evidence);
    if (line.value && *verdict.size > *line.value && line.method == "false sharing")
        return undecided(fetch_key, std::string(adjacent) + ", which hides the memory's own fetch",
                         evidence);
    Finding finding =
        decided(fetch_key, *verdict.size, "pairs of loads beyond the caches", evidence);
    if (verdict.neighbours)
        finding.note = adjacent;
    return finding;
}

/// From an external curve of latency over stride. Lines that are fetched in pairs look like lines
/// of twice the size, unless the second of a pair often comes late.
std::vector<Finding> from_stride(const char *series, const std::vector<Estimate> &curve) {
    const std::string left_out = "a curve over the stride alone does not tell";
    const SizeVerdict verdict = line_by_stride(curve);
    Finding line = undecided(line_key, "stride sweep: " + verdict.reason, {series});
    if (verdict.size) {
        const double least = verdict.neighbours ? 1 : 0.5;
        line = measured(line_key, *verdict.size, {least * verdict.sizes.low, verdict.sizes.high});
        line.method = "stride sweep";
        line.evidence = {series};
        line.note = "what one miss fetches: the sector, where lines have sectors";
        line.note += verdict.neighbours ? std::string("; ") + adjacent
                                        : "; or half as much, where two lines are fetched together";
        if (!verdict.reason.empty())
            line.note += "; " + verdict.reason;
    }
    return {line, undecided(sector_key, left_out, {series}),
            undecided(fetch_key, left_out, {series})};
}

} // namespace

std::optional<double> knee_midpoint(const std::vector<Estimate> &curve) {
    constexpr double risen = 1.25;   // of the first level's latency: this is no noise
    constexpr double settled = 1.12; // from one point to the next: the rise is over
    if (curve.size() < 6)
        return std::nullopt;
    const double hit = median(std::vector{curve[0].value, curve[1].value, curve[2].value});
    std::size_t first = curve.size(); // of those that all lie above the first level
    while (first > 0 && curve[first - 1].value > risen * hit)
        --first;
    for (std::size_t i = first; i + 2 < curve.size(); ++i) {
        const bool level = curve[i + 1].value < settled * curve[i].value &&
                           curve[i + 2].value < settled * settled * curve[i].value;
        if (first > 0 && level)
            return std::sqrt(hit * curve[i + 1].value);
    }
    return std::nullopt;
}

SizeVerdict line_by_capacity(std::span<const Estimate> slots) {
    if (slots.size() < least_points)
        return too_few();
    std::vector<Observation> observations;
    for (const Estimate &point : slots)
        observations.push_back({std::log(point.value), std::hypot(point.error, capacity_error), 1});
    std::vector<Hypothesis> hypotheses;
    const auto add = [&](double size, double up_to) {
        Hypothesis hypothesis;
        hypothesis.size = size;
        for (const Estimate &point : slots)
            hypothesis.known.push_back(-std::log(std::min(point.x, up_to)));
        hypotheses.push_back(std::move(hypothesis));
    };
    for (const double size : candidate_sizes)
        if (slots.front().x < size && size < slots.back().x)
            add(size, size);
    add(0, slots.front().x);
    add(0, slots.back().x);
    return size_posterior(hypotheses, observations, least_of_capacity);
}

SizeVerdict line_by_stride(std::span<const Estimate> latency) {
    const StrideCurve curve = thinned(latency);
    if (curve.stride.size() < least_points)
        return too_few();
    // Flat, or falling: with too large a stride the whole sweep fits a cache.
    Hypothesis no_rise;
    no_rise.free_from = 2;
    no_rise.prior_cost = no_rise_prior_cost;
    std::vector<Hypothesis> hypotheses{no_rise};
    for (double size = candidate_sizes.front(); size <= 2 * curve.stride.back(); size *= 2)
        if (curve.stride.front() < size)
            add_hypotheses(hypotheses, curve, size);
    return size_posterior(hypotheses, curve.observations, least_of_stride, most_apart);
}

std::vector<FindingKey> finding_keys() {
    return {line_key, sector_key, fetch_key};
}

std::map<std::size_t, std::vector<Estimate>> latencies_over_slots(const Dataset &data) {
    std::map<std::size_t, std::vector<Estimate>> curves;
    for (const auto &[row, time] : estimates_of<SlotsRow>(data.find(series::slots)))
        curves[row.stride].push_back(at(row.slots, time));
    return curves;
}

SizeVerdict sharing_verdict(const Dataset &data) {
    const double launches = data.number_attribute("launches").value_or(0);
    if (data.number_attribute("launches_together").value_or(launches) < launches / 2)
        return {"two groups seldom ran at once"};
    std::vector<AddressPair> pairs;
    for (const auto &[row, time] : estimates_of<SharingRow>(data.find(series::false_sharing)))
        if (time.samples >= least_samples)
            pairs.push_back({static_cast<double>(row.offset),
                             static_cast<double>(row.offset + row.distance), time.value,
                             time.error});
    return block_size(pairs, Together::slower, least_sharing);
}

SizeVerdict capacity_verdict(const Dataset &data) {
    return line_by_capacity(slots_that_fit(data));
}

SizeVerdict pairs_verdict(const Dataset &data) {
    return block_size(apart(pairs_in(data, series::pairs)), Together::faster, least_pairs);
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    if (const std::string reason = data.text_attribute(too_small); !reason.empty())
        return {undecided(line_key, reason), undecided(sector_key, reason),
                undecided(fetch_key, reason)};
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
    constexpr auto hops_a_trip = static_cast<double>(hops);
    const Series *external = data.find(series::stride);
    std::vector<Estimate> shared;
    for (const auto &[row, time] : estimates_of<SharingRow>(data.find(series::false_sharing)))
        if (row.offset == 0)
            shared.push_back(at(row.distance, time));
    return {curve_of(series::stride, stride, external != nullptr ? external->measure : latency,
                     estimates_over(data.find(series::stride), &StrideRow::stride), 1, line_key),
            curve_of(series::sweep, stride, latency,
                     estimates_over(data.find(series::sweep), &SweepRow::stride), hops_a_trip,
                     line_key),
            curve_of(series::slots, stride, {"slots that fit", Unit::one, {}}, slots_that_fit(data),
                     1, line_key),
            curve_of(series::false_sharing, distance, contended, shared, 1, line_key),
            curve_of(series::pairs, distance, pair, pairs_in(data, series::pairs), hops_a_trip / 2,
                     sector_key),
            curve_of(series::memory_pairs, distance, from_memory,
                     pairs_in(data, series::memory_pairs), hops_a_trip / 2, fetch_key)};
}

} // namespace clprobe::probes::cache_line
