#include "analysis/trip_timing.hpp"
#include "memory/atomics/experiment.hpp"
#include "memory/atomics/findings.hpp"
#include "memory/atomics/launches.hpp"
#include "memory/atomics/modes.hpp"
#include "memory/atomics/operations.hpp"

#include <clprobe/probe.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace clprobe::probes::atomics {
namespace {

const FindingKey partitions_key{
    "atomic.global.partitions", Unit::one, Better::none,
    "levels of latency that addresses have: 1, or 2 where a cache has a near and a far part"};

FindingKey rate_key(const Atomic &atomic, Contention contention) {
    const char *where = contention_names[static_cast<std::size_t>(contention)];
    const std::string of = atomic.space == Space::local ? "a word a group" : "one word";
    return {
        fmt::format("atomic.{}.{}.rate", atomic.name(), where), Unit::op_per_second, Better::higher,
        "all work-items on " + (contention == Contention::contended ? of : "words of their own")};
}

FindingKey latency_key(const Atomic &atomic) {
    return {fmt::format("atomic.{}.latency", atomic.name()), Unit::second, Better::lower,
            "one work-item, each operation after the result of the last"};
}

std::optional<Finding> refusal(const FindingKey &key, const Atomic &atomic, const Dataset &data) {
    const std::string reason = data.text_attribute(atomic.name() + lacking);
    if (reason.empty())
        return std::nullopt;
    return without_value(key, Status::unsupported, reason);
}

/// "...; " where the language has no function for the operation, so that a method starts with it.
std::string spelled(const Atomic &atomic, const Dataset &data) {
    const std::string how = data.text_attribute(atomic.name() + spelling);
    return how.empty() ? how : how + "; ";
}

/// A rate as it was measured with the results dropped or used.
struct Rate {
    double per_second = 0;
    TripTiming timing;
    double operations = 0;      ///< in a trip
    std::ptrdiff_t samples = 0; ///< at each number of trips
};

using RateTimes = std::vector<RowTimes<RateRow>>;

std::optional<Rate> rate_of(const RateTimes &rates, const Atomic &atomic, Contention contention,
                            bool used) {
    for (const auto &[row, times] : rates) {
        if (row != RateRow{atomic, contention, used, row.work_items})
            continue;
        const auto timing = time_per_trip(times);
        if (!timing)
            return std::nullopt;
        const double operations = operations_a_trip * static_cast<double>(row.work_items);
        const auto samples = std::ranges::count(times, times.front().trips, &TripTime::trips);
        return Rate{operations / timing->seconds, *timing, operations, samples};
    }
    return std::nullopt;
}

/// The one that was chosen was sampled more often; the faster was, or would have been.
bool better(const Rate &a, const Rate &b) {
    return a.samples != b.samples ? a.samples > b.samples : a.per_second > b.per_second;
}

Finding rate(const Atomic &atomic, Contention contention, const Dataset &data,
             const RateTimes &rates) {
    const FindingKey key = rate_key(atomic, contention);
    if (auto refused = refusal(key, atomic, data))
        return *refused;
    const auto dropped = rate_of(rates, atomic, contention, false);
    const auto used = rate_of(rates, atomic, contention, true);
    if (!dropped && !used)
        return without_value(key, Status::inconclusive,
                             "not timed, or time does not grow with the trips");
    const bool take_used = !dropped || (used && better(*used, *dropped));
    const Rate &best = take_used ? *used : *dropped;
    Finding finding = measured(
        key, best.per_second,
        {best.operations / best.timing.interval.high, best.operations / best.timing.interval.low});
    finding.method = fmt::format("{}results {}; {}", spelled(atomic, data), result_names[take_used],
                                 best.timing.method);
    if (dropped && used)
        finding.note = fmt::format("with results {}: {}", result_names[!take_used],
                                   format({(take_used ? dropped : used)->per_second, key.unit}));
    finding.evidence = {series::rates};
    check_timing(finding, best.timing);
    return finding;
}

std::string near_and_far(const Modes &modes) {
    return fmt::format("{}, and {} at {:.0f} % of the addresses", format({modes.low, Unit::second}),
                       format({modes.high, Unit::second}), 100 * modes.share);
}

Finding latency(const Atomic &atomic, const Dataset &data, const Modes &modes) {
    const FindingKey key = latency_key(atomic);
    if (auto refused = refusal(key, atomic, data))
        return *refused;
    const auto times = times_of(data.find(series::latency), LatencyRow{atomic});
    const auto timing = time_per_trip(times);
    if (!timing)
        return without_value(
            key, Status::inconclusive,
            fit_slope(times) ? "its launches differ by as much as they take longer with more trips"
                             : "not timed");
    Finding finding = measured(
        key, timing->seconds / operations_a_trip,
        {timing->interval.low / operations_a_trip, timing->interval.high / operations_a_trip});
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
        return without_value(partitions_key, Status::inconclusive, modes.reason);
    const double count = *modes.count;
    Finding finding = measured(partitions_key, count, {count, count});
    finding.method = "dip test of the latency over addresses";
    if (*modes.count == 2)
        finding.note = near_and_far(modes);
    finding.evidence = {series::addresses};
    return finding;
}

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Atomic &atomic : all_atomics()) {
        for (const Contention contention : {Contention::contended, Contention::spread})
            keys.push_back(rate_key(atomic, contention));
        keys.push_back(latency_key(atomic));
    }
    keys.push_back(partitions_key);
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data) {
    const Modes modes = find_modes(latencies_by_address(data));
    const auto rates = times_by_row<RateRow>(data.find(series::rates));
    std::vector<Finding> findings;
    for (const Atomic &atomic : all_atomics()) {
        for (const Contention contention : {Contention::contended, Contention::spread})
            findings.push_back(rate(atomic, contention, data, rates));
        findings.push_back(latency(atomic, data, modes));
    }
    findings.push_back(partitions(modes));
    return findings;
}

} // namespace clprobe::probes::atomics
