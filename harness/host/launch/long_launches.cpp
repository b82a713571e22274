#include "common/launch_size.hpp"
#include "common/recurrence.hpp"
#include "host/launch/long_launches.hpp"
#include "measure/clock.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace clprobe::probes::launch {
namespace {

constexpr unsigned trips_argument = 3;
/// Numbers of launches that share out the steps, all of which divide the last one.
constexpr std::array<std::uint32_t, 4> many_counts{1, 10, 25, 50};
constexpr std::array<std::uint32_t, 3> few_counts{1, 5, 10}; // where launches take long

NdRange group_for_each_unit(const Bench &bench, const Kernel &kernel) {
    constexpr std::size_t most_groups = 4096;
    return bench.tiny() ? NdRange::linear(2, 2)
                        : NdRange::linear(std::min(units_of(bench), most_groups),
                                          group_size(bench, kernel, 64));
}

std::vector<std::uint32_t> random_words(Bench &bench, std::size_t count) {
    std::vector<std::uint32_t> words(count);
    for (std::uint32_t &word : words)
        word = static_cast<std::uint32_t>(bench.random()());
    return words;
}

} // namespace

LongLaunches::LongLaunches(Bench &bench, const Context &plain)
    : plain_(plain), kernel_(bench.kernel("host/launch", "advance", "")),
      range_(group_for_each_unit(bench, kernel_)),
      state_(bench.buffer(sizeof(std::uint32_t) * range_.work_items())),
      loops_(plain_, kernel_, range_),
      multiplier_(static_cast<std::uint32_t>(bench.random()()) | 5u),
      increment_(static_cast<std::uint32_t>(bench.random()()) | 1u),
      values_(random_words(bench, range_.work_items())), tiny_(bench.tiny()),
      affordable_(std::min(bench.budget() / 240, bench.bounds().limit / 2)) {
    plain_.write<std::uint32_t>(state_, values_);
    kernel_.set(0, state_);
    kernel_.set(1, multiplier_);
    kernel_.set(2, increment_);
}

void LongLaunches::calibrate(double wanted) {
    constexpr std::uint32_t most = 1U << 24;
    const double seconds = std::min(wanted, affordable_ / 2); // two at least have to be had
    const auto time_of = [&](std::uint32_t steps) {           // interruptions only ever add time
        return std::min(
            {this->seconds(1, steps), this->seconds(1, steps), this->seconds(1, steps)});
    };
    std::uint32_t each = 16;
    double taken = time_of(each); // the driver compiles
    // So long that what a launch takes anyway hardly counts.
    while (!tiny_ && each < most && taken < std::min(10 * seconds, affordable_))
        taken = time_of(each *= 2);
    if (!tiny_)
        each = static_cast<std::uint32_t>(std::clamp(each * seconds / taken, 1.0, double{most}));
    if (tiny_ || few_counts.back() * seconds > affordable_)
        lengths_.assign({1, 2});
    else if (many_counts.back() * seconds > affordable_)
        lengths_.assign(few_counts.begin(), few_counts.end());
    else
        lengths_.assign(many_counts.begin(), many_counts.end());
    // Half of them are a whole number for each launch too.
    steps_ = 2 * (each / 2 + 1) * lengths_.back();
}

double LongLaunches::seconds(std::uint32_t count, std::uint32_t steps) {
    kernel_.set(trips_argument, steps / count);
    const double start = steady_time();
    loops_.enqueue(count);
    loops_.finish();
    const double taken = steady_time() - start;
    for (std::uint32_t &value : values_)
        value = after_steps(value, multiplier_, increment_, steps);
    const auto found = plain_.read<std::uint32_t>(state_, 0, values_.size());
    const auto [wrong, due] = std::ranges::mismatch(found, values_);
    if (wrong != found.end())
        throw VerificationError(fmt::format("after {} launches of {} steps each the chain of "
                                            "work-item {} has come to {:#x} in place of {:#x}",
                                            count, steps / count, wrong - found.begin(), *wrong,
                                            *due));
    return taken;
}

} // namespace clprobe::probes::launch
