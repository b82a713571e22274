#include "common/allowances.hpp"
#include "host/transfer/transfer.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace clprobe::probes::transfer {
namespace {

/// The transfers that have a bandwidth and a fixed cost, in the order of their findings.
std::vector<Transfer> valued_transfers() {
    std::vector<Transfer> all;
    for (const Operation operation :
         {Operation::write, Operation::read, Operation::map_read, Operation::map_write})
        for (const Memory memory : {Memory::pageable, Memory::pinned})
            all.push_back({operation, memory, 0});
    return all;
}

constexpr double small_transfer = 64 << 10; // up to here the fixed cost shows beside the bytes'
constexpr double large_share = 1.0 / 16;    // of the largest: from here on bandwidth counts

std::string in_bytes(double size) {
    return format({size, Unit::byte});
}

/// The finding with an interval of at least that.
Finding at_the_hosts_pace(Finding finding, double least) {
    widen_to(finding, least);
    return finding;
}

/// Whether the host itself touches the bytes: its driver copies ordinary memory to some that the
/// device reaches, and what is mapped the host reads or writes.
bool host_copies(const Transfer &transfer) {
    return is_mapped(transfer) || transfer.memory == Memory::pageable;
}

class Reader {
public:
    explicit Reader(const Dataset &data)
        : data_(data), times_(times_by_row<Transfer>(data.find(series_name))) {
        std::set<double> sizes;
        for (const auto &[transfer, times] : times_)
            for (const TripTime &time : times)
                sizes.insert(time.trips);
        sizes_.assign(sizes.begin(), sizes.end());
    }

    [[nodiscard]] Finding bandwidth(const FindingKey &key, const Transfer &transfer) const {
        const auto fit = fit_slope(times_between(transfer, large_share * largest(), largest()));
        if (!fit)
            return missing(key, transfer, "not timed at two large sizes");
        if (fit->growth < 0.5)
            return without_value(key, Status::inconclusive,
                                 fmt::format("the time hardly grows with the size: up to {}, most "
                                             "of it is not spent on bytes",
                                             in_bytes(largest())));
        if (fit->interval.low <= 0)
            return without_value(key, Status::inconclusive,
                                 "the times are too noisy to show how they grow with the size");
        Finding finding = measured(key, 1 / fit->seconds_per_trip,
                                   {1 / fit->interval.high, 1 / fit->interval.low});
        finding.method = method(transfer);
        finding.evidence = {series_name};
        finding.note = between(transfer, *fit);
        return host_copies(transfer) ? at_the_hosts_pace(finding, copies_of_host) : finding;
    }

    [[nodiscard]] Finding fixed_cost(const FindingKey &key, const Transfer &transfer) const {
        const auto fit = small_fit(transfer);
        if (!fit || !fit->overhead_interval)
            return missing(key, transfer, "not timed at two small sizes in several rounds");
        if (fit->overhead_interval->low <= 0)
            return without_value(key, Status::inconclusive,
                                 "too short to show beside the time of the bytes");
        Finding finding = measured(key, fit->overhead, *fit->overhead_interval);
        finding.method = fmt::format("what the line through the times of up to {} leaves at no "
                                     "bytes",
                                     in_bytes(small_transfer));
        finding.evidence = {series_name};
        return at_the_hosts_pace(finding,
                                 is_mapped(transfer) ? mappings_of_host : commands_of_host);
    }

    [[nodiscard]] Finding misaligned(const FindingKey &key, Operation operation) const {
        const double size = largest() / 4;
        const auto aligned = times_at({operation, Memory::pageable, 0}, size);
        std::optional<Finding> worst;
        for (const std::size_t off : {1u, 4u}) {
            std::vector<double> ratios;
            for (const auto &[block, seconds] : times_at({operation, Memory::pageable, off}, size))
                if (const auto found = aligned.find(block);
                    found != aligned.end() && found->second > 0)
                    ratios.push_back(seconds / found->second);
            if (ratios.size() < 2 || (worst && median(ratios) <= *worst->value))
                continue;
            worst = measured(key, median(ratios), repeat_interval(ratios));
            worst->method = fmt::format("{} with the host's pointer {} B off a page's begin, over "
                                        "as much at its begin, in the same round",
                                        in_bytes(size), off);
            worst->evidence = {series_name};
        }
        return worst ? at_the_hosts_pace(*worst, copies_of_host)
                     : without_value(key, Status::inconclusive,
                                     "not timed with and without alignment in several rounds");
    }

    [[nodiscard]] Finding zero_copy(const FindingKey &key) const {
        const Memory memory =
            data_.text_attribute(refusal_attribute).empty() ? Memory::pinned : Memory::pageable;
        const auto shares = copied_shares(memory);
        if (shares.size() < 2)
            return without_value(key, Status::inconclusive, "mappings were not timed");
        // By quartiles, since a few interrupted mappings say nothing.
        const double low = quantile(shares, 0.25);
        const double high = quantile(shares, 0.75);
        const std::string share = fmt::format(
            "mapping {} without touching it takes longer than mapping {} by {:.2g} times what "
            "reading and writing as much takes",
            in_bytes(largest()), in_bytes(sizes_.front()), std::max(0.0, median(shares)));
        if (high > 0.1 && low < 0.5)
            return without_value(key, Status::inconclusive,
                                 share + ": neither nothing nor a copy; a cache that is written "
                                         "back would take that long");
        Finding finding = measured(key, high <= 0.1 ? 1 : 0, {});
        finding.interval = {*finding.value, *finding.value};
        finding.method = share;
        finding.evidence = {series_name};
        const double addresses = data_.number_attribute(addresses_attribute(memory)).value_or(1);
        if (high <= 0.1 && addresses > 1)
            make_suspect(finding, fmt::format("no copy, but the same memory was mapped to {} "
                                              "addresses",
                                              addresses));
        if (memory == Memory::pageable)
            finding.note += "of buffers without CL_MEM_ALLOC_HOST_PTR, as the others were refused";
        return finding;
    }

private:
    [[nodiscard]] double largest() const { return sizes_.empty() ? 0 : sizes_.back(); }

    [[nodiscard]] std::optional<SlopeFit> small_fit(const Transfer &transfer) const {
        return fit_slope(times_between(transfer, 0, small_transfer));
    }
    /// The times of one transfer between two sizes, "trips" being bytes.
    [[nodiscard]] std::vector<TripTime> times_between(const Transfer &transfer, double least,
                                                      double most) const {
        std::vector<TripTime> chosen;
        for (const auto &[row, times] : times_)
            for (const TripTime &time : times)
                if (row == transfer && time.trips >= least && time.trips <= most)
                    chosen.push_back(time);
        return chosen;
    }
    /// The times at each size in each block, the median of each.
    [[nodiscard]] std::map<double, std::map<int, double>> medians(const Transfer &transfer) const {
        std::map<double, std::map<int, std::vector<double>>> samples;
        for (const TripTime &time : times_between(transfer, 0, largest()))
            samples[time.trips][time.block].push_back(time.seconds);
        std::map<double, std::map<int, double>> medians;
        for (const auto &[size, blocks] : samples)
            for (const auto &[block, seconds] : blocks)
                medians[size][block] = median(seconds);
        return medians;
    }
    [[nodiscard]] std::map<int, double> times_at(const Transfer &transfer, double size) const {
        return medians(transfer)[size];
    }

    [[nodiscard]] Finding missing(const FindingKey &key, const Transfer &transfer,
                                  const std::string &reason) const {
        const std::string refusal = data_.text_attribute(refusal_attribute);
        if (transfer.memory == Memory::pinned && !refusal.empty())
            return without_value(key, Status::unsupported, "no pinned memory: " + refusal);
        return without_value(key, Status::inconclusive, reason);
    }

    [[nodiscard]] std::string method(const Transfer &transfer) const {
        std::string what;
        if (transfer.operation == Operation::map_read)
            what = "mapping, reading every word of it on the host, and unmapping: ";
        if (transfer.operation == Operation::map_write)
            what = "mapping, copying host memory into it, and unmapping: ";
        return fmt::format("{}slope of time over bytes from {} to {}", what,
                           in_bytes(large_share * largest()), in_bytes(largest()));
    }

    /// Where the sizes between do not take what the fixed cost and the bandwidth add up to.
    [[nodiscard]] std::string between(const Transfer &transfer, const SlopeFit &large) const {
        const auto small = small_fit(transfer);
        if (!small || small->overhead <= 0)
            return "";
        double worst = 1;
        double at = 0;
        for (const auto &[size, blocks] : medians(transfer)) {
            std::vector<double> seconds;
            for (const auto &[block, time] : blocks)
                seconds.push_back(time);
            const double ratio =
                median(seconds) / (small->overhead + size * large.seconds_per_trip);
            if (std::max(ratio, 1 / ratio) > std::max(worst, 1 / worst)) {
                worst = ratio;
                at = size;
            }
        }
        return std::max(worst, 1 / worst) < 1.5
                   ? ""
                   : fmt::format("{} take {:.2g} times as long as fixed cost and bandwidth add up "
                                 "to",
                                 in_bytes(at), worst);
    }

    /// How much longer the largest mapping takes than the smallest, over the time in which as many
    /// bytes are read and written back, round by round.
    [[nodiscard]] std::vector<double> copied_shares(Memory memory) const {
        std::vector<double> shares;
        if (sizes_.size() < 2)
            return shares;
        const auto times = [&](Operation operation, double size) {
            return times_at({operation, memory, 0}, size);
        };
        const auto small = times(Operation::map, sizes_.front());
        const auto written = times(Operation::write, largest());
        const auto read = times(Operation::read, largest());
        for (const auto &[block, seconds] : times(Operation::map, largest()))
            if (small.contains(block) && written.contains(block) && read.contains(block))
                shares.push_back((seconds - small.at(block)) /
                                 (written.at(block) + read.at(block)));
        return shares;
    }

    const Dataset &data_;
    std::vector<RowTimes<Transfer>> times_;
    std::vector<double> sizes_; ///< rising
};

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    for (const Transfer &transfer : valued_transfers()) {
        const std::vector<std::string> names = words(transfer);
        const std::string key = fmt::format("transfer.{}.{}", names[0], names[1]);
        keys.push_back({key, Unit::byte_per_second, Better::higher,
                        "asymptotic bandwidth, from the growth of time with size"});
        keys.push_back({key + ".fixed", Unit::second, Better::lower,
                        "what a transfer takes beside its bytes, from the small ones"});
    }
    for (const char *name : {"write", "read"})
        keys.push_back({fmt::format("transfer.{}.misaligned", name), Unit::one, Better::lower,
                        "time where the host's pointer is one or four bytes off a page's begin, "
                        "the worse of both, over time where it is not"});
    keys.push_back({"transfer.zero_copy", Unit::one, Better::none,
                    "1 where a mapping copies nothing, 0 where it does"});
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const Reader reader(data);
    const std::vector<FindingKey> all = finding_keys();
    auto key = all.begin();
    std::vector<Finding> findings;
    for (const Transfer &transfer : valued_transfers()) {
        findings.push_back(reader.bandwidth(*key++, transfer));
        findings.push_back(reader.fixed_cost(*key++, transfer));
    }
    for (const Operation operation : {Operation::write, Operation::read})
        findings.push_back(reader.misaligned(*key++, operation));
    findings.push_back(reader.zero_copy(*key));
    // A driver for a CPU makes and frees memory, and nothing else takes long.
    allow_on_cpu(findings, facts, through_memory,
                 [](const std::string &name) { return name.ends_with(".fixed"); });
    return findings;
}

} // namespace clprobe::probes::transfer
