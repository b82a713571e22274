#include "memory/atomics/experiment.hpp"
#include "memory/atomics/launches.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace clprobe::probes::atomics {
namespace {

constexpr std::size_t line = 256; // no line of a cache is longer

class Experiment {
public:
    explicit Experiment(Bench &bench) : bench_(bench), launcher_(bench) {}

    void run();

private:
    [[nodiscard]] double launch_seconds(double on_gpu) const {
        return bench_.device().type == DeviceType::cpu ? 3 * on_gpu : on_gpu;
    }
    /// What will remain of the time when an experiment that begins now and may use that share of
    /// the budget has to end: a slow build is no reason to do less. A tiny run is bounded by its
    /// sizes.
    [[nodiscard]] double end_of(double share) const {
        return bench_.tiny() ? -std::numeric_limits<double>::infinity()
                             : bench_.remaining() - share * bench_.budget();
    }
    /// Trips for a launch of that many seconds, by two launches of a part of the `guess` (0: none),
    /// which is what works of this kind took before.
    [[nodiscard]] std::uint32_t calibrate(const BoundLaunch &launch, double seconds,
                                          std::uint32_t guess);
    Candidate candidate(const BoundLaunch &launch, const char *name, std::vector<double> at,
                        double seconds, std::uint32_t &guess);
    void enter_all();
    /// Leaves of dropped and used results the faster.
    void choose();
    void sample_all(int block);
    void sample_addresses(int block);
    /// Whether further samples of it would tell more.
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
                                double seconds, std::uint32_t &guess) {
    guess = calibrate(launch, launch_seconds(seconds), guess);
    return {launch, &bench_.series(name), std::move(at), guess};
}

/// Latencies first, as they take little, and results dropped before those used: where time is
/// short, every key has one of both.
void Experiment::enter_all() {
    for (const Atomic &atomic : all_atomics())
        if (const auto reason = launcher_.lacks(atomic))
            bench_.data().text_attributes[atomic.name() + lacking] = *reason;
        else if (launcher_.as_ptx(atomic))
            bench_.data().text_attributes[atomic.name() + spelling] =
                "inline PTX, for want of a function";
    std::map<Space, std::uint32_t> chain_guess;
    for (const Atomic &atomic : all_atomics())
        if (!launcher_.lacks(atomic))
            chains_.push_back(candidate(launcher_.chain(atomic), series::latency,
                                        coordinates(LatencyRow{atomic}), 0.2e-3,
                                        chain_guess[atomic.space]));
    for (const Atomic &atomic : all_atomics())
        if (!launcher_.lacks(atomic)) // a kernel's first launch may compile it
            bench_.launch(launcher_.many(atomic, Contention::spread, false), 1);
    const double end = end_of(0.6);
    std::map<std::pair<Space, Contention>, std::uint32_t> many_guess;
    for (const bool used : {false, true})
        for (const Atomic &atomic : all_atomics())
            for (const Contention contention : {Contention::contended, Contention::spread}) {
                if (launcher_.lacks(atomic) || bench_.remaining() <= end)
                    continue;
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
    // Two addresses of a latency may be a near one and a far one, and tell nothing of a third.
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

} // namespace

std::vector<SeriesShape> series_shapes() {
    const Axis time{"time", Unit::second, {}};
    return {{series::rates, axes<RateRow>(), time,
             "all work-items at once; 4 operations of each a trip"},
            {series::latency, axes<LatencyRow>(), time,
             "one work-item, one operation after the other; 4 a trip"},
            {series::addresses, axes<AddressRow>(), time,
             "one work-item, one addition after the other to the word there; 4 a trip"}};
}

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::atomics
