#include "execution/occupancy/launcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace clprobe::probes {
namespace {

constexpr const char *kernel_name = "execution/occupancy";
constexpr std::uint32_t closed = 0x80000000u;
constexpr std::size_t seed_count = 1024;
constexpr double chase_seconds = 0.3e-3;

/// How often a group looks, without seeing another one come, before it closes the poll. A CPU's
/// threads wake up tens of microseconds after one another, and look every few nanoseconds.
std::uint32_t patience_of(const Bench &bench) {
    if (bench.tiny())
        return 8;
    return bench.device().type == DeviceType::cpu ? 4000 : 500;
}

/// Places of the chain: far more than the caches next to the units hold, on a device where its
/// latency is what is timed.
std::size_t chain_length(const DeviceInfo &device, bool tiny) {
    const bool timed = !tiny && device.type != DeviceType::cpu;
    return timed ? std::size_t{1} << 20 : 64;
}

std::string build_options(unsigned live, std::size_t chain) {
    return fmt::format("-DLIVE={} -DSEEDS={} -DCHAIN={}", live, seed_count, chain);
}

} // namespace

std::vector<KernelVariant> inspected_builds(const DeviceInfo &device) {
    std::vector<KernelVariant> variants;
    for (const unsigned live : {8u, 16u, 24u, 26u, 27u, 28u, 32u, 40u, 48u, 56u, 64u, 256u})
        variants.push_back({fmt::format("{} live values", live),
                            kernel_name,
                            build_options(live, chain_length(device, false)),
                            {}});
    return variants;
}

Launcher::Launcher(Bench &bench)
    : bench_(bench), key_(static_cast<std::uint32_t>(bench.random()())),
      patience_(patience_of(bench)), seeds_(seed_count),
      order_(chain_length(bench.device(), bench.tiny())), position_(order_.size()),
      seeds_buffer_(bench.buffer(seed_count * sizeof(std::uint32_t))),
      chain_buffer_(bench.buffer(order_.size() * sizeof(std::uint32_t))),
      state_(bench.buffer(2 * sizeof(std::uint32_t))),
      tickets_(bench.buffer(sizeof(std::uint32_t))), digests_(bench.buffer(sizeof(std::uint32_t))) {
    for (std::uint32_t &seed : seeds_)
        seed = static_cast<std::uint32_t>(bench.random()());
    std::iota(order_.begin(), order_.end(), 0u);
    std::shuffle(order_.begin(), order_.end(), bench.random());
    std::vector<std::uint32_t> next(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) {
        position_[order_[i]] = static_cast<std::uint32_t>(i);
        next[order_[i]] = order_[(i + 1) % order_.size()];
    }
    bench.write<std::uint32_t>(seeds_buffer_, seeds_);
    bench.write<std::uint32_t>(chain_buffer_, next);
}

Variant Launcher::build(unsigned live) {
    std::string options = build_options(live, order_.size());
    if (const std::string verbose = verbose_option(bench_.device()); !verbose.empty())
        options += fmt::format(" {} -DNONCE={}", verbose,
                               std::chrono::system_clock::now().time_since_epoch().count() %
                                   1'000'000'000);
    const Program program = bench_.build(kernel_name, options);
    const Kernel kernel = program.kernel("reside");
    return {live, kernel, compiler_report(program, kernel)};
}

std::size_t Launcher::count_residents(const Variant &variant, const Groups &groups) {
    std::size_t residents = 0;
    BoundLaunch counting = bind(variant, groups, {1, 0, patience_}, Trips::turns);
    counting.set(2, output(state_, 0)).set(3, output(tickets_));
    counting.check = [&, check_digests = std::move(counting.check)](const LaunchOutcome &outcome) {
        check_digests(outcome);
        check_poll(outcome, groups);
        residents = outcome.word(state_, 1);
    };
    bench_.launch(counting);
    return residents;
}

double Launcher::time_chases(const Variant &variant, const Groups &groups) {
    const BoundLaunch chases = bind(variant, groups, {}, Trips::hops);
    if (hops_ == 0)
        hops_ = bench_.tiny() ? 8 : bench_.calibrate(chases, chase_seconds);
    return bench_.launch(chases, hops_);
}

BoundLaunch Launcher::turning(const Variant &variant, std::size_t group_size) {
    return bind(variant, {1, group_size}, {}, Trips::turns);
}

BoundLaunch Launcher::bind(const Variant &variant, const Groups &groups, const Mode &mode,
                           Trips trips) {
    const NdRange range = NdRange::linear(groups.count, groups.size);
    if (digests_.bytes() < range.work_items() * sizeof(std::uint32_t))
        digests_ = bench_.buffer(range.work_items() * sizeof(std::uint32_t));
    if (tickets_.bytes() < groups.count * sizeof(std::uint32_t))
        tickets_ = bench_.buffer(groups.count * sizeof(std::uint32_t));
    const bool turns = trips == Trips::turns;
    const auto expected = [this, live = variant.live, size = groups.size, mode,
                           turns](std::size_t item, std::uint32_t launched) {
        const std::uint32_t first =
            mode.patience > 0 ? closed : end_of_chase(item / size, turns ? mode.hops : launched);
        return digest(live, item, turns ? launched : mode.turns, first);
    };
    return {variant.kernel,
            range,
            {seeds_buffer_, output(digests_), state_, tickets_, chain_buffer_,
             LocalBytes{groups.local_bytes}, turns ? Argument(trip_count) : Argument(mode.turns),
             turns ? Argument(mode.hops) : Argument(trip_count), mode.patience, 32 * mode.patience,
             key_},
            check_words(range.work_items(), expected)};
}

void Launcher::check_poll(const LaunchOutcome &outcome, const Groups &groups) const {
    const auto state = outcome.read<std::uint32_t>(state_, 0, 2);
    outcome.expect(
        state[0] == (closed | groups.count),
        fmt::format("{} groups were launched, {} came", groups.count, state[0] & ~closed));
    outcome.expect(state[1] >= 1 && state[1] <= groups.count,
                   fmt::format("{} of {} groups were counted", state[1], groups.count));
    std::vector<bool> came(groups.count);
    for (const std::uint32_t group : outcome.read<std::uint32_t>(tickets_, 0, state[1])) {
        outcome.expect(group < groups.count && !came[group],
                       "a group was counted twice, or is none of the launch");
        came[group] = true;
    }
}

std::uint32_t Launcher::digest(unsigned live, std::size_t lane, std::uint32_t turns,
                               std::uint32_t first) const {
    std::vector<std::uint32_t> values(live);
    for (unsigned i = 0; i < live; ++i)
        values[i] = seeds_[(lane + i) % seed_count];
    for (std::uint32_t turn = 0; turn < 2 * turns; ++turn) {
        for (unsigned i = 0; i + 1 < live; ++i)
            values[i] = (values[i] + values[i + 1]) ^ key_;
        values.back() = (values.back() + values.front()) ^ key_;
    }
    return std::accumulate(values.begin(), values.end(), first,
                           [](std::uint32_t sum, std::uint32_t value) { return sum * 31 + value; });
}

std::uint32_t Launcher::end_of_chase(std::size_t group, std::uint32_t hops) const {
    return order_[(position_[group % order_.size()] + hops) % order_.size()];
}

} // namespace clprobe::probes
