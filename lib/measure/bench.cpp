#include "measure/sampler.hpp"
#include "opencl/device_limits.hpp"
#include "opencl/kernel_text.hpp"

#include <clprobe/error.hpp>
#include <clprobe/registry.hpp>

#include <fmt/format.h>

#include <algorithm>
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

const std::vector<double> *Bench::choice(std::string_view kernel, std::string_view shape) const {
    const auto found = std::ranges::find_if(options_.choices, [&](const Choice &choice) {
        return choice.kernel == kernel && choice.shape == shape;
    });
    return found == options_.choices.end() ? nullptr : &found->plan;
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
    BuildRecord &record =
        builds_.emplace_back(BuildRecord{source.name, source.sha256, options, 0, {}});
    const Timer timed(elapsed_.build);
    try {
        Program program = context_.build(source, options);
        record.seconds = program.build_seconds();
        return program;
    } catch (const Error &error) {
        record.error = error.what();
        throw;
    }
}

Kernel Bench::kernel(std::string_view text, const std::string &function,
                     const std::string &options) {
    return build(text, options).kernel(function);
}

std::size_t Bench::most_bytes() const {
    return largest_buffer(device());
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

double Bench::transfer(const std::function<void()> &work) {
    check_cancelled();
    context_.finish();
    const double start = steady_time();
    work();
    const double seconds = steady_time() - start;
    elapsed_.transfer += seconds;
    return seconds;
}

double Bench::launch(const BoundLaunch &launch, std::uint32_t trips) {
    check_cancelled();
    return launch_once({context_, random_, elapsed_}, clock_, launch, trips);
}

ProfiledLaunch Bench::launch_profiled(const BoundLaunch &launch, std::uint32_t trips) {
    check_cancelled();
    return clprobe::launch_profiled({context_, random_, elapsed_}, launch, trips);
}

std::uint32_t Bench::calibrate(const BoundLaunch &bound, double seconds) {
    if (!bound.counts_trips())
        return 1;
    LaunchBounds wanted = bounds();
    if (seconds > 0)
        wanted.target = std::min(seconds, wanted.limit / 2);
    return clprobe::calibrate([&](std::uint32_t trips) { return launch(bound, trips); }, wanted);
}

void Bench::warm_up(const BoundLaunch &bound, std::uint32_t trips) {
    const double until = remaining() - std::min(longest_warm_up, budget() / 8);
    clprobe::warm_up([&](std::uint32_t now) { return launch(bound, now); }, trips,
                     [&] { return remaining() > until && !tiny(); });
}

void Bench::sample_block(Candidate &candidate, int block) {
    if (candidate.trips == 0)
        candidate.trips = calibrate(candidate.launch);
    for (const TripTime &time :
         clprobe::sample_block([&](std::uint32_t trips) { return launch(candidate.launch, trips); },
                               candidate.trips, block, random_)) {
        std::vector<double> at = candidate.at;
        at.push_back(time.trips);
        Point &point = candidate.series->point(at);
        point.samples.push_back(time.seconds);
        point.block.push_back(block);
    }
}

StopReason Bench::sample(std::span<Candidate> candidates, const StoppingRule &rule) {
    std::vector<Sampled> all;
    for (Candidate &candidate : candidates)
        all.push_back(
            {[&](int block) { sample_block(candidate, block); },
             [&] { return relative_half_width(slope_at(*candidate.series, candidate.at)); }});
    const double at_start = remaining();
    StoppingRule bounded = rule;
    if (tiny())
        bounded.most = bounded.least = 1;
    return take_blocks(all, bounded, [&] { return at_start - remaining(); });
}

} // namespace clprobe
