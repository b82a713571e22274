#include "measure/sampler.hpp"
#include "model/text.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace clprobe {

void warm_up(const TimeOf &time_of, std::uint32_t trips, const std::function<bool()> &time_left) {
    constexpr double agreement = 0.03;
    double last = time_of(trips);
    for (int agreeing = 0; agreeing < 3 && time_left();) {
        const double next = time_of(trips);
        agreeing = std::abs(next - last) <= agreement * last ? agreeing + 1 : 0;
        last = next;
    }
}

std::vector<TripTime> sample_block(const TimeOf &time_of, std::uint32_t trips, int block,
                                   std::mt19937_64 &random) {
    std::vector<std::uint32_t> counts = {trips};
    for (const std::uint32_t part : {2u, 4u})
        if (trips >= part)
            counts.push_back(trips / part);
    std::shuffle(counts.begin(), counts.end(), random);
    std::vector<TripTime> times;
    for (const std::uint32_t count : counts)
        times.push_back({static_cast<double>(count), time_of(count), block});
    return times;
}

std::optional<double> relative_half_width(const std::optional<SlopeFit> &fit) {
    if (!fit || fit->blocks < 2 || fit->seconds_per_trip <= 0)
        return std::nullopt;
    return fit->interval.half_width() / fit->seconds_per_trip;
}

namespace {

// Noise above the target has settled once this many further samples narrow the interval by less
// than a tenth: the idea is nvbench's `stdrel` criterion.
constexpr std::size_t settling_samples = 12;

/// Why the rule stops after `samples` samples, `seconds` after the first; nothing to go on. Of the
/// interval's relative half-widths so far, all that are known, `last` is that of now.
std::optional<StopReason> stop_after(const StoppingRule &rule, std::size_t samples, double seconds,
                                     std::optional<double> last,
                                     const std::vector<double> &widths) {
    if (samples >= rule.least && last) {
        if (*last <= rule.relative_half_width)
            return StopReason::precise;
        if (widths.size() > settling_samples &&
            *last > 0.9 * widths[widths.size() - 1 - settling_samples])
            return StopReason::settled;
    }
    if (seconds >= rule.seconds)
        return StopReason::time_up;
    if (samples >= rule.most)
        return StopReason::sample_limit;
    return std::nullopt;
}

} // namespace

StopReason take_blocks(std::span<const Sampled> all, const StoppingRule &rule,
                       const std::function<double()> &seconds) {
    std::vector<std::vector<double>> widths(all.size());
    for (int block = 0;; ++block) {
        StopReason reason = StopReason::precise;
        bool going_on = false;
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i].take(block);
            const auto width = all[i].relative_half_width();
            if (width)
                widths[i].push_back(*width);
            const auto stop =
                stop_after(rule, static_cast<std::size_t>(block) + 1, seconds(), width, widths[i]);
            going_on = going_on || !stop;
            if (stop && *stop != StopReason::precise)
                reason = *stop;
        }
        if (!going_on)
            return reason;
        if (seconds() > rule.seconds)
            return StopReason::time_up;
    }
}

std::string_view name(StopReason reason) {
    constexpr Names<StopReason, 4> reasons = {{{StopReason::precise, "precise"},
                                               {StopReason::settled, "settled"},
                                               {StopReason::time_up, "time up"},
                                               {StopReason::sample_limit, "sample limit"}}};
    return word_of(reasons, reason);
}

namespace {

constexpr int audit_launches = 16;

ClockChoice audit_with(const LaunchSite &site, const BoundLaunch &launch, std::uint32_t trips) {
    std::vector<ProfiledLaunch> launches;
    for (int i = 0; i < audit_launches; ++i)
        launches.push_back(launch_profiled(site, launch, trips));
    return choose_clock({{}, audit(timestamp_series(launches), site.context.profiling_refusal())});
}

std::optional<double> half_width_of_median(const std::vector<TripTime> &times) {
    std::vector<double> seconds;
    for (const TripTime &time : times)
        seconds.push_back(time.seconds);
    const auto interval = median_interval(seconds);
    const double middle = median(seconds);
    return interval && middle > 0 ? std::optional{interval->half_width() / middle} : std::nullopt;
}

} // namespace

Samples measure(const Context &context, const BoundLaunch &launch, const MeasureOptions &options) {
    std::mt19937_64 random(options.seed);
    Elapsed elapsed;
    const LaunchSite site{context, random, elapsed};
    const auto timed_by = [&](Clock &clock) {
        return [&](std::uint32_t trips) {
            if (options.stop.stop_requested())
                throw Cancelled();
            return launch_once(site, clock, launch, trips);
        };
    };
    const auto host = host_clock(context);
    const auto by_host = timed_by(*host);
    by_host(1); // drivers compile inside the first launch
    const bool counts_trips = launch.counts_trips();
    const std::uint32_t trips = counts_trips ? calibrate(by_host, options.bounds) : 1;
    ClockChoice choice = options.clock ? *options.clock : audit_with(site, launch, trips);
    const auto clock = make_clock(choice, context);
    const auto by_clock = timed_by(*clock);

    double start = steady_time();
    const auto seconds = [&] { return steady_time() - start; };
    const double warming = std::min(longest_warm_up, options.stopping.seconds / 4);
    warm_up(by_clock, trips, [&] { return seconds() < warming; });
    start = steady_time();
    std::vector<TripTime> times;
    const Sampled sampled{[&](int block) {
                              for (const TripTime &time :
                                   sample_block(by_clock, trips, block, random))
                                  times.push_back(time);
                          },
                          [&] {
                              return counts_trips ? relative_half_width(fit_slope(times))
                                                  : half_width_of_median(times);
                          }};
    const StopReason stop = take_blocks({&sampled, 1}, options.stopping, seconds);
    return {std::move(times), counts_trips, std::move(choice), stop};
}

namespace {

using Verdict = Samples::Verdict;

constexpr double linear_tolerance = 0.05; ///< of the slopes over few and over many trips
constexpr double min_growth_share = 0.5;  ///< of the longest launches' time
constexpr double no_growth_share = 0.05;
constexpr double widest = 0.25; ///< half of an interval, relative

struct Judged {
    Verdict verdict = Verdict::plain;
    std::string reason;
};

Judged judged(const SlopeFit &fit) {
    // Blocks may scatter about a bend: it counts from where their interval begins.
    const Interval bend = fit.nonlinearity_interval.value_or(Interval{});
    const double least_bend =
        bend.contains(0) ? 0 : std::min(std::abs(bend.low), std::abs(bend.high));
    const double grows = 100 * fit.growth;
    if (fit.growth < no_growth_share || fit.seconds_per_trip <= 0 ||
        (fit.growth < min_growth_share && fit.interval.low <= 0))
        return {Verdict::removed,
                fmt::format("{:.1f} % of the longest launches' time grows with the trips: the "
                            "compiler removed the loop, or a trip takes next to no time",
                            grows)};
    if (least_bend > linear_tolerance)
        return {Verdict::not_linear,
                fmt::format("a trip takes {:.0f} % {} time in launches of many trips than in those "
                            "of few",
                            100 * std::abs(*fit.nonlinearity), bend.low > 0 ? "more" : "less")};
    if (fit.growth < min_growth_share)
        return {
            Verdict::too_short,
            fmt::format("only {:.0f} % of the longest launches' time grows with the trips", grows)};
    if (fit.interval.half_width() > widest * fit.seconds_per_trip)
        return {Verdict::noisy,
                fmt::format("the interval of a trip's time reaches {:.0f} % to "
                            "either side",
                            100 * fit.interval.half_width() / fit.seconds_per_trip)};
    return {};
}

Judged judged(const Summary &launch) {
    if (!launch.interval || *launch.median <= 0)
        return {
            Verdict::too_short,
            fmt::format("{} launches, or launches shorter than the clock's resolution", launch.n)};
    if (launch.interval->half_width() > widest * *launch.median)
        return {Verdict::noisy,
                fmt::format("the interval of a launch's time reaches {:.0f} % to either side",
                            100 * launch.interval->half_width() / *launch.median)};
    return {};
}

} // namespace

std::string_view name(Samples::Verdict verdict) {
    constexpr Names<Verdict, 5> verdicts = {{{Verdict::plain, "plain"},
                                             {Verdict::removed, "removed"},
                                             {Verdict::not_linear, "not linear"},
                                             {Verdict::noisy, "noisy"},
                                             {Verdict::too_short, "too short"}}};
    return word_of(verdicts, verdict);
}

Samples::Samples(std::vector<TripTime> times, bool counts_trips, ClockChoice clock, StopReason stop)
    : times_(std::move(times)), clock_(std::move(clock)), stop_(stop) {
    double most = 0;
    for (const TripTime &time : times_)
        most = std::max(most, time.trips);
    std::vector<double> longest;
    for (const TripTime &time : times_)
        if (time.trips == most)
            longest.push_back(time.seconds);
    launch_ = summarize(longest);
    if (counts_trips)
        slope_ = fit_slope(times_);
    Judged result = slope_ ? judged(*slope_) : judged(launch_);
    if (counts_trips && (!slope_ || slope_->blocks < 2))
        result = {Verdict::too_short, "too few launches, or too few lengths of them, for a slope"};
    verdict_ = result.verdict;
    reason_ = std::move(result.reason);
}

void Samples::expect_plain() const {
    if (verdict_ != Verdict::plain)
        throw Error(
            fmt::format("the times are not to be relied on ({}): {}", name(verdict_), reason_));
}

const SlopeFit &Samples::slope() const {
    expect_plain();
    if (!slope_)
        throw Error("a kernel without a trip count has no slope");
    return *slope_;
}

const Summary &Samples::launch() const {
    expect_plain();
    return launch_;
}

} // namespace clprobe
