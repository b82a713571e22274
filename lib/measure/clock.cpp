#include "measure/clock.hpp"

#include <clprobe/error.hpp>
#include <clprobe/row.hpp>
#include <clprobe/sampling.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace clprobe {
namespace {

/// From start to end as the device records them.
class EventClock : public Clock {
public:
    double time(const std::function<Event()> &enqueue) override {
        const Event event = enqueue();
        event.wait();
        const auto timestamps = event.profiling_timestamps();
        if (!timestamps)
            throw Error("the driver gave no timestamps for a command");
        if (timestamps->end < timestamps->start)
            throw Error("a command's END timestamp lies before its START");
        return static_cast<double>(timestamps->end - timestamps->start) * 1e-9;
    }
};

class HostClock : public Clock {
public:
    explicit HostClock(const Context &context) : context_(context) {}

    double time(const std::function<Event()> &enqueue) override {
        context_.finish(); // what was enqueued before must not be timed
        const double start = steady_time();
        enqueue().wait();
        return steady_time() - start;
    }

private:
    Context context_;
};

// Coarser than this, a launch of some milliseconds is not timed to a thousandth.
constexpr double coarsest_tick = 5e-7;
// More than this, and the timestamps are in another unit than they claim, or the counter is off.
constexpr double worst_ratio_error = 0.02;

// The audit of the device's timestamps.

enum Timestamp : std::size_t { queued, submit, start, end, host_begin, host_end };

/// One of the times of one launch: device ticks or host nanoseconds, both counted from the first
/// launch.
struct TimestampRow {
    std::size_t launch = 0;
    Timestamp timestamp = queued;

    static auto columns() {
        return std::tuple{
            column("launch", &TimestampRow::launch),
            column("stamp", &TimestampRow::timestamp,
                   std::array{"queued", "submit", "start", "end", "host_begin", "host_end"})};
    }
};

/// The times by kind, in the launches' order.
struct Columns {
    std::array<std::vector<double>, 6> of;
    [[nodiscard]] std::size_t stamped() const { return of[end].size(); }
    [[nodiscard]] double on_device(std::size_t i) const { return of[end][i] - of[start][i]; }
    [[nodiscard]] double on_host(std::size_t i) const {
        return of[host_end][i] - of[host_begin][i];
    }
};

Columns columns_of(const Series &series) {
    auto points = samples_by_row<TimestampRow>(&series);
    std::ranges::stable_sort(points, {}, [](const auto &point) { return point.row.launch; });
    Columns columns;
    for (const auto &[row, trips, samples] : points)
        if (!samples.empty())
            columns.of[row.timestamp].push_back(samples.front());
    return columns;
}

bool moves(const std::vector<double> &values) {
    return std::ranges::any_of(values, [&](double value) { return value != values.front(); });
}

/// The length of one tick: the greatest common divisor of the differences between timestamps.
double tick_of(const Columns &columns) {
    std::int64_t divisor = 0;
    for (const Timestamp timestamp : {start, end})
        for (const double value : columns.of[timestamp])
            divisor =
                std::gcd(divisor, static_cast<std::int64_t>(value - columns.of[start].front()));
    return static_cast<double>(divisor);
}

/// Why the profiling timestamps cannot be a clock; empty where they can.
std::string unsound(const Columns &columns) {
    constexpr double longest = 0x1p53; // ticks: of nanoseconds, three months
    for (const Timestamp timestamp : {queued, submit, start, host_begin, host_end})
        if (columns.of[timestamp].size() != columns.stamped())
            return "some launches lack some of their timestamps";
    for (const Timestamp timestamp : {start, end})
        for (const double value : columns.of[timestamp])
            if (std::abs(value - columns.of[start].front()) > longest)
                return "the timestamps lie months apart";
    if (!moves(columns.of[start]) || !moves(columns.of[end]))
        return "the driver gives START and END timestamps that never move";
    for (std::size_t i = 0; i < columns.stamped(); ++i) {
        if (columns.on_device(i) < 0)
            return "the END timestamp of a command lies before its START";
        if (i > 0 && columns.of[end][i] < columns.of[end][i - 1])
            return "the timestamps of successive commands run backwards";
    }
    return {};
}

/// Device ticks over host nanoseconds between launches half of the chosen ones apart: the median,
/// and the range of all of them, which neighbours widen as they would shift a second run.
std::pair<double, Interval> ratio_of(const Columns &columns,
                                     const std::vector<std::size_t> &chosen) {
    const std::size_t apart = std::max<std::size_t>(1, chosen.size() / 2);
    std::vector<double> ratios;
    for (std::size_t k = 0; k + apart < chosen.size(); ++k) {
        const std::size_t i = chosen[k];
        const std::size_t j = chosen[k + apart];
        const double host = columns.of[host_end][j] - columns.of[host_end][i];
        if (host > 0)
            ratios.push_back((columns.of[end][j] - columns.of[end][i]) / host);
    }
    if (ratios.empty())
        return {0, {0, 0}};
    return {median(ratios), {quantile(ratios, 0), quantile(ratios, 1)}};
}

/// The half of the launches after which the host woke up soonest: on a busy machine the others show
/// the host more than the device.
std::vector<std::size_t> prompt_launches(const Columns &columns, double ratio) {
    const auto delay = [&](std::size_t i) {
        return columns.on_host(i) - columns.on_device(i) / ratio;
    };
    std::vector<std::size_t> launches(columns.stamped());
    std::iota(launches.begin(), launches.end(), std::size_t{0});
    if (ratio <= 0)
        return launches;
    std::ranges::stable_sort(launches, {}, delay);
    launches.resize((launches.size() + 1) / 2);
    std::ranges::sort(launches);
    return launches;
}

/// Share of a launch's time on the host that START to END covers. The best covered tenth of the
/// launches, since a busy host adds to its own time only.
double covered(const Columns &columns, double ratio) {
    std::vector<double> shares;
    for (std::size_t i = 0; i < columns.stamped(); ++i)
        if (columns.on_host(i) > 0 && ratio > 0)
            shares.push_back(columns.on_device(i) / ratio / columns.on_host(i));
    return shares.empty() ? 0 : quantile(shares, 0.9);
}

bool in_order(const Columns &columns) {
    for (std::size_t i = 0; i < columns.stamped(); ++i)
        if (columns.of[queued][i] > columns.of[submit][i] ||
            columns.of[submit][i] > columns.of[start][i])
            return false;
    return true;
}

} // namespace

std::unique_ptr<Clock> host_clock(const Context &context) {
    return std::make_unique<HostClock>(context);
}

ClockChoice choose_clock(const Facts &facts) {
    const Finding *resolution = facts.find("event_timer.resolution");
    const Finding *ratio = facts.find("event_timer.host_ratio");
    const auto host = [](std::string reason) {
        return ClockChoice{"host", std::move(reason), {}, {}};
    };
    if (resolution == nullptr || ratio == nullptr)
        return host("no audit of the events");
    for (const Finding *finding : {resolution, ratio})
        if (finding->status != Status::measured)
            return host(finding->note);
    if (*resolution->value > coarsest_tick)
        return host("the device's timestamps tick at " +
                    format({*resolution->value, Unit::second}));
    if (std::abs(*ratio->value - 1) > worst_ratio_error)
        return host(fmt::format("the device's timestamps run at {:.4g} times the host's clock",
                                *ratio->value));
    return {"events", "the audit found the device's timestamps sound", resolution->value,
            ratio->value};
}

std::unique_ptr<Clock> make_clock(const ClockChoice &choice, const Context &context) {
    if (choice.source == "events")
        return std::make_unique<EventClock>();
    return host_clock(context);
}

std::vector<FindingKey> audit_keys() {
    return {
        {"event_timer.resolution", Unit::second, Better::none, "the least step between timestamps"},
        {"event_timer.host_ratio", Unit::one, Better::none,
         "device time over host time: 1 for timestamps in nanoseconds, as they should be"}};
}

Series timestamp_series(std::span<const ProfiledLaunch> launches) {
    Series series{"stamps", axes<TimestampRow>(), {"ticks", Unit::one, {}}, {}};
    std::optional<std::uint64_t> base;
    for (std::size_t i = 0; i < launches.size(); ++i) {
        const ProfiledLaunch &launch = launches[i];
        const auto add = [&](Timestamp timestamp, double ticks) {
            series.points.push_back({coordinates(TimestampRow{i, timestamp}), {ticks}, {}});
        };
        // Counted from the first timestamp, the ticks fit a double exactly.
        const auto ticks = [&](std::uint64_t of_device) {
            return static_cast<double>(static_cast<std::int64_t>(of_device - *base));
        };
        if (launch.timestamps) {
            if (!base)
                base = launch.timestamps->queued;
            add(queued, ticks(launch.timestamps->queued));
            add(submit, ticks(launch.timestamps->submit));
            add(start, ticks(launch.timestamps->start));
            add(end, ticks(launch.timestamps->end));
        }
        add(host_begin, (launch.host_begin - launches.front().host_begin) * 1e9);
        add(host_end, (launch.host_end - launches.front().host_begin) * 1e9);
    }
    return series;
}

std::vector<Finding> audit(const Series &timestamps, const std::string &refusal) {
    const std::vector<FindingKey> keys = audit_keys();
    const Columns columns = columns_of(timestamps);
    const auto none = [&](Status status, const std::string &reason) {
        return std::vector{without_value(keys[0], status, reason),
                           without_value(keys[1], status, reason)};
    };
    if (columns.of[host_end].empty())
        return none(Status::inconclusive, "no launch was stamped");
    if (columns.stamped() < columns.of[host_end].size())
        return none(Status::unsupported,
                    refusal.empty() ? "the driver gives no timestamps for its commands" : refusal);
    if (columns.stamped() < 8)
        return none(Status::inconclusive, "fewer than 8 launches were stamped");
    if (const std::string why = unsound(columns); !why.empty())
        return none(Status::unsupported, refusal.empty() ? why : refusal);

    const double tick = tick_of(columns) * 1e-9;
    const double rough = ratio_of(columns, prompt_launches(columns, 0)).first;
    const auto [ratio, interval] = ratio_of(columns, prompt_launches(columns, rough));
    Finding resolution = measured(keys[0], tick, {tick, tick});
    resolution.method =
        "greatest common divisor of the differences between START and END timestamps";
    Finding host_ratio = measured(keys[1], ratio, interval);
    host_ratio.method =
        "END timestamps against the host's steady clock, launches half the audit apart";
    for (Finding *finding : {&resolution, &host_ratio}) {
        finding->evidence = {"stamps"};
        // Work whose time the timestamps do not show: a driver that takes those of the submission,
        // say.
        if (const double share = covered(columns, ratio); share < 0.5 || share > 1.05)
            make_suspect(*finding, "START to END does not cover the commands' time on the host");
    }
    if (!in_order(columns))
        host_ratio.note = "QUEUED, SUBMIT and START are not in this order";
    return {resolution, host_ratio};
}

} // namespace clprobe
