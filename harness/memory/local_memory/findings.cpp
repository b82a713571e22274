#include "common/allowances.hpp"
#include "common/tunings.hpp"
#include "common/verdicts.hpp"
#include "memory/local_memory/local_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace clprobe::probes::local_memory {
namespace {

const FindingKey latency_key{"local.latency", Unit::second, Better::lower,
                             "from one load of local memory to the next that needs its result"};
const FindingKey bandwidth_key{"local.bandwidth", Unit::byte_per_second, Better::higher,
                               "read from local memory by the whole device"};
const FindingKey banks_key{"local.banks", Unit::one, Better::none,
                           "banks that deliver one word each at a time"};
const FindingKey width_key{"local.bank_width", Unit::byte, Better::none, "width of a bank's word"};
const FindingKey own_key{"local.own_memory", Unit::one, Better::none,
                         "1: a memory of its own; 0: it is kept in the first cache like any other"};

std::optional<TripTiming> latency_timing(const Dataset &data, Where memory) {
    return time_per_trip(times_of(data.find(series::latency), LatencyRow{memory}));
}

Finding latency(const Dataset &data) {
    const auto timing = latency_timing(data, Where::local);
    if (!timing)
        return undecided(latency_key, "no slope over the trips");
    Finding finding = step_finding(latency_key, latency_hops, *timing);
    finding.method = "one work-item on a random ring; " + timing->method;
    finding.evidence = {series::latency};
    if (const auto global = latency_timing(data, Where::global))
        finding.note =
            "the first cache takes " + format({global->seconds / latency_hops, Unit::second});
    check_timing(finding, *timing);
    return finding;
}

Finding bandwidth(const Dataset &data) {
    const auto winners = times_by_row<BandwidthRow>(data.find(series::bandwidth));
    const auto timing = winners.empty() ? std::nullopt : time_per_trip(winners.front().times);
    if (!timing)
        return undecided(bandwidth_key,
                         "no load of any width was timed, or time does not grow with the trips");
    const BandwidthRow &row = winners.front().row;
    Finding finding = rate_finding(bandwidth_key, row.bytes_per_trip(), *timing);
    finding.method = fmt::format(
        "loads of {} B by {} work-items at once, the best of {} shapes; {}", row.width,
        row.work_items, times_by_row<BandwidthRow>(data.find(series::race)).size(), timing->method);
    finding.evidence = {series::bandwidth};
    if (data.find(series::race) != nullptr)
        finding.evidence.emplace_back(series::race);
    check_timing(finding, *timing);
    return finding;
}

Finding banks(const FindingKey &key, const Dataset &data, const BankVerdict &verdict) {
    if (const std::string reason = data.text_attribute(std::string(series::strides) + left_out);
        !reason.empty())
        return without_value(key, Status::unsupported, reason);
    if (!verdict.model)
        return undecided(key, verdict.reason);
    const BankModel &model = *verdict.model;
    return decided(key, key.key == banks_key.key ? model.banks : 4 * model.width_words,
                   fmt::format("the division into banks that explains {:.0f} % of the times over "
                               "strides best, the slowest {:.3g} times the fastest",
                               100 * verdict.explained, verdict.slowdown),
                   {series::strides});
}

Finding own_memory(const Dataset &data) {
    std::size_t most_touched = 0;
    for (const auto &[row, times] : times_by_row<EvictionRow>(data.find(series::eviction)))
        most_touched = std::max(most_touched, row.local);
    const auto touched = static_cast<double>(most_touched);
    const EvictionVerdict verdict = judge_eviction(eviction_times(data), touched);
    if (!verdict.own)
        return undecided(own_key, verdict.reason);
    return decided(
        own_key, *verdict.own ? 1 : 0,
        fmt::format("touching {} of local memory {} what the first cache holds of global memory "
                    "(passes take up to {:.2f} times as long)",
                    format({touched, Unit::byte}), *verdict.own ? "does not evict" : "evicts",
                    verdict.worst_ratio),
        {series::eviction});
}

} // namespace

std::vector<FindingKey> finding_keys() {
    return {latency_key, bandwidth_key, banks_key, width_key, own_key};
}

std::vector<StrideTime> stride_times(const Dataset &data) {
    constexpr std::size_t most = 1000; // each is compared with thousands of models
    std::vector<RowTimes<StrideRow>> strides = times_by_row<StrideRow>(data.find(series::strides));
    strides.resize(std::min(strides.size(), most));
    std::vector<StrideTime> stride_times;
    for (const auto &[row, times] : strides)
        if (const auto timing = time_per_trip(times))
            // Half of an interval of 95 % is some two standard errors.
            stride_times.push_back({row.stride / 4, timing->seconds,
                                    timing->interval.half_width() / 2 / timing->seconds});
    return stride_times;
}

std::vector<EvictionTime> eviction_times(const Dataset &data) {
    // By the global memory, in order of the local memory touched: little, then all.
    std::map<std::size_t, std::vector<SlopeFit>> fits;
    for (const auto &[row, times] : times_by_row<EvictionRow>(data.find(series::eviction)))
        if (const auto fit = fit_slope(times); fit && fit->seconds_per_trip > 0)
            fits[row.footprint].push_back(*fit);
    std::vector<EvictionTime> times;
    for (const auto &[footprint, of] : fits)
        if (of.size() == 2)
            times.push_back({static_cast<double>(footprint), of[0], of[1]});
    return times;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const BankVerdict verdict = find_banks(stride_times(data));
    std::vector<Finding> findings{latency(data), bandwidth(data), banks(banks_key, data, verdict),
                                  banks(width_key, data, verdict), own_memory(data)};
    allow_on_cpu(findings, facts, in_own_caches,
                 [](const std::string &key) { return key == bandwidth_key.key; });
    return findings;
}

std::vector<Curve> curves_of(const Dataset &data) {
    const Axis seconds{"time", Unit::second, {}};
    Curve strides{series::strides, {"stride", Unit::byte, {}}, seconds, {}, {"local.bank_width"}};
    for (const StrideTime &time : stride_times(data))
        strides.points.push_back({4.0 * time.stride, time.seconds});
    Curve evictions{series::eviction, {"footprint", Unit::byte, {}}, seconds, {}};
    for (const EvictionTime &time : eviction_times(data))
        if (time.bytes > 0)
            evictions.points.push_back({time.bytes, time.all.seconds_per_trip});
    return {strides, evictions};
}

std::vector<Tuning> tunings_of(const Dataset &data) {
    const auto bytes = [](const BandwidthRow &row) { return row.bytes_per_trip(); };
    const auto describe = [](const BandwidthRow &row) {
        return fmt::format("loads of {} B by {} work-items at once", row.width, row.work_items);
    };
    return {{series::race,
             "reads",
             {"bandwidth", Unit::byte_per_second, {}},
             trials_of<BandwidthRow>(data.find(series::race), bytes, describe)}};
}

} // namespace clprobe::probes::local_memory
