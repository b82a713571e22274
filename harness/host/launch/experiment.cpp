#include "host/launch/launch.hpp"
#include "host/launch/long_launches.hpp"
#include "measure/clock.hpp"
#include "opencl/call_loops.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <span>
#include <vector>

namespace clprobe::probes::launch {
namespace {

constexpr unsigned step_argument = 1;
constexpr std::array<std::size_t, 10> batch_lengths{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
constexpr std::size_t longest_burst = 50; // of enqueues whose calls alone are timed
constexpr std::size_t argument_calls = 1000;
constexpr std::size_t finish_calls = 200;

/// Launches of a kernel that counts them, whose count is looked at after each batch.
class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), plain_(without_profiling(bench.context())),
          kernel_(bench.kernel("host/launch", "count_launch", "")),
          count_(bench.buffer(sizeof(std::uint32_t))), loops_(plain_, kernel_, one_work_item()),
          long_(bench, plain_) {
        plain_.write<std::uint32_t>(count_, std::span(&counted_, 1));
        set_arguments(kernel_);
    }

    void run() {
        bench_.data().text_attributes[refusal] = bench_.context().profiling_refusal();
        (void)bench_.series(
            long_launches); // there without a time too: reports from before have none
        warm_up();
        const int least = bench_.tiny() ? 2 : 6;
        const int most = bench_.tiny() ? 2 : 24;
        double longest = 0;
        for (int block = 0; block < least || (block < most && bench_.remaining() > 1.2 * longest);
             ++block) {
            const double before = bench_.remaining();
            round(block);
            longest = std::max(longest, before - bench_.remaining());
            if (first_launch_is_affordable(block))
                first_launch(block);
        }
    }

private:
    static NdRange one_work_item() { return NdRange::linear(1, 1); }

    void set_arguments(Kernel kernel) const {
        kernel.set(0, count_);
        kernel.set(step_argument, step_);
    }

    /// Finds out how many launches the time allows, while the driver sets up what it has to at
    /// first.
    void warm_up() {
        const double affordable = bench_.budget() / 16; // for the batches of a round
        batch_ = bench_.tiny() ? 10 : batch_lengths.back();
        for (const std::size_t length : batch_lengths)
            if (length <= batch_ && 2 * warming_batch(length) > affordable && length >= 10)
                batch_ = length;
        double seconds = warming_batch(1);
        for (int i = 0; i < 4; ++i) // one that is interrupted says nothing
            seconds = std::min(seconds, warming_batch(1));
        const double allowed = bench_.budget() / 40 / std::max(seconds, 1e-9);
        singles_ = static_cast<std::size_t>(std::clamp(allowed, 10.0, 100.0));
        if (bench_.tiny())
            singles_ = 10;
        // Where the host needs a quarter of what the device does, it is always ahead of it.
        const double in_a_row = warming_batch(batch_) / static_cast<double>(batch_);
        bench_.transfer([&] { long_.calibrate(4 * in_a_row); });
    }

    double warming_batch(std::size_t length) {
        double seconds = 0;
        bench_.transfer([&] { seconds = time_of_batch(length); });
        return seconds;
    }

    void round(int block) {
        std::vector<std::function<void()>> parts = {
            [&] { profiled_launches(block); },
            [&] { round_trips(block); },
            [&] {
                add(Call::set_argument, block, argument_calls, time_of_arguments(argument_calls));
            },
            [&] {
                add(Call::finish, block, finish_calls, time([&] { loops_.finish(finish_calls); }));
            },
        };
        for (const std::size_t length : batch_lengths)
            if (length <= batch_)
                parts.emplace_back([this, block, length] {
                    add(batches, {static_cast<double>(length)}, block, time_of_batch(length));
                });
        const LongRow whole{long_.steps()};
        const LongRow half{long_.steps() / 2};
        for (int repetition = 0; repetition < 2; ++repetition)
            for (const std::uint32_t length : long_.lengths())
                parts.emplace_back([this, block, whole, length] { in_long(whole, length, block); });
        parts.emplace_back([this, block, half] { in_long(half, 1, block); });
        for (int repetition = 0; repetition < 3; ++repetition)
            parts.emplace_back([&] { bursts(block); });
        std::shuffle(parts.begin(), parts.end(), bench_.random());
        for (const auto &part : parts)
            bench_.transfer(part);
    }

    /// Seconds of the host's clock.
    template <typename Work>
    static double time(const Work &work) {
        const double start = steady_time();
        work();
        return steady_time() - start;
    }

    void add(const char *series, const std::vector<double> &at, int block, double seconds) {
        Point &point = bench_.series(series).point(at);
        point.samples.push_back(seconds);
        point.block.push_back(block);
    }
    void add(Part part, int block, double seconds) {
        add(launches, coordinates(LaunchRow{part}), block, seconds);
    }
    void add(Call call, int block, std::size_t times, double seconds) {
        add(calls, coordinates(CallRow{call}), block, seconds / static_cast<double>(times));
    }

    /// Throws VerificationError where the count has not gone up by so many steps.
    void expect(std::size_t times, std::uint32_t step, std::string_view what) {
        counted_ += static_cast<std::uint32_t>(times) * step;
        const std::uint32_t found = plain_.read<std::uint32_t>(count_, 0, 1).front();
        if (found != counted_)
            throw VerificationError(fmt::format("after {} {} the count of launches is {:#x} in "
                                                "place of {:#x}",
                                                times, what, found, counted_));
    }

    double time_of_batch(std::size_t length) {
        const double seconds = time([&] {
            loops_.enqueue(length);
            loops_.finish();
        });
        expect(length, step_, "launches in a row");
        return seconds;
    }

    void in_long(const LongRow &row, std::uint32_t length, int block) {
        add(long_launches, coordinates(row, length), block, long_.seconds(length, row.steps));
    }

    void round_trips(int block) {
        std::vector<double> seconds(singles_);
        for (double &each : seconds)
            each = time([&] {
                loops_.enqueue(1);
                loops_.finish();
            });
        for (const double each : seconds)
            add(Part::round_trip, block, each);
        expect(singles_, step_, "launches, each waited for,");
    }

    void profiled_launches(int block) {
        const Context &context = bench_.context();
        if (!context.profiling())
            return;
        for (std::size_t i = 0; i < singles_; ++i) {
            const double start = steady_time();
            const Event event = context.launch(kernel_, one_work_item());
            context.finish();
            const double seconds = steady_time() - start;
            if (const auto timestamps = event.profiling_timestamps())
                add_profiled(block, *timestamps, seconds);
        }
        expect(singles_, step_, "launches with profiling");
    }

    void add_profiled(int block, const ProfilingTimestamps &timestamps, double seconds) {
        const auto [queued, submit, start, end] = timestamps;
        if (start < queued || end < start) {
            ++bench_.data().number_attributes[backward];
            return;
        }
        add(Part::dispatch, block, 1e-9 * static_cast<double>(start - queued));
        add(Part::device, block, 1e-9 * static_cast<double>(end - start));
        add(Part::profiled, block, seconds);
    }

    /// Enqueues with and without an event, the one as often first as the other.
    void bursts(int block) {
        const std::size_t length = std::min(batch_, longest_burst);
        std::array order{Call::enqueue, Call::enqueue_with_event};
        if (bench_.random()() % 2 == 0)
            std::swap(order[0], order[1]);
        for (const Call call : order) {
            const double seconds = time([&] {
                if (call == Call::enqueue)
                    loops_.enqueue(length);
                else
                    loops_.enqueue_with_events(length);
            });
            loops_.finish();
            expect(length, step_, "launches in a row");
            add(call, block, length, seconds);
        }
    }

    double time_of_arguments(std::size_t times) {
        const double seconds = time([&] { loops_.set_argument(step_argument, step_, times); });
        loops_.enqueue(1);
        loops_.finish();
        expect(1, step_ + static_cast<std::uint32_t>(times) - 1, "launch with the last argument");
        kernel_.set(step_argument, step_);
        return seconds;
    }

    /// Some, spread over the time: each needs a build.
    [[nodiscard]] bool first_launch_is_affordable(int block) const {
        constexpr int always = 3;
        return block < always || (block % 3 == 0 && built_ < bench_.budget() / 3);
    }

    /// Of a program that no driver has built before and kept: its factor is the time of day.
    void first_launch(int block) {
        const auto now = std::chrono::system_clock::now().time_since_epoch().count();
        const std::uint32_t factor = static_cast<std::uint32_t>(now) | 3u;
        const double start = steady_time();
        const Kernel kernel =
            bench_.kernel("host/launch", "count_launch", fmt::format("-DFACTOR={}u", factor));
        built_ += steady_time() - start;
        set_arguments(kernel);
        const CallLoops loops(plain_, kernel, one_work_item());
        const double seconds = bench_.transfer([&] {
            loops.enqueue(1);
            loops.finish();
        });
        built_ += seconds;
        expect(1, step_ * factor, "first launch");
        add(Part::first, block, seconds);
    }

    Bench &bench_;
    Context plain_;
    Kernel kernel_;
    Buffer count_;
    CallLoops loops_;
    LongLaunches long_;
    /// What a launch adds to the count, and what the count is.
    std::uint32_t step_ = static_cast<std::uint32_t>(bench_.random()()) | 1u;
    std::uint32_t counted_ = static_cast<std::uint32_t>(bench_.random()());
    std::size_t batch_ = 0;   ///< launches of the longest batch
    std::size_t singles_ = 0; ///< launches of a kind in a round
    double built_ = 0;        ///< s that builds and first launches took
};

} // namespace

void run_experiment(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::launch
