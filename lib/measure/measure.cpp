#include "measure/launch.hpp"
#include "measure/sampler.hpp"
#include "measure/steady_time.hpp"

#include <clprobe/error.hpp>

namespace clprobe {
namespace {

constexpr int audit_launches = 16;

ClockChoice audit_with(LaunchSite &site, const BoundLaunch &launch, std::uint32_t trips) {
    std::vector<ProfiledLaunch> launches;
    for (int i = 0; i < audit_launches; ++i)
        launches.push_back(launch_profiled(site, launch, trips));
    Facts facts;
    facts.findings = audit(timestamp_series(launches), site.context.profiling_refusal());
    return choose_clock(facts);
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
    LaunchSite site{context, random};
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

} // namespace clprobe
