#include "common/allowances.hpp"
#include "common/verdicts.hpp"
#include "memory/atomics/atomics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace clprobe::probes::atomics {
namespace {

constexpr std::size_t least_points = 48;
constexpr double alike = 1.04;      // levels nearer than that are one
constexpr double least_share = 0.1; // of the addresses, at either level
constexpr double keeping = 0.9;     // share of the addresses that must keep to their level
// Of the dip times the root of the number of samples, for uniform ones (no unimodal distribution
// dips more often): once in ten thousand, and once in a hundred, by simulation.
constexpr double rejected = 0.66;
constexpr double doubtful = 0.5;

/// A step of an empirical distribution: how many samples lie below, and how many not above.
struct Jump {
    double x = 0;
    double below = 0;
    double upto = 0;
};

std::vector<Jump> distribution(std::vector<double> samples) {
    std::sort(samples.begin(), samples.end());
    std::vector<Jump> jumps;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (jumps.empty() || samples[i] != jumps.back().x)
            jumps.push_back({samples[i], static_cast<double>(i), 0});
        jumps.back().upto = static_cast<double>(i + 1);
    }
    return jumps;
}

/// Whether a convex function runs within `distance` of the distribution up to the last of these
/// jumps, where it may fall short by as much as it likes, for the mode may be there and jump: the
/// greatest convex one below all upper bounds, if any.
bool convex_fits(std::span<const Jump> jumps, double distance) {
    std::vector<const Jump *> hull;
    const auto rises_less = [](const Jump &a, const Jump &b, const Jump &c) {
        return (b.below - a.below) * (c.x - b.x) < (c.below - b.below) * (b.x - a.x);
    };
    for (const Jump &jump : jumps) {
        while (hull.size() > 1 && !rises_less(*hull[hull.size() - 2], *hull.back(), jump))
            hull.pop_back();
        hull.push_back(&jump);
    }
    std::size_t segment = 0;
    for (const Jump &jump : jumps.first(jumps.size() - 1)) {
        while (segment + 1 < hull.size() && hull[segment + 1]->x <= jump.x)
            ++segment;
        double height = hull[segment]->below;
        if (segment + 1 < hull.size()) {
            const Jump &from = *hull[segment];
            const Jump &to = *hull[segment + 1];
            height += (to.below - from.below) * (jump.x - from.x) / (to.x - from.x);
        }
        if (height + distance < jump.upto - distance)
            return false;
    }
    return true;
}

/// From the first jump on, how many a convex function can follow.
std::size_t longest_convex(std::span<const Jump> jumps, double distance) {
    std::size_t fits = 1;
    std::size_t fails = jumps.size() + 1;
    while (fails - fits > 1) {
        const std::size_t middle = (fits + fails) / 2;
        (convex_fits(jumps.first(middle), distance) ? fits : fails) = middle;
    }
    return fits;
}

/// The median of each address's samples, of all or only those of every other turn.
std::vector<double> medians(std::span<const std::vector<double>> samples, std::size_t first,
                            std::size_t apart) {
    std::vector<double> result;
    for (const std::vector<double> &times : samples) {
        std::vector<double> chosen;
        for (std::size_t i = first; i < times.size(); i += apart)
            chosen.push_back(times[i]);
        result.push_back(median(chosen));
    }
    return result;
}

/// The value between two levels that leaves the least variance of logarithms within them (Otsu).
double boundary(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    double total = 0;
    for (const double value : values)
        total += std::log(value);
    const auto n = static_cast<double>(values.size());
    double best = -1;
    double at = values.front();
    double sum = 0;
    for (std::size_t i = 0; i + 1 < values.size(); ++i) {
        sum += std::log(values[i]);
        const auto below = static_cast<double>(i + 1);
        const double distance = sum / below - (total - sum) / (n - below);
        const double between = below * (n - below) * distance * distance;
        if (between > best) {
            best = between;
            at = std::sqrt(values[i] * values[i + 1]);
        }
    }
    return at;
}

/// The share of the addresses that are on the same side in both halves of the samples.
double steadiness(std::span<const std::vector<double>> samples, double border) {
    const auto even = medians(samples, 0, 2);
    const auto odd = medians(samples, 1, 2);
    std::size_t same = 0;
    for (std::size_t i = 0; i < even.size(); ++i)
        same += (even[i] > border) == (odd[i] > border);
    return static_cast<double>(same) / static_cast<double>(even.size());
}

Modes two_levels(std::span<const std::vector<double>> samples, const std::vector<double> &values) {
    const double border = boundary(values);
    std::vector<double> low;
    std::vector<double> high;
    for (const double value : values)
        (value > border ? high : low).push_back(value);
    const double share = static_cast<double>(high.size()) / static_cast<double>(values.size());
    Modes modes{{}, median(low), median(high), share, {}};
    const double steady = steadiness(samples, border);
    if (modes.high < alike * modes.low || std::min(share, 1 - share) < least_share)
        modes.reason = "neither one level nor two that differ clearly";
    else if (steady < keeping)
        modes.reason = fmt::format("two levels, but only {:.0f} % of the addresses keep to theirs",
                                   100 * steady);
    else
        modes.count = 2;
    return modes;
}

const FindingKey partitions_key{
    "atomic.global.partitions", Unit::one, Better::none,
    "levels of latency that addresses have: 1, or 2 where a cache has a near and a far part"};

/// Its rate contended, its rate spread, its latency.
std::vector<FindingKey> keys_of(const Atomic &atomic) {
    const std::string key = "atomic." + atomic.name();
    const std::string word = atomic.space == Space::local ? "a word a group" : "one word";
    return {
        {key + ".contended.rate", Unit::op_per_second, Better::higher, "all work-items on " + word},
        {key + ".spread.rate", Unit::op_per_second, Better::higher,
         "all work-items on words of their own"},
        {key + ".latency", Unit::second, Better::lower,
         "one work-item, each operation after the result of the last"}};
}

/// "...; " where the language has no function for the operation, so that a method starts with it.
std::string spelled(const Atomic &atomic, const Dataset &data) {
    const std::string how = data.text_attribute(atomic.name() + spelling);
    return how.empty() ? how : how + "; ";
}

/// A rate as it was measured with the results dropped or used.
struct Rate {
    bool used = false;
    double operations = 0; ///< in a trip
    TripTiming timing;
    std::ptrdiff_t samples = 0; ///< at each number of trips

    [[nodiscard]] double per_second() const { return operations / timing.seconds; }
};

/// The one that was chosen was sampled more often; the faster was, or would have been.
bool worse(const Rate &a, const Rate &b) {
    return a.samples != b.samples ? a.samples < b.samples : a.per_second() < b.per_second();
}

Finding rate(const FindingKey &key, const Atomic &atomic, Contention contention,
             const Dataset &data, std::span<const RowTimes<RateRow>> rows) {
    std::vector<Rate> rates; // dropped, used
    for (const auto &[row, times] : rows)
        if (row.atomic == atomic && row.contention == contention)
            if (const auto timing = time_per_trip(times))
                rates.push_back({row.used, operations_a_trip * static_cast<double>(row.work_items),
                                 *timing,
                                 std::ranges::count(times, times.front().trips, &TripTime::trips)});
    if (rates.empty())
        return undecided(key, "not timed, or time does not grow with the trips");
    const Rate &best = *std::ranges::max_element(rates, worse);
    Finding finding = rate_finding(key, best.operations, best.timing);
    finding.method = fmt::format("{}results {}; {}", spelled(atomic, data), result_names[best.used],
                                 best.timing.method);
    for (const Rate &other : rates)
        if (other.used != best.used)
            finding.note = fmt::format("with results {}: {}", result_names[other.used],
                                       format({other.per_second(), key.unit}));
    finding.evidence = {series::rates};
    check_timing(finding, best.timing);
    return finding;
}

std::string near_and_far(const Modes &modes) {
    return fmt::format("{}, and {} at {:.0f} % of the addresses", format({modes.low, Unit::second}),
                       format({modes.high, Unit::second}), 100 * modes.share);
}

Finding latency(const FindingKey &key, const Atomic &atomic, const Dataset &data,
                const Modes &modes) {
    const auto times = times_of(data.find(series::latency), LatencyRow{atomic});
    const auto timing = time_per_trip(times);
    if (!timing)
        return undecided(key, fit_slope(times) ? "its launches differ by as much as they take "
                                                 "longer with more trips"
                                               : "not timed");
    Finding finding = step_finding(key, operations_a_trip, *timing);
    finding.method = spelled(atomic, data) + timing->method;
    if (atomic.space == Space::global) {
        finding.method += ", each at another address";
        if (modes.count == 2)
            finding.note = "an addition takes " + near_and_far(modes);
    }
    finding.evidence = {series::latency};
    check_timing(finding, *timing);
    return finding;
}

/// Latencies at each address, one a block.
std::vector<std::vector<double>> latencies_by_address(const Dataset &data) {
    std::vector<std::vector<double>> latencies;
    for (const auto &[row, times] : times_by_row<AddressRow>(data.find(series::addresses))) {
        std::map<int, std::vector<TripTime>> blocks;
        for (const TripTime &time : times)
            blocks[time.block].push_back(time);
        std::vector<double> &here = latencies.emplace_back();
        for (const auto &[block, taken] : blocks)
            if (const auto fit = fit_slope(taken); fit && fit->seconds_per_trip > 0)
                here.push_back(fit->seconds_per_trip / operations_a_trip);
    }
    return latencies;
}

Finding partitions(const Modes &modes) {
    if (!modes.count)
        return undecided(partitions_key, modes.reason);
    Finding finding = decided(partitions_key, *modes.count,
                              "dip test of the latency over addresses", {series::addresses});
    if (*modes.count == 2)
        finding.note = near_and_far(modes);
    return finding;
}

} // namespace

double dip(std::span<const double> samples) {
    if (samples.empty())
        throw std::invalid_argument("the dip of no samples");
    const std::vector<Jump> jumps = distribution({samples.begin(), samples.end()});
    const auto n = static_cast<double>(samples.size());
    // The same from behind: what is concave there is convex here.
    std::vector<Jump> mirrored;
    for (const Jump &jump : jumps)
        mirrored.push_back({-jump.x, n - jump.upto, n - jump.below});
    std::reverse(mirrored.begin(), mirrored.end());
    double low = 0;
    double high = n / 2;
    for (int i = 0; i < 30; ++i) {
        const double middle = (low + high) / 2;
        const bool unimodal = // both reach some jump
            longest_convex(jumps, middle) + longest_convex(mirrored, middle) > jumps.size();
        (unimodal ? high : low) = middle;
    }
    return high / n;
}

Modes find_modes(std::span<const std::vector<double>> samples) {
    const auto once = [](const std::vector<double> &times) { return times.size() < 2; };
    if (samples.size() < least_points || std::ranges::any_of(samples, once))
        return {{}, 0, 0, 0, "too few addresses were timed twice"};
    const std::vector<double> values = medians(samples, 0, 1);
    const double middle = median(values);
    const double dipping = dip(values) * std::sqrt(static_cast<double>(values.size()));
    const bool narrow = quantile(values, 0.95) < alike * quantile(values, 0.05);
    if (narrow || dipping < doubtful)
        return {1, middle, middle, 0, {}};
    if (dipping > rejected)
        return two_levels(samples, values);
    return {{}, middle, middle, 0, "perhaps two levels, but not clearly so"};
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Atomic &atomic : all_atomics())
        for (FindingKey &key : keys_of(atomic))
            keys.push_back(std::move(key));
    keys.push_back(partitions_key);
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const Modes modes = find_modes(latencies_by_address(data));
    const auto rates = times_by_row<RateRow>(data.find(series::rates));
    std::vector<Finding> findings;
    for (const Atomic &atomic : all_atomics()) {
        const std::vector<FindingKey> keys = keys_of(atomic);
        const std::string reason = data.text_attribute(atomic.name() + lacking);
        if (reason.empty())
            findings.insert(findings.end(),
                            {rate(keys[0], atomic, Contention::contended, data, rates),
                             rate(keys[1], atomic, Contention::spread, data, rates),
                             latency(keys[2], atomic, data, modes)});
        else
            for (const FindingKey &key : keys)
                findings.push_back(without_value(key, Status::unsupported, reason));
    }
    findings.push_back(partitions(modes));
    allow_on_cpu(findings, facts, between_processors, [](const std::string &key) {
        return key.starts_with("atomic.global.") && key.ends_with(".contended.rate");
    });
    return findings;
}

} // namespace clprobe::probes::atomics
