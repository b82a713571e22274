#include "measure/steady_time.hpp"

#include <clprobe/error.hpp>
#include <clprobe/sampling.hpp>

namespace clprobe {
namespace {

constexpr int audit_launches = 16;

ClockChoice audit_with(const Context &context, const Work &work, std::uint32_t trips) {
    std::vector<ProfiledLaunch> launches;
    for (int i = 0; i < audit_launches; ++i)
        launches.push_back(launch_profiled(context, work, trips));
    Facts facts;
    facts.findings = audit(timestamp_series(launches), context.profiling_refusal());
    return choose_clock(facts);
}

std::optional<double> relative_half_width(const Samples &samples, const std::vector<double> &last) {
    if (samples.slope && samples.slope->blocks > 1 && samples.slope->seconds_per_trip > 0)
        return samples.slope->interval.half_width() / samples.slope->seconds_per_trip;
    const auto interval = samples.slope ? std::nullopt : median_interval(last);
    const double middle = last.empty() ? 0 : median(last);
    return interval && middle > 0 ? std::optional{interval->half_width() / middle} : std::nullopt;
}

} // namespace

Samples measure(const Context &context, const Work &work, const MeasureOptions &options) {
    Samples samples;
    const auto host = host_clock(context);
    const auto by_host = [&](std::uint32_t trips) {
        return launch_once(*host, context, work, trips);
    };
    by_host(1); // drivers compile inside the first launch
    const std::uint32_t trips = work.trips_argument ? calibrate(by_host, options.bounds) : 1;
    samples.clock = options.clock ? *options.clock : audit_with(context, work, trips);
    const auto clock = make_clock(samples.clock, context);

    Stopping stopping(options.stopping);
    std::vector<double> at_most_trips;
    const double start = steady_time();
    for (int block = 0;; ++block) {
        for (const std::uint32_t part : {4u, 2u, 1u}) {
            if (part > 1 && (!work.trips_argument || trips < part))
                continue;
            const std::uint32_t now_trips = trips / part;
            const double seconds = launch_once(*clock, context, work, now_trips);
            samples.times.push_back({static_cast<double>(now_trips), seconds, block});
            if (part == 1)
                at_most_trips.push_back(seconds);
        }
        if (work.trips_argument)
            samples.slope = fit_slope(samples.times);
        const auto stop = stopping.after(at_most_trips.size(), steady_time() - start,
                                         relative_half_width(samples, at_most_trips));
        if (!stop)
            continue;
        samples.stop = *stop;
        samples.launch = summarize(at_most_trips);
        return samples;
    }
}

} // namespace clprobe
