#include "analysis/trip_timing.hpp"
#include "common/allowances.hpp"
#include "common/verdicts.hpp"
#include "execution/subgroups/subgroups.hpp"

#include <fmt/format.h>

#include <bit>
#include <utility>

namespace clprobe::probes::subgroups {
namespace {

constexpr std::array all_aspects{Aspect::rate, Aspect::latency};

const char *series_of(Aspect aspect) {
    return aspect == Aspect::rate ? series::rate : series::latency;
}

/// What a work-item gets by it.
const char *meaning(Exchange exchange) {
    switch (exchange) {
    case Exchange::shuffle:
        return "the word of a work-item that each names";
    case Exchange::shuffle_xor:
        return "the word of the work-item whose number has some bits the other way round";
    case Exchange::broadcast:
        return "the word of one for all";
    case Exchange::reduce:
        return "the sum of all words";
    case Exchange::scan:
        return "the sum of the words up to one's own";
    }
    return "";
}

FindingKey key_of(Exchange exchange, bool local, Aspect aspect) {
    const bool rate = aspect == Aspect::rate;
    std::string what = rate ? "results of all work-items together, each "
                            : "from one such exchange of a sub-group to the next that needs it: ";
    what += meaning(exchange);
    what += local ? ", through local memory" : ", by a function of sub-groups";
    return {"subgroup." + what_of(exchange, local) + (rate ? ".rate" : ".latency"),
            rate ? Unit::op_per_second : Unit::second, rate ? Better::higher : Better::lower, what};
}

std::string by_ptx(Exchange exchange) {
    constexpr std::array how{"shfl.sync.idx", "shfl.sync.bfly", "shfl.sync.idx",
                             "redux.sync.add.u32", "five shfl.sync.up with an addition each"};
    return std::string("inline PTX ") + how[static_cast<std::size_t>(exchange)];
}

std::string by_function(Exchange exchange) {
    constexpr std::array how{"shuffle", "shuffle_xor", "broadcast", "reduce_add",
                             "scan_inclusive_add"};
    return std::string("sub_group_") + how[static_cast<std::size_t>(exchange)];
}

std::string by_local_memory(const Row &row) {
    return fmt::format("{} through local memory behind a barrier of the {}",
                       is_sum(row.exchange)
                           ? fmt::format("{} exchanges", std::bit_width(row.lanes) - 1)
                           : std::string("one exchange"),
                       row.way == Way::local ? "sub-group" : "group");
}

/// "inline PTX shfl.sync.idx, one sub-group of 32, an addition included"
std::string describe(const Row &row, Aspect aspect) {
    std::string how = is_local(row.way)     ? by_local_memory(row)
                      : row.way == Way::ptx ? by_ptx(row.exchange)
                                            : by_function(row.exchange);
    if (row.way == Way::intel && is_shuffle(row.exchange))
        how = "intel_" + how;
    const bool in_groups = row.way == Way::local_group;
    if (aspect == Aspect::latency)
        return how + fmt::format(", one {} of {}, an addition included",
                                 in_groups ? "group" : "sub-group", row.lanes);
    how += fmt::format(", {} words a work-item, {} groups of {}", chains_of(aspect), row.groups,
                       row.local_size);
    return in_groups ? how : how + fmt::format(" in sub-groups of {}", row.lanes);
}

/// What an exchange took, and how it was done.
struct Timed {
    Row row;
    TripTiming timing;
};

std::optional<Timed> timed(const Dataset &data, Exchange exchange, bool local, Aspect aspect) {
    for (const auto &[row, times] : times_by_row<Row>(data.find(series_of(aspect))))
        if (row.exchange == exchange && is_local(row.way) == local)
            if (const auto timing = time_per_trip(times))
                return Timed{row, *timing};
    return std::nullopt;
}

/// Why there is nothing of it.
Finding missing(const FindingKey &key, const Dataset &data, Exchange exchange, bool local,
                Aspect aspect) {
    if (auto finding = not_measured(key, data, what_of(exchange, local)))
        return *std::move(finding);
    if (const std::string reason = data.text_attribute(entry::left_out); !local && !reason.empty())
        return without_value(key, Status::unsupported, reason);
    return undecided(key, "not timed, or time does not grow with the trips", {series_of(aspect)});
}

/// Results of a second, or seconds from one exchange to the next.
Finding finding_of(const Timed &of, const FindingKey &key, Aspect aspect) {
    const double results =
        static_cast<double>(of.row.work_items()) * chains_of(aspect) * of.row.steps();
    Finding finding = aspect == Aspect::rate ? rate_finding(key, results, of.timing)
                                             : step_finding(key, of.row.steps(), of.timing);
    finding.method = describe(of.row, aspect) + "; " + of.timing.method;
    finding.evidence = {series_of(aspect)};
    check_timing(finding, of.timing);
    return finding;
}

/// Says of a function what local memory does in its place.
void compare(Finding &function, const Finding &local, Aspect aspect) {
    if (!function.value || !local.value)
        return;
    const double ratio = *local.value / *function.value;
    function.method += aspect == Aspect::rate
                           ? fmt::format("; local memory has {:.2f} of that rate", ratio)
                           : fmt::format("; local memory takes {:.2f} times as long", ratio);
}

} // namespace

std::string what_of(Exchange exchange, bool local) {
    return name(exchange) + (local ? ".local" : "");
}

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Exchange exchange : all_exchanges)
        for (const bool local : {false, true})
            if (!local || has_local(exchange))
                for (const Aspect aspect : all_aspects)
                    keys.push_back(key_of(exchange, local, aspect));
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &) {
    const auto find = [&](Exchange exchange, bool local, Aspect aspect) {
        const FindingKey key = key_of(exchange, local, aspect);
        const auto found = timed(data, exchange, local, aspect);
        return found ? finding_of(*found, key, aspect)
                     : missing(key, data, exchange, local, aspect);
    };
    std::vector<Finding> findings;
    for (const Exchange exchange : all_exchanges) {
        // Both shuffles are set against the one through local memory.
        const Exchange other = is_shuffle(exchange) ? Exchange::shuffle : exchange;
        for (const Aspect aspect : all_aspects) {
            findings.push_back(find(exchange, false, aspect));
            compare(findings.back(), find(other, true, aspect), aspect);
        }
        if (has_local(exchange))
            for (const Aspect aspect : all_aspects)
                findings.push_back(find(exchange, true, aspect));
    }
    return findings;
}

} // namespace clprobe::probes::subgroups
