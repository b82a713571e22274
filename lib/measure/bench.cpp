#include <clprobe/error.hpp>
#include <clprobe/probe.hpp>
#include <clprobe/registry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace clprobe {

Bench::Bench(const Context &context, Clock &clock, const Registry &registry, Facts facts,
             Options options)
    : context_(context), clock_(clock), registry_(registry), facts_(std::move(facts)),
      options_(std::move(options)), random_(options_.seed) {
    data_.series.reserve(options_.series.size()); // contenders point to them
}

double Bench::remaining() const {
    const std::chrono::duration<double> used = std::chrono::steady_clock::now() - start_;
    return options_.seconds + granted_to_builds() - used.count();
}

double Bench::granted_to_builds() const {
    return tiny() ? 0 : std::min(elapsed_.build, options_.seconds);
}

Series &Bench::series(std::string_view name) {
    const auto shape = std::ranges::find(options_.series, name, &SeriesShape::name);
    if (shape == options_.series.end())
        throw std::invalid_argument(fmt::format("the probe's info has no series '{}'", name));
    return data_.add(shape->name, shape->axes, shape->measure);
}

LaunchBounds Bench::bounds() const {
    LaunchBounds bounds;
    // A processor's workers wake up in tens of microseconds and share their cores: longer launches
    // drown that. An interpreter takes seconds where a device takes milliseconds.
    if (device().type == DeviceType::cpu)
        bounds.target = 8e-3;
    if (tiny())
        bounds.most_trips = 4;
    return bounds;
}

void Bench::check_cancelled() const {
    if (options_.stop.stop_requested())
        throw Cancelled();
    if (options_.progress)
        options_.progress(1 - remaining() / options_.seconds);
}

Program Bench::build(std::string_view text, const std::string &options) {
    check_cancelled();
    const KernelText source = with_override(registry_.kernel(text));
    BuildRecord record{source.name, source.sha256, options, 0, {}};
    const Timer timed(elapsed_.build);
    try {
        Program program = context_.build(source, options);
        record.seconds = program.build_seconds();
        builds_.push_back(std::move(record));
        return program;
    } catch (const Error &error) {
        record.error = error.what();
        builds_.push_back(std::move(record));
        throw;
    }
}

Kernel Bench::kernel(std::string_view text, const std::string &function,
                     const std::string &options) {
    return build(text, options).kernel(function);
}

std::size_t Bench::most_bytes() const {
    constexpr std::size_t cautious = std::size_t{64} << 20; // where the device does not say
    const auto granted = device().max_allocation.value_or(4 * cautious);
    const auto memory = device().global_memory.value_or(granted);
    return static_cast<std::size_t>(std::min(granted, memory) / 4);
}

void Bench::check_granted(std::string_view what, std::size_t bytes) const {
    if (bytes > most_bytes())
        throw Unsupported(fmt::format("needs {} of {}, and a quarter of what the device grants is "
                                      "{}",
                                      what, format({static_cast<double>(bytes), Unit::byte}),
                                      format({static_cast<double>(most_bytes()), Unit::byte})));
}

Buffer Bench::buffer(std::size_t bytes, cl_mem_flags flags) {
    check_granted("a buffer", bytes);
    return context_.buffer(bytes, flags);
}

Image Bench::image(const ImageShape &shape, cl_mem_flags flags) {
    check_granted("an image", shape.bytes());
    return context_.image(shape, flags);
}

void Bench::poison(const Buffer &buffer) {
    const auto timed = transfer_timer();
    context_.fill(buffer, 0xa5c396e1u); // no number that a kernel of ours would compute
}

double Bench::transfer(const std::function<void()> &work) {
    check_cancelled();
    context_.finish();
    double seconds = 0;
    {
        const Timer timed(seconds);
        work();
    }
    elapsed_.transfer += seconds;
    return seconds;
}

std::vector<std::size_t> Bench::sample_work_items(std::size_t count, std::size_t most) {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < std::min(count, most); ++i)
        chosen.push_back(random_() % count);
    return chosen;
}

double Bench::launch(const Work &work, std::uint32_t trips) {
    check_cancelled();
    return launch_once(clock_, context_, work, trips, &elapsed_.launch);
}

ProfiledLaunch Bench::launch_profiled(const Work &work, std::uint32_t trips) {
    check_cancelled();
    const ProfiledLaunch launch = clprobe::launch_profiled(context_, work, trips);
    elapsed_.launch += launch.host_end - launch.host_begin;
    return launch;
}

std::uint32_t Bench::calibrate(const Work &work, double seconds) {
    if (!work.trips_argument)
        return 1;
    LaunchBounds wanted = bounds();
    if (seconds > 0)
        wanted.target = std::min(seconds, wanted.limit / 2);
    return clprobe::calibrate([&](std::uint32_t trips) { return launch(work, trips); }, wanted);
}

void Bench::warm_up(const Work &work, std::uint32_t trips) {
    constexpr double longest = 0.5; // clocks of laptops and phones take that long to ramp up
    constexpr double agreement = 0.03;
    const double until = remaining() - std::min(longest, budget() / 8);
    double last = launch(work, trips);
    for (int agreeing = 0; agreeing < 3 && remaining() > until && !tiny();) {
        const double next = launch(work, trips);
        agreeing = std::abs(next - last) <= agreement * last ? agreeing + 1 : 0;
        last = next;
    }
}

void Bench::sample_block(Candidate &candidate, int block) {
    if (candidate.trips == 0)
        candidate.trips = calibrate(candidate.work);
    std::vector<std::uint32_t> counts = {candidate.trips};
    for (const std::uint32_t part : {2u, 4u})
        if (candidate.trips >= part)
            counts.push_back(candidate.trips / part);
    std::shuffle(counts.begin(), counts.end(), random_);
    for (const std::uint32_t trips : counts) {
        const double seconds = launch(candidate.work, trips);
        std::vector<double> at = candidate.at;
        at.push_back(trips);
        Point &point = candidate.series->point(at);
        point.samples.push_back(seconds);
        point.block.push_back(block);
    }
}

StopReason Bench::sample(std::span<Candidate> candidates, const StoppingRule &rule) {
    std::vector<Stopping> stopping(candidates.size(), Stopping(rule));
    const double at_start = remaining();
    for (int block = 0;; ++block) {
        StopReason reason = StopReason::precise;
        bool going_on = false;
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            sample_block(candidates[i], block);
            const auto fit = slope_at(*candidates[i].series, candidates[i].at);
            std::optional<double> width;
            if (fit && fit->blocks > 1 && fit->seconds_per_trip > 0)
                width = fit->interval.half_width() / fit->seconds_per_trip;
            const auto stop = stopping[i].after(static_cast<std::size_t>(block) + 1,
                                                at_start - remaining(), width);
            if (!stop)
                going_on = true;
            else if (*stop != StopReason::precise)
                reason = *stop;
        }
        if (!going_on || tiny() || at_start - remaining() > rule.seconds)
            return reason;
    }
}

} // namespace clprobe
