#include "common/launch_size.hpp"
#include "measure/tuner.hpp"
#include "memory/local_memory/local_memory.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

namespace clprobe::probes {
namespace {

using namespace local_memory;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/local_memory";
    info.question = "How fast is local memory, into how many banks is it divided, and is it a "
                    "memory of its own or the cache again?";
    info.method =
        "Latency: one work-item follows a random ring.\n\n"
        "Bandwidth: groups of 256 (or the most that the device runs) sum random words, at "
        "distances known when the kernel is compiled from an address that moves on each trip, "
        "neighbours reading neighbouring vectors. Loads of 4 to 32 bytes, on CPUs to 64, and "
        "several numbers of groups are tried; the fastest is measured anew.\n\n"
        "Banks: neighbours read words that are a stride apart, strides of 1 to 64 words and some "
        "beyond. The more of them fall to one bank, the longer it takes: the division into banks "
        "(how many, how wide, how many work-items at a time) that explains the times best is "
        "reported where it explains nearly all of them, and no other division explains them nearly "
        "as well.\n\n"
        "A memory of its own: one work-item goes round a ring of global memory, and before each "
        "round through either a little or all of its local memory, with as many hops. If local "
        "memory is kept in the cache, touching all of it evicts the ring, wherever both together "
        "are more than the first cache holds.";
    info.pitfalls = {
        "A broadcast (stride 0) reads twice as fast as the peak on some GPUs: it is no bandwidth.",
        "Loads whose address does not change from trip to trip are taken out of the loop.",
        "Vectors of 32 bytes and more conflict with themselves where banks are 4 bytes wide: half "
        "the rate of 16 bytes.",
        "Banks behind something slower show no conflicts of few words: several divisions then "
        "explain the times, and the probe says so.",
        "A CPU has no banks that a load of one word could see; times over strides are flat.",
        "GPUs that carve local memory out of the first cache keep it apart all the same: the "
        "allocation is the same in both measurements, and only what is touched differs.",
        "Local memory that is much smaller than the first cache evicts too little to be seen."};
    info.sources = {
        "Wong et al., Demystifying GPU Microarchitecture through Microbenchmarking, 2010 (banks)",
        "Mei and Chu, Dissecting GPU Memory Hierarchy through Microbenchmarking, 2017",
        "Arm, Mali GPU OpenCL Developer Guide: local memory is kept in global memory there"};
    info.depends_on = {"execution/compute_units"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {
        {series::latency, axes<LatencyRow>(), time,
         "one work-item on a ring of 4 KiB; 64 hops a trip"},
        {series::race, axes<BandwidthRow>(), time,
         "every work-item sums vectors, its neighbours the neighbouring ones; 16 loads a trip"},
        {series::bandwidth, axes<BandwidthRow>(), time, "the fastest of these, measured anew"},
        {series::strides, axes<StrideRow>(), time,
         "every work-item sums words, its neighbours those a stride apart; 8 loads a trip"},
        {series::eviction, axes<EvictionRow>(), time,
         "a trip goes round a ring of that much global memory, and before through that much local "
         "memory, with as many hops for little as for all"}};
    info.kernels = {"memory/local_memory"};
    info.seconds = 3;
    return info;
}

constexpr std::size_t latency_bytes = 4096;
constexpr std::size_t few_bytes = 1024; // of local memory that no cache would miss

/// How many groups keep the device busy: what to try, by groups a compute unit.
std::vector<std::size_t> crowds(const Bench &bench) {
    if (bench.tiny())
        return {1};
    if (is_cpu(bench))
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

struct ReadShape {
    unsigned width = 1; ///< of a load, in words
    std::size_t groups = 1;

    bool operator==(const ReadShape &) const = default;
};

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), units_(units_of(bench)), crowds_(crowds(bench)),
          launcher_(bench, units_ * std::ranges::max(crowds_)) {}

    void run();

private:
    [[nodiscard]] double launch_seconds(double on_gpu) const {
        return is_cpu(bench_) ? 4 * on_gpu : on_gpu;
    }
    Candidate enter(const BoundLaunch &launch, const char *name, std::vector<double> at,
                    double seconds) {
        return {launch, &bench_.series(name), std::move(at),
                bench_.calibrate(launch, launch_seconds(seconds))};
    }
    Candidate reader(const ReadShape &shape, const char *name, double seconds) {
        const BandwidthRow row{std::size_t{4} * shape.width, shape.groups * launcher_.group_size()};
        return enter(launcher_.read(shape.width, shape.groups), name, coordinates(row), seconds);
    }

    /// The shape that reads most; nothing where none can be read.
    [[nodiscard]] std::optional<ReadShape> tune();
    void enter_latencies(std::vector<Candidate> &into);
    [[nodiscard]] std::vector<Candidate> enter_strides();
    [[nodiscard]] std::vector<Candidate> enter_evictions();
    /// Rings of so much global memory, beside little local memory and beside all of it; a block of
    /// samples each.
    void enter_eviction(std::vector<Candidate> &into, std::size_t bytes);

    /// A block of samples of each.
    void sample(std::vector<Candidate> &candidates);

    Bench &bench_;
    int block_ = 1; ///< the next; 0 was taken while sizes were looked for
    std::size_t units_;
    std::vector<std::size_t> crowds_;
    Launcher launcher_;
};

std::optional<ReadShape> Experiment::tune() {
    struct Tried {
        ReadShape shape;
        Candidate candidate;
        int blocks = 0;
    };
    std::vector<Tried> tried;
    // By the word, as trips of shapes read more or fewer of them.
    const auto sample = [this](Tried &entry) {
        bench_.sample_block(entry.candidate, entry.blocks++);
        const auto fit = slope_at(*entry.candidate.series, entry.candidate.at);
        const double seconds = fit ? fit->seconds_per_trip : 0;
        const auto words = static_cast<double>(entry.shape.width * entry.shape.groups);
        return seconds > 0 ? seconds / words : std::numeric_limits<double>::infinity();
    };
    const double end = remaining_after(bench_, 0.4);
    Tuner<ReadShape> tuner({
        .time =
            [&](const ReadShape &shape) {
                return sample(tried.emplace_back(Tried{shape, reader(shape, series::race, 1e-3)}));
            },
        .time_again =
            [&](const ReadShape &shape) {
                return sample(*std::ranges::find(tried, shape, &Tried::shape));
            },
        .time_left = [&] { return tried.empty() || bench_.remaining() > end; },
    });
    std::vector<ReadShape> shapes;
    for (const std::size_t crowd : crowds_)
        for (const unsigned width : widths)
            if (launcher_.can_read(width))
                shapes.push_back({width, units_ * crowd});
    tuner.try_all(shapes);
    if (!bench_.tiny())
        tuner.halve(4, [] { return true; });
    record_failures(bench_.data(), series::race, tuner);
    return tuner.best() != nullptr ? std::optional(*tuner.best()) : std::nullopt;
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
    const double end = remaining_after(bench_, 0.4);
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
    if (const auto fastest = tune())
        speeds.push_back(reader(*fastest, series::bandwidth, 2.5e-3));
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

class LocalMemory final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        if (device.local_memory == 0)
            return "the device has no local memory";
        return std::nullopt;
    }
    void measure(Bench &bench) const override { Experiment(bench).run(); }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return {program_for(device)};
    }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &) const override {
        return findings_of(data);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_local_memory() {
    return std::make_unique<LocalMemory>();
}

} // namespace clprobe::probes
