#include "analysis/intervals.hpp"
#include "analysis/quantile_interval.hpp"
#include "common/allowances.hpp"
#include "common/verdicts.hpp"
#include "host/launch/launch.hpp"

#include <clprobe/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace clprobe::probes::launch {
namespace {

/// The parts of a launch whose quantiles are findings, with what they are.
struct QuantilePart {
    Part part;
    const char *meaning;
};
constexpr std::array quantile_parts{
    QuantilePart{Part::dispatch, "from QUEUED to START of a launch, the queue being empty"},
    QuantilePart{Part::round_trip, "the host's time from enqueuing a launch until it is done"},
    QuantilePart{Part::device, "from START to END of a kernel that does next to nothing"},
};

struct Quantile {
    const char *name;
    double q;
};
constexpr std::array quantiles{Quantile{"p50", 0.5}, Quantile{"p90", 0.9}, Quantile{"p99", 0.99}};

constexpr const char *differs_too_much = "the rounds differ by more than it takes";

std::string in_seconds(double seconds) {
    return format({seconds, Unit::second});
}

const char *name_of(Part part) {
    return part_names.at(static_cast<std::size_t>(part));
}

/// Samples by the block that they were taken in.
using Blocks = std::map<int, std::vector<double>>;

std::vector<double> all_of(const Blocks &blocks) {
    std::vector<double> all;
    for (const auto &[block, samples] : blocks)
        all.insert(all.end(), samples.begin(), samples.end());
    return all;
}

/// The median of each block.
std::map<int, double> medians_of(const Blocks &blocks) {
    std::map<int, double> medians;
    for (const auto &[block, samples] : blocks)
        medians[block] = median(samples);
    return medians;
}

/// The quantile in each stretch of blocks, one after the other, that is long enough for a sample to
/// lie beyond it.
std::vector<double> quantile_by_stretch(const Blocks &blocks, double q) {
    const double least = 1 / (1 - q) - 1e-6;
    std::vector<double> values;
    std::vector<double> stretch;
    for (const auto &[block, samples] : blocks) {
        stretch.insert(stretch.end(), samples.begin(), samples.end());
        if (static_cast<double>(stretch.size()) < least)
            continue;
        values.push_back(quantile(stretch, q));
        stretch.clear();
    }
    return values;
}

/// The samples of each row, by block. Throws InvalidRow.
template <typename Row, typename Value>
std::map<Value, Blocks> blocks_of(const Series *series, Value Row::*member) {
    std::map<Value, Blocks> blocks;
    for (const auto &[row, times] : times_by_row<Row>(series))
        for (const TripTime &time : times)
            blocks[row.*member][time.block].push_back(time.seconds);
    return blocks;
}

/// Why the device's timestamps do not say what they should, and which status that has.
struct Doubt {
    Status status = Status::inconclusive;
    std::string reason;
};

/// What the audit of the device's timestamps makes of them; nothing where it found them sound.
std::optional<Doubt> doubt_of_audit(const Facts &facts) {
    constexpr double worst_ratio_error = 0.02;
    const Finding *resolution = facts.find("event_timer.resolution");
    const Finding *ratio = facts.find("event_timer.host_ratio");
    if (resolution == nullptr || ratio == nullptr)
        return Doubt{Status::inconclusive, "the device's timestamps were not audited"};
    for (const Finding *finding : {resolution, ratio})
        if (finding->status != Status::measured || !finding->value)
            return Doubt{finding->status == Status::unsupported ? Status::unsupported
                                                                : Status::inconclusive,
                         finding->note};
    if (std::abs(*ratio->value - 1) > worst_ratio_error)
        return Doubt{Status::inconclusive,
                     fmt::format("the device's timestamps run at {:.4g} times the host's clock",
                                 *ratio->value)};
    return std::nullopt;
}

class Reader {
public:
    Reader(const Dataset &data, const Facts &facts)
        : data_(data), facts_(facts), launches_(blocks_of(data.find(launches), &LaunchRow::part)),
          calls_(blocks_of(data.find(calls), &CallRow::call)) {}

    [[nodiscard]] Finding of_part(const FindingKey &key, Part part, double q) const {
        const bool by_events = part != Part::round_trip;
        if (by_events)
            if (const auto doubt = doubt_of_timestamps())
                return without_value(key, doubt->status, doubt->reason);
        const std::vector<double> samples = all_of(blocks(part));
        const auto order = quantile_interval(samples, q);
        const auto by_stretch = quantile_by_stretch(blocks(part), q);
        if (!order || by_stretch.size() < 2)
            return undecided(
                key, fmt::format("{} launches are too few for this quantile", samples.size()));
        const double value = quantile(samples, q);
        const Interval repeated = repeat_interval(by_stretch);
        Interval interval = hull(hull(hull(*order, repeated.low), repeated.high), value);
        if (interval.low < 0)
            return undecided(key, differs_too_much, {launches});
        if (by_events) {
            const double tick = facts_.value("event_timer.resolution").value_or(0);
            if (value < tick)
                return undecided(key, fmt::format("shorter than a tick of the device's "
                                                  "timestamps, {}",
                                                  in_seconds(tick)));
            interval = {std::max(0.0, interval.low - tick), interval.high + tick};
        }
        Finding finding = measured(key, value, interval);
        finding.method = fmt::format("{:g} % quantile of {} launches, {}", 100 * q, samples.size(),
                                     by_events ? "by the device's timestamps"
                                               : "by the host's clock, without profiling");
        finding.evidence = {launches};
        if (by_events)
            suspect_where_longer_than_on_host(finding);
        constexpr double tail = 0.95;
        widen_to(finding, q > tail ? longest_commands : commands_of_host);
        return finding;
    }

    [[nodiscard]] Finding of_call(const FindingKey &key, Call call,
                                  const std::string &method) const {
        const auto found = calls_.find(call);
        if (found == calls_.end())
            return undecided(key, "not timed");
        return unless_nothing(key, of_blocks(key, medians_of(found->second), method, calls),
                              differs_too_much);
    }

    /// What enqueues take more where each has an event.
    [[nodiscard]] Finding event(const FindingKey &key) const {
        const auto with = calls_.find(Call::enqueue_with_event);
        const auto without = calls_.find(Call::enqueue);
        if (with == calls_.end() || without == calls_.end())
            return undecided(key, "not timed");
        std::map<int, double> differences = medians_of(with->second);
        const auto bases = medians_of(without->second);
        std::erase_if(differences, [&](const auto &each) { return !bases.contains(each.first); });
        for (auto &[block, seconds] : differences)
            seconds -= bases.at(block);
        const Finding finding = of_blocks(key, differences,
                                          "enqueuing with an event, which is released at once, "
                                          "less enqueuing without one, round by round",
                                          calls);
        const double most = finding.interval ? std::max(0.0, finding.interval->high) : 0;
        return unless_nothing(
            key, finding,
            fmt::format("does not show beside the enqueue: at most {}", in_seconds(most)));
    }

    [[nodiscard]] Finding first(const FindingKey &key) const {
        return unless_nothing(
            key,
            of_blocks(key, medians_of(blocks(Part::first)),
                      "the host's time from enqueuing the first launch of a program that was "
                      "never built before until it is done; the build is not part of it",
                      launches),
            differs_too_much);
    }

    [[nodiscard]] Finding back_to_back(const FindingKey &key) const {
        std::vector<TripTime> times = times_of(data_.find(batches), BatchRow{});
        double longest = 0;
        for (const TripTime &time : times)
            longest = std::max(longest, time.trips);
        std::erase_if(times, [&](const TripTime &time) { return 10 * time.trips < longest; });
        const auto fit = fit_slope(times);
        if (!fit || fit->blocks < 2)
            return undecided(key, "batches of several lengths were not timed in several rounds");
        if (fit->interval.low <= 0 || fit->growth < 0.5)
            return undecided(key, "the times do not show how they grow with the launches",
                             {batches});
        Finding finding = measured(key, fit->seconds_per_trip, fit->interval);
        finding.method = fmt::format("slope of time over launches in a row, from {:g} to {:g}, "
                                     "without profiling",
                                     std::ceil(longest / 10), longest);
        finding.evidence = {batches};
        if (std::abs(fit->nonlinearity.value_or(0)) > 0.25)
            finding.note = "a launch does not take the same time in short batches and in long ones";
        widen_to(finding, calls_of_host);
        return finding;
    }

    /// What several launches take longer than a single one of as many steps, for each but the
    /// first.
    [[nodiscard]] Finding gap(const FindingKey &key) const {
        const auto rows = times_by_row<LongRow>(data_.find(long_launches));
        if (rows.size() != 2)
            return undecided(key, "launches that share out a chain of steps were not timed");
        const std::vector<TripTime> &half = rows.front().times;
        const std::vector<TripTime> &whole = rows.back().times;
        const auto fit = fit_slope(whole);
        if (!fit || fit->blocks < 2)
            return undecided(key, "several numbers of launches were not timed in several rounds");
        const double alone = median_of_single(whole);
        if (const double more = alone - median_of_single(half); !(more > 0.25 * alone))
            return undecided(key, "the times do not show how they grow with the steps",
                             {long_launches});
        double most = 1;
        for (const TripTime &time : whole)
            most = std::max(most, time.trips);
        const auto enqueues = calls_.find(Call::enqueue);
        if (enqueues != calls_.end() && alone / most < 2 * median(all_of(enqueues->second)))
            return undecided(key, "the launches are too short for the host to be ahead of them",
                             {long_launches});
        if (fit->interval.high < 0)
            return undecided(key, "several launches take less time than one of as many steps",
                             {long_launches});
        Finding finding =
            measured(key, std::max(0.0, fit->seconds_per_trip),
                     {std::max(0.0, fit->interval.low), std::max(0.0, fit->interval.high)});
        finding.method =
            fmt::format("slope of time over the launches, up to {:g}, that share out steps of {} "
                        "altogether, without profiling",
                        most, in_seconds(alone));
        finding.evidence = {long_launches};
        widen_to(finding, commands_of_host);
        if (fit->interval.low <= 0)
            finding.note = fmt::format("does not differ from nothing: at most {}",
                                       in_seconds(finding.interval->high));
        return finding;
    }

private:
    [[nodiscard]] static double median_of_single(const std::vector<TripTime> &times) {
        std::vector<double> seconds;
        for (const TripTime &time : times)
            if (time.trips == 1)
                seconds.push_back(time.seconds);
        return seconds.empty() ? 0 : median(seconds);
    }

    [[nodiscard]] const Blocks &blocks(Part part) const {
        static const Blocks none;
        const auto found = launches_.find(part);
        return found == launches_.end() ? none : found->second;
    }

    [[nodiscard]] static Finding of_blocks(const FindingKey &key,
                                           const std::map<int, double> &by_block,
                                           const std::string &method, const char *series) {
        std::vector<double> values;
        for (const auto &[block, value] : by_block)
            values.push_back(value);
        if (values.size() < 2)
            return undecided(key, "not timed in several rounds");
        Finding finding =
            measured(key, median(values), hull(repeat_interval(values), median(values)));
        finding.method = method;
        finding.evidence = {series};
        widen_to(finding, calls_of_host);
        return finding;
    }

    /// The finding, unless it may as well be no time at all.
    [[nodiscard]] static Finding unless_nothing(const FindingKey &key, const Finding &finding,
                                                const std::string &reason) {
        return finding.interval && finding.interval->low <= 0
                   ? undecided(key, reason, finding.evidence)
                   : finding;
    }

    [[nodiscard]] std::optional<Doubt> doubt_of_timestamps() const {
        const std::string refused = data_.text_attribute(refusal);
        if (!refused.empty())
            return Doubt{Status::unsupported, refused};
        if (launches_.empty())
            return Doubt{Status::inconclusive, "no launch was timed"};
        if (const auto doubt = doubt_of_audit(facts_))
            return doubt;
        if (const double count = data_.number_attribute(backward).value_or(0); count > 0)
            return Doubt{Status::inconclusive,
                         fmt::format("of {:g} launches, START lies before QUEUED or END before "
                                     "START",
                                     count)};
        if (blocks(Part::dispatch).empty() || blocks(Part::device).empty())
            return Doubt{Status::unsupported, "the driver gives no timestamps for its launches"};
        return std::nullopt;
    }

    /// Where the timestamps are of other moments than they say.
    void suspect_where_longer_than_on_host(Finding &finding) const {
        const std::vector<double> host = all_of(blocks(Part::profiled));
        if (host.empty())
            return;
        const double on_device =
            median(all_of(blocks(Part::dispatch))) + median(all_of(blocks(Part::device)));
        const double on_host = median(host);
        if (on_device > 1.1 * on_host + facts_.value("event_timer.resolution").value_or(0))
            make_suspect(finding, fmt::format("QUEUED to END is {}, and the host waits {} for the "
                                              "launch",
                                              in_seconds(on_device), in_seconds(on_host)));
    }

    const Dataset &data_;
    const Facts &facts_;
    std::map<Part, Blocks> launches_;
    std::map<Call, Blocks> calls_;
};

} // namespace

std::vector<FindingKey> finding_keys() {
    std::vector<FindingKey> keys;
    const auto add = [&](const std::string &key, const char *meaning) {
        keys.push_back({"launch." + key, Unit::second, Better::lower, meaning});
    };
    for (const auto &[part, meaning] : quantile_parts)
        for (const auto &[name, q] : quantiles)
            add(fmt::format("{}.{}", name_of(part), name), meaning);
    add("back_to_back", "what each launch adds to many in a row");
    add("gap",
        "the device's time between two launches in a row that are long enough for the host to "
        "be ahead of them");
    add("enqueue", "the host's time for a call of clEnqueueNDRangeKernel");
    add("set_argument", "the host's time for a call of clSetKernelArg");
    add("event", "what an enqueue takes longer where it makes an event, and its release");
    add("finish", "the host's time for a call of clFinish where there is nothing to wait for");
    add("first", "the host's time from enqueuing a program's first launch until it is done");
    return keys;
}

std::vector<Finding> findings_of(const Dataset &data, const Facts &facts) {
    const Reader reader(data, facts);
    const std::vector<FindingKey> all = finding_keys();
    auto key = all.begin();
    std::vector<Finding> findings;
    for (const auto &[part, meaning] : quantile_parts)
        for (const auto &[name, q] : quantiles)
            findings.push_back(reader.of_part(*key++, part, q));
    findings.push_back(reader.back_to_back(*key++));
    const FindingKey &gap = *key++;
    if (data.find(long_launches) != nullptr) // a report from before has none
        findings.push_back(reader.gap(gap));
    findings.push_back(reader.of_call(*key++, Call::enqueue, "mean of a burst of enqueues"));
    findings.push_back(
        reader.of_call(*key++, Call::set_argument, "mean of a loop that sets an argument of 4 B"));
    findings.push_back(reader.event(*key++));
    findings.push_back(
        reader.of_call(*key++, Call::finish, "mean of a loop of finishes of an empty queue"));
    findings.push_back(reader.first(*key));
    // A launch wakes workers, wherever the system has put them in this run.
    allow_on_cpu(findings, facts, taking_part, [](const std::string &name) {
        return name != "launch.set_argument" && name != "launch.finish";
    });
    return findings;
}

std::vector<Curve> curves_of(const Dataset &data) {
    Curve curve{batches, {"launches", Unit::one, {}}, {"time of a launch", Unit::second, {}}, {}};
    std::map<double, std::vector<double>> by_length;
    for (const TripTime &time : times_of(data.find(batches), BatchRow{}))
        by_length[time.trips].push_back(time.seconds / time.trips);
    for (const auto &[length, seconds] : by_length)
        curve.points.push_back({length, median(seconds), seconds.size(), std::ranges::min(seconds),
                                std::ranges::max(seconds)});
    return {curve};
}

} // namespace clprobe::probes::launch
