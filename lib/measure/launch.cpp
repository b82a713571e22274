#include "measure/sampler.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace clprobe {

Argument::Argument(TripCount)
    : set_([](Kernel &kernel, unsigned index, std::uint32_t trips) { kernel.set(index, trips); }),
      counts_trips_(true) {}

Argument::Argument(LocalBytes memory)
    : set_([memory](Kernel &kernel, unsigned index, std::uint32_t) {
          kernel.set_local(index, memory.bytes);
      }) {}

Argument Argument::output(const Buffer &buffer, std::uint32_t word) {
    Argument argument(buffer);
    argument.output_ = Output{buffer, word};
    return argument;
}

BoundLaunch &BoundLaunch::set(unsigned index, Argument argument) {
    if (arguments.size() <= index)
        arguments.resize(index + 1);
    arguments[index] = std::move(argument);
    return *this;
}

bool BoundLaunch::counts_trips() const {
    return std::ranges::any_of(arguments, &Argument::counts_trips_);
}

const Buffer &BoundLaunch::output() const {
    for (const Argument &argument : arguments)
        if (argument.output_)
            return argument.output_->buffer;
    throw std::logic_error("a launch of " + kernel.name() + " without an output");
}

void BoundLaunch::prepare(const Context &context, std::uint32_t trips, double *transfer) const {
    if (before)
        before();
    const double start = steady_time();
    for (const Argument &argument : arguments)
        if (argument.output_)
            context.fill(argument.output_->buffer, argument.output_->word);
    if (transfer != nullptr)
        *transfer += steady_time() - start;
    Kernel bound = kernel;
    for (unsigned i = 0; i < arguments.size(); ++i)
        if (arguments[i].set_)
            arguments[i].set_(bound, i, trips);
}

std::vector<std::size_t> LaunchOutcome::sample(std::size_t count, std::size_t most) const {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < std::min(count, most); ++i)
        chosen.push_back(random_() % count);
    return chosen;
}

void LaunchOutcome::read_bytes(const Buffer &buffer, std::size_t offset, std::size_t bytes,
                               void *to) const {
    const double start = steady_time();
    context_.read_bytes(buffer, offset, bytes, to);
    if (transfer_ != nullptr)
        *transfer_ += steady_time() - start;
}

void LaunchOutcome::expect(bool right, std::string_view what) const {
    if (!right)
        throw VerificationError(fmt::format("{} after {} {}: {}", launch_.kernel.name(), trips_,
                                            trips_ == 1 ? "trip" : "trips", what));
}

std::function<void(const LaunchOutcome &)>
check_words(std::size_t items,
            std::function<std::uint32_t(std::size_t item, std::uint32_t trips)> expected,
            std::size_t most) {
    return [items, expected = std::move(expected), most](const LaunchOutcome &outcome) {
        for (const std::size_t item : outcome.sample(items, most)) {
            const std::uint32_t found = outcome.word(item);
            const std::uint32_t wanted = expected(item, outcome.trips());
            if (found != wanted)
                outcome.expect(false, fmt::format("work-item {} left {:#x} in place of {:#x}", item,
                                                  found, wanted));
        }
    };
}

namespace {

void check(const LaunchSite &site, const BoundLaunch &launch, std::uint32_t trips) {
    if (launch.check)
        launch.check(
            LaunchOutcome(site.context, launch, trips, site.random, &site.elapsed.transfer));
}

} // namespace

double launch_once(const LaunchSite &site, Clock &clock, const BoundLaunch &launch,
                   std::uint32_t trips) {
    launch.prepare(site.context, trips, &site.elapsed.transfer);
    const double start = steady_time();
    const double seconds =
        clock.time([&] { return site.context.launch(launch.kernel, launch.range); });
    site.elapsed.launch += steady_time() - start;
    check(site, launch, trips);
    return seconds;
}

ProfiledLaunch launch_profiled(const LaunchSite &site, const BoundLaunch &launch,
                               std::uint32_t trips) {
    launch.prepare(site.context, trips, &site.elapsed.transfer);
    site.context.finish();
    ProfiledLaunch profiled;
    profiled.host_begin = steady_time();
    const Event event = site.context.launch(launch.kernel, launch.range);
    event.wait();
    profiled.host_end = steady_time();
    profiled.timestamps = event.profiling_timestamps();
    site.elapsed.launch += profiled.host_end - profiled.host_begin;
    check(site, launch, trips);
    return profiled;
}

std::uint32_t calibrate(const TimeOf &time_of, const LaunchBounds &bounds) {
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
