#include "measure/steady_time.hpp"

#include <clprobe/sampling.hpp>

#include <algorithm>
#include <cmath>

namespace clprobe {
namespace {

Event enqueue(const Context &context, const Work &work, std::uint32_t trips) {
    if (work.trips_argument) {
        Kernel kernel = work.kernel;
        kernel.set(*work.trips_argument, trips);
    }
    return context.launch(work.kernel, work.range);
}

} // namespace

double launch_once(Clock &clock, const Context &context, const Work &work, std::uint32_t trips,
                   double *wall) {
    if (work.prepare)
        work.prepare();
    const double start = steady_time();
    const double seconds = clock.time([&] { return enqueue(context, work, trips); });
    if (wall != nullptr)
        *wall += steady_time() - start;
    if (work.verify)
        work.verify(trips);
    return seconds;
}

ProfiledLaunch launch_profiled(const Context &context, const Work &work, std::uint32_t trips) {
    if (work.prepare)
        work.prepare();
    context.finish();
    ProfiledLaunch launch;
    launch.host_begin = steady_time();
    const Event event = enqueue(context, work, trips);
    event.wait();
    launch.host_end = steady_time();
    launch.stamps = event.profiling_timestamps();
    if (work.verify)
        work.verify(trips);
    return launch;
}

std::uint32_t calibrate(const std::function<double(std::uint32_t trips)> &time_of,
                        const LaunchBounds &bounds) {
    constexpr std::uint32_t least = 4; // a slope wants a quarter, a half and the whole of it
    constexpr double most_growth = 16;
    std::uint32_t trips = 1;
    time_of(trips); // the first launch may compile
    double time = time_of(trips);
    if (time < bounds.limit / least) {
        trips = std::min(least, bounds.most_trips);
        time = time_of(trips);
    }
    while (trips < bounds.most_trips) {
        // Once more, since one interrupted launch would end the growth far too early.
        if (time >= bounds.target)
            time = std::min(time, time_of(trips));
        if (time >= bounds.target)
            break;
        const double wanted = bounds.target / std::max(time, 1e-9);
        const double safe = std::sqrt(bounds.limit / std::max(time, 1e-9));
        const double growth = std::min({1.05 * wanted, safe, most_growth});
        if (growth < 1.1)
            break;
        trips = static_cast<std::uint32_t>(
            std::min<double>(bounds.most_trips, std::ceil(trips * growth)));
        time = time_of(trips);
    }
    return trips;
}

} // namespace clprobe
