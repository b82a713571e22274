#include "common/launch_size.hpp"
#include "memory/local_memory/experiment.hpp"
#include "memory/local_memory/findings.hpp"
#include "memory/local_memory/launches.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

namespace clprobe::probes::local_memory {
namespace {

constexpr std::size_t latency_bytes = 4096;
constexpr std::size_t few_bytes = 1024; // of local memory that no cache would miss

/// How many groups keep the device busy: what to try, by groups a compute unit.
std::vector<std::size_t> crowds(const Bench &bench) {
    if (bench.tiny())
        return {1};
    if (bench.device().type == DeviceType::cpu)
        return {32}; // workers that are not pinned share a core now and then: many small pieces
    if (bench.profile() == Profile::quick)
        return {8, 4};
    return {8, 4, 2, 1};
}

std::vector<std::uint32_t> strides_for(const Bench &bench) {
    if (bench.tiny())
        return {1, 2};
    std::vector<std::uint32_t> strides{1,  2,  3,  4,  5,  6,  7,  8,  9,  12, 15, 16,
                                       17, 20, 24, 31, 32, 33, 40, 48, 63, 64, 96, 128};
    if (bench.profile() == Profile::quick)
        return strides;
    strides.resize(64);
    std::iota(strides.begin(), strides.end(), 1u);
    strides.insert(strides.end(), {80, 96, 112, 128});
    return strides;
}

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), units_(units_of(bench)), crowds_(crowds(bench)),
          launcher_(bench, units_ * *std::max_element(crowds_.begin(), crowds_.end())) {}

    void run();

private:
    [[nodiscard]] double launch_seconds(double on_gpu) const {
        return bench_.device().type == DeviceType::cpu ? 4 * on_gpu : on_gpu;
    }
    /// What will remain of the time when an experiment that begins now and may use that share of
    /// the budget has to end: a slow build is no reason to do less. A tiny run is bounded by its
    /// sizes.
    [[nodiscard]] double end_of(double share) const {
        return bench_.tiny() ? -std::numeric_limits<double>::infinity()
                             : bench_.remaining() - share * bench_.budget();
    }
    Candidate enter(const BoundLaunch &launch, const char *name, std::vector<double> at,
                    double seconds) {
        return {launch, &bench_.series(name), std::move(at),
                bench_.calibrate(launch, launch_seconds(seconds))};
    }
    Candidate reader(unsigned width, std::size_t groups, const char *name, double seconds) {
        const BandwidthRow row{std::size_t{4} * width, groups * launcher_.group_size()};
        return enter(launcher_.read(width, groups), name, coordinates(row), seconds);
    }

    /// The width and the number of groups that read most.
    [[nodiscard]] std::optional<std::pair<unsigned, std::size_t>> race();
    void enter_latencies(std::vector<Candidate> &into);
    [[nodiscard]] std::vector<Candidate> enter_strides();
    [[nodiscard]] std::vector<Candidate> enter_evictions();
    /// Rings of so much global memory, beside little local memory and beside all of it; a block of
    /// samples each.
    void enter_eviction(std::vector<Candidate> &into, std::size_t bytes);

    /// A block of samples of each.
    void sample(std::vector<Candidate> &candidates);

    Bench &bench_;
    int block_ = 1; ///< the next; 0 was taken while places were looked for
    std::size_t units_;
    std::vector<std::size_t> crowds_;
    Launcher launcher_;
};

std::optional<std::pair<unsigned, std::size_t>> Experiment::race() {
    std::optional<std::pair<unsigned, std::size_t>> best;
    double best_rate = 0;
    const double end = end_of(0.4);
    for (const std::size_t crowd : crowds_)
        for (const unsigned width : widths) {
            if (!launcher_.can_read(width) || (best && bench_.remaining() < end))
                continue;
            const std::size_t groups = units_ * crowd;
            Candidate candidate = reader(width, groups, series::race, 1e-3);
            for (int block = 0; block < (bench_.tiny() ? 1 : 3); ++block)
                bench_.sample_block(candidate, block);
            const auto fit = slope_at(*candidate.series, candidate.at);
            const double words = static_cast<double>(width * groups);
            if (fit && fit->seconds_per_trip > 0 && words / fit->seconds_per_trip > best_rate) {
                best_rate = words / fit->seconds_per_trip;
                best = std::pair{width, groups};
            }
        }
    return best;
}

void Experiment::enter_latencies(std::vector<Candidate> &into) {
    const auto turns = static_cast<std::size_t>(latency_hops) / turn_hops;
    const auto near =
        launcher_.ring(Where::local, std::min(latency_bytes, launcher_.chase_bytes()));
    const auto far = launcher_.ring(Where::global, latency_bytes);
    into.push_back(enter(launcher_.chase(near, turns, far, 0), series::latency,
                         coordinates(LatencyRow{Where::local}), 0.5e-3));
    into.push_back(enter(launcher_.chase(near, 0, far, turns), series::latency,
                         coordinates(LatencyRow{Where::global}), 0.5e-3));
}

std::vector<Candidate> Experiment::enter_strides() {
    std::vector<Candidate> candidates;
    if (!launcher_.can_stride()) {
        bench_.data().text_attributes[std::string(series::strides) + left_out] =
            "the device has too little local memory for long strides";
        return candidates;
    }
    const std::size_t groups = units_ * std::min<std::size_t>(4, crowds_.front());
    std::uint32_t trips = 0; // those of the first stride, the shortest
    for (const std::uint32_t stride : strides_for(bench_)) {
        const BoundLaunch launch = launcher_.read_strided(stride, groups);
        if (trips == 0)
            trips = bench_.calibrate(launch, launch_seconds(0.1e-3));
        candidates.push_back(
            {launch, &bench_.series(series::strides), coordinates(StrideRow{4 * stride}), trips});
    }
    return candidates;
}

void Experiment::enter_eviction(std::vector<Candidate> &into, std::size_t bytes) {
    const auto global = launcher_.ring(Where::global, bytes);
    const std::size_t global_turns = bytes / slot_bytes / turn_hops;
    const std::size_t all = launcher_.chase_bytes();
    const std::size_t local_turns = (all / slot_bytes + turn_hops - 1) / turn_hops;
    std::uint32_t trips = 0;
    for (const std::size_t touched : {std::min(few_bytes, all), all}) {
        const auto local = launcher_.ring(Where::local, touched);
        const BoundLaunch launch = launcher_.chase(local, local_turns, global, global_turns);
        if (trips == 0)
            // The first pass of a launch takes more or less, by where in the larger caches the
            // ring happens to be: it has to be few of them.
            trips = std::max(4u, bench_.calibrate(launch, 0.7e-3));
        into.push_back({launch, &bench_.series(series::eviction),
                        coordinates(EvictionRow{bytes, touched}), trips});
        bench_.sample_block(into.back(), 0);
    }
}

std::vector<Candidate> Experiment::enter_evictions() {
    std::vector<Candidate> candidates;
    const auto knee = [&] { return first_knee(eviction_times(bench_.data())); };
    // Shorter rings take too little of a pass's time.
    const double least = bench_.tiny() ? 1024 : 8192;
    const double most = bench_.tiny() ? 1024 : 1 << 20;
    const double end = end_of(0.4);
    enter_eviction(candidates, 0);
    for (double bytes = least; bytes <= most && knee() == 0 && bench_.remaining() > end;
         bytes *= 1.4)
        enter_eviction(candidates, static_cast<std::size_t>(bytes / 1024) * 1024);
    // What matters is where the ring alone fits, and not beside all of the local memory.
    const double fits = knee();
    for (const double part : {0.8, 0.87, 0.94, 1.05})
        if (part * fits >= least)
            enter_eviction(candidates, static_cast<std::size_t>(part * fits / 1024) * 1024);
    return candidates;
}

void Experiment::sample(std::vector<Candidate> &candidates) {
    for (Candidate &candidate : candidates)
        bench_.sample_block(candidate, block_);
    ++block_;
}

/// In turns, each of them blocks: what disturbs some milliseconds spoils one block of several.
void Experiment::run() {
    std::vector<Candidate> speeds;
    if (const auto winner = race())
        speeds.push_back(reader(winner->first, winner->second, series::bandwidth, 2.5e-3));
    enter_latencies(speeds);
    std::vector<Candidate> strides = enter_strides();
    std::vector<Candidate> evictions = enter_evictions();
    constexpr int least_turns = 2;
    constexpr int contrast_turns = 6; // enough for what is decided by a contrast
    constexpr int most_turns = 30;
    for (int turn = 1; turn <= most_turns; ++turn) {
        const double before = bench_.remaining();
        sample(speeds);
        if (turn <= contrast_turns)
            sample(strides);
        sample(speeds);
        if (turn <= contrast_turns)
            sample(evictions);
        const double took = before - bench_.remaining();
        if (bench_.tiny() || (turn >= least_turns && bench_.remaining() < 1.2 * took))
            return;
    }
}

} // namespace

std::vector<SeriesShape> series_shapes() {
    const Axis time{"time", Unit::second, {}};
    return {{series::latency, axes<LatencyRow>(), time,
             "one work-item on a ring of 4 KiB; 64 hops a trip"},
            {series::race, axes<BandwidthRow>(), time,
             "every work-item sums vectors, its neighbours the neighbouring ones; 16 loads a trip"},
            {series::bandwidth, axes<BandwidthRow>(), time, "the fastest of these, measured anew"},
            {series::strides, axes<StrideRow>(), time,
             "every work-item sums words, its neighbours those a stride apart; 8 loads a trip"},
            {series::eviction, axes<EvictionRow>(), time,
             "a trip goes round a ring of that much global memory, and before through that much "
             "local memory, with as many hops for little as for all"}};
}

void run_experiments(Bench &bench) {
    Experiment(bench).run();
}

} // namespace clprobe::probes::local_memory
