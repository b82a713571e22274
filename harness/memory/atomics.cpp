#include "common/launch_size.hpp"
#include "memory/atomics/atomics.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

namespace clprobe::probes {
namespace {

using namespace atomics;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/atomics";
    info.question = "How many atomic operations does the device do in a second, on one word and on "
                    "many, and how long does one take?";
    info.method =
        "Rates: all compute units at once, every work-item on a word of its own (neighbours on "
        "neighbouring words) or all on one, in local memory one a group; once with results dropped "
        "and once with them used, as compilers have cheaper instructions for results that nobody "
        "wants; the faster of both is measured on, and is the finding. Latency: one work-item, "
        "each operation at an address that hangs on the result of the one before; every block of "
        "samples at another address.\n\n"
        "Partitions: that latency at some hundred addresses spread over 64 MiB. Where one level of "
        "latency is ruled out (Hartigan's dip test), the addresses fall into two by several per "
        "cent, and keep to their level from block to block, the memory's cache has a near and a "
        "far part.\n\n"
        "Verified by what is left: sums exactly; the least; after exchanges the first word and all "
        "that was written are all that was read and the last word; compare-exchanges that "
        "succeeded are as many as the word counts.";
    info.pitfalls = {
        "Compilers combine the operations of neighbours on one address where they can see that it "
        "is one: here it comes at run time. What the hardware combines counts.",
        "Contended compare-exchanges fail more often than not. All that are tried count.",
        "A minimum that is no longer the least may be dropped before it writes: contended, most "
        "are.",
        "Neighbouring words share a transaction: words spread over more lines are slower.",
        "Floating-point additions and minima are those of cl_ext_float_atomics, and additions "
        "inline PTX where a compiler has no such function but takes that. A loop around a "
        "compare-exchange is another thing, and a float's compare-exchange is an integer's.",
        "A driver's minimum of floats that returns the wrong value may never end: a minimum with 0 "
        "is tried first, and where it does not return what the word held the device lacks it.",
        "One work-item sees the near and far parts of a cache from where it runs; where launches "
        "move between units of different sides, addresses do not keep to their level."};
    info.sources = {"Hartigan and Hartigan, The Dip Test of Unimodality, 1985",
                    "Chips and Cheese, Microbenchmarks (latency of a contended compare-exchange)"};
    info.depends_on = {"execution/compute_units"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::rates, axes<RateRow>(), time,
                    "all work-items at once; 4 operations of each a trip"},
                   {series::latency, axes<LatencyRow>(), time,
                    "one work-item, one operation after the other; 4 a trip"},
                   {series::addresses, axes<AddressRow>(), time,
                    "one work-item, one addition after the other to the word there; 4 a trip"}};
    info.kernels = {"memory/atomics"};
    info.seconds = 4;
    return info;
}

constexpr std::size_t line = 256; // no line of a cache is longer

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), launcher_(bench) {}

    void run();

private:
    /// Trips for a launch of that many seconds, by two launches of a part of the `guess` (0: none),
    /// which is what works of this kind took before.
    [[nodiscard]] std::uint32_t calibrate(const BoundLaunch &launch, double seconds,
                                          std::uint32_t guess);
    Candidate candidate(const BoundLaunch &launch, const char *name, std::vector<double> at,
                        double seconds_on_gpu, std::uint32_t &guess);
    void enter_all();
    /// Leaves of dropped and used results the faster.
    void choose();
    void sample_all(int block);
    void sample_addresses(int block);
    /// Whether it needs further samples.
    [[nodiscard]] static bool uncertain(const Candidate &candidate);

    Bench &bench_;
    Launcher launcher_;
    std::vector<Candidate> chains_;
    std::vector<std::pair<RateRow, Candidate>> rates_;
    std::optional<Candidate> at_addresses_; ///< moved from one to the next
    std::vector<std::size_t> addresses_;    ///< B
};

std::uint32_t Experiment::calibrate(const BoundLaunch &launch, double seconds,
                                    std::uint32_t guess) {
    if (guess < 16 || bench_.tiny())
        return bench_.calibrate(launch, seconds);
    const std::uint32_t part = guess / 4;
    const double time =
        std::max(1e-9, std::min(bench_.launch(launch, part), bench_.launch(launch, part)));
    return std::clamp(static_cast<std::uint32_t>(part * seconds / time), 4u, 16 * guess);
}

Candidate Experiment::candidate(const BoundLaunch &launch, const char *name, std::vector<double> at,
                                double seconds_on_gpu, std::uint32_t &guess) {
    guess = calibrate(launch, seconds_on_gpu * (is_cpu(bench_) ? 3 : 1), guess);
    return {launch, &bench_.series(name), std::move(at), guess};
}

/// Latencies first, as they take little, and results dropped before those used: where time is
/// short, every key has one of both.
void Experiment::enter_all() {
    std::vector<Atomic> atomics;
    for (const Atomic &atomic : all_atomics()) {
        const auto reason = launcher_.lacks(atomic);
        if (reason)
            bench_.data().text_attributes[atomic.name() + lacking] = *reason;
        else
            atomics.push_back(atomic);
        if (!reason && launcher_.as_ptx(atomic))
            bench_.data().text_attributes[atomic.name() + spelling] =
                "inline PTX, for want of a function";
    }
    std::map<Space, std::uint32_t> chain_guess;
    for (const Atomic &atomic : atomics)
        chains_.push_back(candidate(launcher_.chain(atomic), series::latency,
                                    coordinates(LatencyRow{atomic}), 0.2e-3,
                                    chain_guess[atomic.space]));
    for (const Atomic &atomic : atomics) // a kernel's first launch may compile it
        bench_.launch(launcher_.many(atomic, Contention::spread, false), 1);
    const double end = remaining_after(bench_, 0.6);
    std::map<std::pair<Space, Contention>, std::uint32_t> many_guess;
    for (const bool used : {false, true})
        for (const Atomic &atomic : atomics)
            for (const Contention contention : {Contention::contended, Contention::spread}) {
                if (bench_.remaining() <= end)
                    return;
                const RateRow row{atomic, contention, used,
                                  launcher_.work_items(atomic, contention)};
                rates_.emplace_back(row, candidate(launcher_.many(atomic, contention, used),
                                                   series::rates, coordinates(row), 0.4e-3,
                                                   many_guess[{atomic.space, contention}]));
            }
}

void Experiment::sample_addresses(int block) {
    if (!at_addresses_) {
        const std::size_t most = bench_.tiny() ? 2 : bench_.profile() == Profile::quick ? 160 : 256;
        const std::size_t count = std::min(most, launcher_.chain_bytes() / line);
        const std::size_t slice = launcher_.chain_bytes() / count / line;
        for (std::size_t i = 0; i < count; ++i)
            addresses_.push_back((i * slice + bench_.random()() % slice) * line);
        const BoundLaunch launch = launcher_.chain({Space::global, false, Operation::add});
        at_addresses_ = Candidate{
            launch, &bench_.series(series::addresses), {}, bench_.calibrate(launch, 0.2e-3)};
    }
    for (const std::size_t address : addresses_) {
        launcher_.move(address);
        at_addresses_->at = coordinates(AddressRow{address});
        bench_.sample_block(*at_addresses_, block);
    }
}

bool Experiment::uncertain(const Candidate &candidate) {
    constexpr std::size_t least_blocks = 12; // fewer agree by chance
    constexpr double certain = 0.01;
    const auto fit = slope_at(*candidate.series, candidate.at);
    return !fit || fit->blocks < least_blocks ||
           fit->interval.half_width() > certain * fit->seconds_per_trip;
}

void Experiment::choose() {
    const auto seconds = [](const Candidate &candidate) {
        const auto fit = slope_at(*candidate.series, candidate.at);
        return fit && fit->seconds_per_trip > 0 ? fit->seconds_per_trip
                                                : std::numeric_limits<double>::infinity();
    };
    std::vector<std::pair<RateRow, Candidate>> chosen;
    for (const auto &[row, candidate] : rates_) {
        RateRow dropped = row; // those come first
        dropped.used = false;
        const auto rival = std::ranges::find(chosen, dropped, &decltype(rates_)::value_type::first);
        if (rival == chosen.end())
            chosen.emplace_back(row, candidate);
        else if (seconds(candidate) < seconds(rival->second))
            *rival = {row, candidate};
    }
    rates_ = std::move(chosen);
}

void Experiment::sample_all(int block) {
    // Two addresses of a latency may be a near one and a far one, and show nothing of a third.
    constexpr int chains_a_turn = 3;
    for (int chain = 0; chain < chains_a_turn; ++chain) {
        launcher_.move(bench_.random()() % launcher_.chain_bytes() / line * line);
        for (Candidate &candidate : chains_)
            if (uncertain(candidate))
                bench_.sample_block(candidate, chains_a_turn * block + chain);
    }
    for (auto &[row, candidate] : rates_)
        if (uncertain(candidate))
            bench_.sample_block(candidate, block);
}

void Experiment::run() {
    enter_all();
    const int full_turns = bench_.profile() == Profile::quick ? 1 : 3;
    constexpr int least_turns = 4; // the interval of fewer blocks reaches down to no time at all
    constexpr int least_address_turns = 2;
    constexpr int address_turns = 4;
    constexpr int most_turns = 40;
    double longest = 0;
    for (int turn = 0; turn < most_turns; ++turn) {
        if (turn == full_turns)
            choose();
        if (turn >= least_turns && bench_.remaining() < 1.2 * longest)
            return;
        const double before = bench_.remaining();
        sample_all(turn);
        longest = turn >= full_turns ? std::max(longest, before - bench_.remaining()) : 0;
        if (turn < least_address_turns ||
            (turn < address_turns && bench_.remaining() > 0.5 * bench_.budget()))
            sample_addresses(turn);
        if (bench_.tiny())
            return;
    }
}

class Atomics final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { Experiment(bench).run(); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &) const override {
        return findings_of(data);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return programs_for(device);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_atomics() {
    return std::make_unique<Atomics>();
}

} // namespace clprobe::probes
