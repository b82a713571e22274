#include "execution/occupancy/launcher.hpp"

#include <clprobe/error.hpp>

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

// The kernel's arguments, by index.
enum Argument : unsigned {
    seeds,
    digests,
    state,
    tickets,
    chain,
    shared,
    turns,
    hops,
    patience,
    most_looks,
    key,
};

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
    const Mode mode{1, 0, patience_};
    Work counting = work(variant, groups, mode, Argument::turns);
    counting.prepare = [this, prepare = counting.prepare] {
        prepare();
        bench_.write<std::uint32_t>(state_, std::vector<std::uint32_t>{0, 0});
        bench_.poison(tickets_);
    };
    counting.verify = [this, groups, verify = counting.verify](std::uint32_t trips) {
        verify(trips);
        verify_poll(groups);
    };
    bench_.launch(counting, mode.turns);
    return bench_.read<std::uint32_t>(state_, 1, 1).front();
}

double Launcher::time_chases(const Variant &variant, const Groups &groups) {
    const Work chases = work(variant, groups, {}, Argument::hops);
    if (hops_ == 0)
        hops_ = bench_.tiny() ? 8 : bench_.calibrate(chases, chase_seconds);
    return bench_.launch(chases, hops_);
}

Work Launcher::turning(const Variant &variant, std::size_t group_size) {
    return work(variant, {1, group_size}, {}, Argument::turns);
}

Work Launcher::work(const Variant &variant, const Groups &groups, const Mode &mode,
                    unsigned trips_argument) {
    const NdRange range = NdRange::linear(groups.count, groups.size);
    if (digests_.bytes() < range.work_items() * sizeof(std::uint32_t))
        digests_ = bench_.buffer(range.work_items() * sizeof(std::uint32_t));
    if (tickets_.bytes() < groups.count * sizeof(std::uint32_t))
        tickets_ = bench_.buffer(groups.count * sizeof(std::uint32_t));
    // The arguments are set at each launch, as launches of several works of one kernel alternate.
    const auto prepare = [this, kernel = variant.kernel, groups, mode, trips_argument]() mutable {
        set_arguments(kernel, groups, mode, trips_argument);
        bench_.poison(digests_);
    };
    const auto verify = [this, variant, groups, mode, trips_argument](std::uint32_t trips) {
        Mode launched = mode;
        (trips_argument == Argument::turns ? launched.turns : launched.hops) = trips;
        verify_digests(variant, groups, launched);
    };
    return {variant.kernel, range, trips_argument, prepare, verify};
}

void Launcher::set_arguments(Kernel &kernel, const Groups &groups, const Mode &mode,
                             unsigned trips_argument) {
    kernel.set(Argument::seeds, seeds_buffer_);
    kernel.set(Argument::digests, digests_);
    kernel.set(Argument::state, state_);
    kernel.set(Argument::tickets, tickets_);
    kernel.set(Argument::chain, chain_buffer_);
    kernel.set_local(Argument::shared, groups.local_bytes);
    if (trips_argument != Argument::turns)
        kernel.set(Argument::turns, mode.turns);
    if (trips_argument != Argument::hops)
        kernel.set(Argument::hops, mode.hops);
    kernel.set(Argument::patience, mode.patience);
    kernel.set(Argument::most_looks, 32 * mode.patience);
    kernel.set(Argument::key, key_);
}

void Launcher::verify_digests(const Variant &variant, const Groups &groups, const Mode &mode) {
    for (const std::size_t lane : bench_.sample_work_items(groups.count * groups.size)) {
        const std::uint32_t first =
            mode.patience > 0 ? closed : end_of_chase(lane / groups.size, mode.hops);
        if (bench_.read<std::uint32_t>(digests_, lane, 1).front() !=
            digest(variant.live, lane, mode.turns, first))
            throw VerificationError(fmt::format(
                "a work-item's {} values are not what the host computes", variant.live));
    }
}

void Launcher::verify_poll(const Groups &groups) {
    const auto state = bench_.read<std::uint32_t>(state_, 0, 2);
    if (state[0] != (closed | groups.count))
        throw VerificationError(
            fmt::format("{} groups were launched, {} came", groups.count, state[0] & ~closed));
    if (state[1] < 1 || state[1] > groups.count)
        throw VerificationError(
            fmt::format("{} of {} groups were counted", state[1], groups.count));
    std::vector<bool> came(groups.count);
    for (const std::uint32_t group : bench_.read<std::uint32_t>(tickets_, 0, state[1])) {
        if (group >= groups.count || came[group])
            throw VerificationError("a group was counted twice, or is none of the launch");
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
