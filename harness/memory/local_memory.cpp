#include "common/chase.hpp"
#include "common/launch_size.hpp"
#include "common/random.hpp"
#include "measure/tuner.hpp"
#include "memory/local_memory/local_memory.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
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
        "Local memory that is much smaller than the first cache evicts too little to be seen.",
        "All processors of a CPU together are a fifth slower in some runs than in others: the "
        "interval of the bandwidth is never narrower than 20 % to either side there."};
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

constexpr std::size_t word = sizeof(std::uint32_t);

/// Widths of a load, in words.
constexpr std::array<unsigned, 5> widths{1, 2, 4, 8, 16};

// As the kernels have it.
constexpr std::size_t turn_hops = 16;      // of a chase
constexpr std::size_t vectors = 256;       // that a group reads
constexpr std::size_t first_vectors = 128; // at which a work-item may begin
constexpr std::size_t vectors_apart = 8;   // distance of a work-item's loads
constexpr std::size_t strided_items = 32;  // then strides begin anew
constexpr std::size_t strided_loads = 8;
constexpr std::size_t strided_apart = 37;
constexpr std::size_t strided_offsets = 4096;
constexpr std::size_t strided_words = strided_offsets + (strided_loads - 1) * strided_apart;

constexpr std::size_t most_words = std::max(vectors * widths.back(), strided_words);

/// How often a work-item begins at each of so many offsets (a power of two).
std::vector<std::uint32_t> visits(std::uint32_t offset, std::uint32_t step, std::uint32_t trips,
                                  std::size_t offsets) {
    std::vector<std::uint32_t> count(offsets);
    for (std::uint32_t trip = 0; trip < trips; ++trip, offset += step)
        ++count[offset & (offsets - 1)];
    return count;
}

/// The sum of `count` words, `apart` from each other, at each offset as often as it was visited;
/// offsets are `step` words.
std::uint32_t sum_of(const std::vector<std::uint32_t> &visited, const std::uint32_t *first,
                     std::size_t step, std::size_t count, std::size_t apart) {
    std::uint32_t sum = 0;
    for (std::size_t offset = 0; offset < visited.size(); ++offset)
        for (std::size_t i = 0; i < count; ++i)
            sum += visited[offset] * first[offset * step + i * apart];
    return sum;
}

/// The widest load that is tried: sixteen words for CPUs, whose registers hold as much. A GPU would
/// keep twice that of each work-item in registers, and half of the work-items wait.
unsigned widest(const DeviceInfo &device) {
    return device.type == DeviceType::cpu ? 16 : 8;
}

KernelVariant program_for(const DeviceInfo &device) {
    return {{}, "memory/local_memory", fmt::format("-DWIDEST={}", widest(device)), {}};
}

/// The kernels that are launched in whole groups.
std::vector<std::string> summing_kernels(const DeviceInfo &device) {
    std::vector<std::string> kernels{"read_strided"};
    for (const unsigned width : widths)
        if (width <= widest(device))
            kernels.push_back(fmt::format("read_{}", width));
    return kernels;
}

/// A ring of slots in random order.
struct SlotRing {
    std::vector<std::uint32_t> order; ///< slots in the order in which they are visited
    Buffer links;                     ///< what its slots hold

    /// The address in bytes after so many hops.
    [[nodiscard]] std::uint32_t address(std::uint64_t hops) const {
        return static_cast<std::uint32_t>(order[hops % order.size()] * slot_bytes);
    }
};

/// The kernels with their buffers, each launch verified against the host's model. It has to outlive
/// them.
class Launcher {
public:
    /// Launches have `most_groups` groups at most.
    Launcher(Bench &bench, std::size_t most_groups)
        : bench_(bench),
          program_(bench.build("memory/local_memory", program_for(bench.device()).options)),
          group_size_(probes::group_size(bench, program_, summing_kernels(bench.device()),
                                         bench.tiny() ? 8 : 256)),
          local_memory_(largest_local_memory(bench.device())),
          step_(static_cast<std::uint32_t>(bench.random()()) | 1u),
          data_(random_words(most_words, bench.random())),
          data_buffer_(bench.buffer(data_.size() * word)), state_(bench.buffer(2 * word)),
          out_(bench.buffer(most_groups * group_size_ * word)) {
        bench.write<std::uint32_t>(data_buffer_, data_);
        find_chase_bytes();
    }

    [[nodiscard]] SlotRing ring(Where where, std::size_t bytes) {
        // An odd number: a chase, whose hops are even, then ends elsewhere than it began.
        const std::size_t slots = (std::max<std::size_t>(2, bytes / slot_bytes) - 1) | 1;
        const std::size_t apart = where == Where::local ? 1 : slot_bytes / word;
        std::vector<std::uint32_t> order = shuffled(slots, bench_.random());
        std::vector<std::uint32_t> links(slots * apart);
        for (std::size_t i = 0; i < slots; ++i)
            links[order[i] * apart] =
                static_cast<std::uint32_t>(order[(i + 1) % slots] * slot_bytes);
        SlotRing made{std::move(order), bench_.buffer(links.size() * word)};
        bench_.write<std::uint32_t>(made.links, links);
        return made;
    }

    /// One work-item; a trip follows the one ring for so many turns, and then the other.
    [[nodiscard]] BoundLaunch chase(const SlotRing &local, std::size_t local_turns,
                                    const SlotRing &global, std::size_t global_turns) {
        BoundLaunch launch{program_.kernel("chase"),
                           NdRange::linear(1, 1),
                           {local.links, static_cast<cl_uint>(local.order.size()),
                            LocalBytes{chase_bytes_}, global.links,
                            static_cast<cl_uint>(local_turns), static_cast<cl_uint>(global_turns),
                            state_, trip_count}};
        follow(launch, bench_, state_, state_, [=](std::uint64_t trips) {
            return std::vector{local.address(turn_hops * local_turns * trips),
                               global.address(turn_hops * global_turns * trips)};
        });
        return launch;
    }

    /// Every work-item sums vectors of so many words; neighbours read neighbouring ones.
    [[nodiscard]] BoundLaunch read(unsigned width, std::size_t groups) {
        const auto expected = [this, width](std::uint32_t item, std::uint32_t trips) {
            const auto visited = visits(item, step_, trips, first_vectors);
            std::uint32_t folded = 0;
            for (unsigned element = 0; element < width; ++element)
                folded ^=
                    sum_of(visited, data_.data() + element, width, loads, vectors_apart * width);
            return folded;
        };
        return summing(fmt::format("read_{}", width), vectors * width * word, groups, expected);
    }

    /// Neighbouring work-items read words that are `stride` words apart.
    [[nodiscard]] BoundLaunch read_strided(std::uint32_t stride, std::size_t groups) {
        const auto expected = [this, stride](std::uint32_t item, std::uint32_t trips) {
            return sum_of(visits(item % strided_items * stride, step_, trips, strided_offsets),
                          data_.data(), 1, strided_loads, strided_apart);
        };
        return summing("read_strided", strided_words * word, groups, expected).set(5, stride);
    }

    /// Local memory that a chase has, B: what the device grants, up to some limit.
    [[nodiscard]] std::size_t chase_bytes() const { return chase_bytes_; }
    [[nodiscard]] std::size_t group_size() const { return group_size_; }
    /// Whether the device grants the local memory that these launches need.
    [[nodiscard]] bool can_read(unsigned width) const {
        return width <= widest(bench_.device()) && vectors * width * word <= local_memory_;
    }

    [[nodiscard]] bool can_stride() const { return strided_words * word <= local_memory_; }

private:
    /// `expected` is a work-item's sum, from its number in the group and the trips.
    [[nodiscard]] BoundLaunch
    summing(const std::string &kernel, std::size_t local_bytes, std::size_t groups,
            std::function<std::uint32_t(std::uint32_t item, std::uint32_t trips)> expected) {
        const NdRange range = NdRange::linear(groups, group_size_);
        const auto expected_of = [size = group_size_, expected = std::move(expected)](
                                     std::size_t item, std::uint32_t trips) {
            return expected(static_cast<std::uint32_t>(item % size), trips);
        };
        return {program_.kernel(kernel),
                range,
                {data_buffer_, LocalBytes{local_bytes}, output(out_), step_, trip_count},
                check_words(range.work_items(), expected_of, 2)};
    }

    /// Some drivers keep a part of what they report that a group may have.
    void find_chase_bytes() {
        chase_bytes_ = bench_.tiny() ? 1024 : std::min<std::size_t>(local_memory_, 256 << 10);
        for (;;) {
            chase_bytes_ = std::max(chase_bytes_ / slot_bytes, std::size_t{1}) * slot_bytes;
            try {
                const SlotRing slot = ring(Where::local, slot_bytes);
                bench_.launch(chase(slot, 1, slot, 0), 1);
                return;
            } catch (const Error &error) {
                if (!error.code() || chase_bytes_ <= 1024)
                    throw;
                chase_bytes_ = chase_bytes_ / 8 * 7;
            }
        }
    }

    Bench &bench_;
    Program program_;
    std::size_t group_size_;
    std::size_t local_memory_;
    std::size_t chase_bytes_ = 0;
    std::uint32_t step_;
    std::vector<std::uint32_t> data_;
    Buffer data_buffer_;
    Buffer state_;
    Buffer out_;
};

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

class Experiment {
public:
    explicit Experiment(Bench &bench)
        : bench_(bench), units_(units_of(bench)), crowds_(crowds(bench)),
          launcher_(bench, units_ * std::ranges::max(crowds_)) {}

    /// In turns, each of them blocks: what disturbs some milliseconds spoils one block of several.
    void run() {
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

private:
    [[nodiscard]] double launch_seconds(double on_gpu) const {
        return is_cpu(bench_) ? 4 * on_gpu : on_gpu;
    }
    Candidate enter(const BoundLaunch &launch, const char *name, std::vector<double> at,
                    double seconds) {
        return {launch, &bench_.series(name), std::move(at),
                bench_.calibrate(launch, launch_seconds(seconds))};
    }
    Candidate reader(const BandwidthRow &row, const char *name, double seconds) {
        return enter(launcher_.read(static_cast<unsigned>(row.width / word),
                                    row.work_items / launcher_.group_size()),
                     name, coordinates(row), seconds);
    }

    /// The shape that reads most; nothing where none can be read.
    [[nodiscard]] std::optional<BandwidthRow> tune() {
        struct Tried {
            BandwidthRow row;
            Candidate candidate;
            int blocks = 0;
        };
        std::vector<Tried> tried;
        // By the byte, as trips read more or fewer of them.
        const auto sample = [this](Tried &entry) {
            bench_.sample_block(entry.candidate, entry.blocks++);
            const auto fit = slope_at(*entry.candidate.series, entry.candidate.at);
            const double seconds = fit ? fit->seconds_per_trip : 0;
            const auto bytes = static_cast<double>(entry.row.width * entry.row.work_items);
            return seconds > 0 ? seconds / bytes : std::numeric_limits<double>::infinity();
        };
        const double end = remaining_after(bench_, 0.4);
        Tuner<BandwidthRow> tuner({
            .time =
                [&](const BandwidthRow &row) {
                    return sample(tried.emplace_back(Tried{row, reader(row, series::race, 1e-3)}));
                },
            .time_again =
                [&](const BandwidthRow &row) {
                    return sample(*std::ranges::find(tried, row, &Tried::row));
                },
            .time_left = [&] { return tried.empty() || bench_.remaining() > end; },
        });
        std::vector<BandwidthRow> rows;
        for (const std::size_t crowd : crowds_)
            for (const unsigned width : widths)
                if (launcher_.can_read(width))
                    rows.push_back({width * word, units_ * crowd * launcher_.group_size()});
        tuner.try_all(rows);
        if (!bench_.tiny())
            tuner.halve(4, [] { return true; });
        record_failures(bench_.data(), series::race, tuner);
        return tuner.best() != nullptr ? std::optional(*tuner.best()) : std::nullopt;
    }

    void enter_latencies(std::vector<Candidate> &into) {
        const auto turns = static_cast<std::size_t>(latency_hops) / turn_hops;
        const SlotRing near =
            launcher_.ring(Where::local, std::min(latency_bytes, launcher_.chase_bytes()));
        const SlotRing far = launcher_.ring(Where::global, latency_bytes);
        into.push_back(enter(launcher_.chase(near, turns, far, 0), series::latency,
                             coordinates(LatencyRow{Where::local}), 0.5e-3));
        into.push_back(enter(launcher_.chase(near, 0, far, turns), series::latency,
                             coordinates(LatencyRow{Where::global}), 0.5e-3));
    }

    [[nodiscard]] std::vector<Candidate> enter_strides() {
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
            candidates.push_back({launch, &bench_.series(series::strides),
                                  coordinates(StrideRow{4 * stride}), trips});
        }
        return candidates;
    }

    [[nodiscard]] std::vector<Candidate> enter_evictions() {
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

    /// Rings of so much global memory, beside little local memory and beside all of it; a block of
    /// samples each.
    void enter_eviction(std::vector<Candidate> &into, std::size_t bytes) {
        const SlotRing global = launcher_.ring(Where::global, bytes);
        const std::size_t global_turns = bytes / slot_bytes / turn_hops;
        const std::size_t all = launcher_.chase_bytes();
        const std::size_t local_turns = (all / slot_bytes + turn_hops - 1) / turn_hops;
        std::uint32_t trips = 0;
        for (const std::size_t touched : {std::min(few_bytes, all), all}) {
            const BoundLaunch launch = launcher_.chase(launcher_.ring(Where::local, touched),
                                                       local_turns, global, global_turns);
            if (trips == 0)
                // The first pass of a launch takes more or less, by where in the larger caches the
                // ring happens to be: it has to be few of them.
                trips = std::max(4u, bench_.calibrate(launch, 0.7e-3));
            into.push_back({launch, &bench_.series(series::eviction),
                            coordinates(EvictionRow{bytes, touched}), trips});
            bench_.sample_block(into.back(), 0);
        }
    }

    /// A block of samples of each.
    void sample(std::vector<Candidate> &candidates) {
        for (Candidate &candidate : candidates)
            bench_.sample_block(candidate, block_);
        ++block_;
    }

    Bench &bench_;
    int block_ = 1; ///< the next; 0 was taken while sizes were looked for
    std::size_t units_;
    std::vector<std::size_t> crowds_;
    Launcher launcher_;
};

class LocalMemory final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        return device.local_memory == 0 ? std::optional("the device has no local memory")
                                        : std::nullopt;
    }
    void measure(Bench &bench) const override { Experiment(bench).run(); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }
    [[nodiscard]] std::vector<Tuning> tunings(const Dataset &data) const override {
        return tunings_of(data);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        return {program_for(device)};
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_local_memory() {
    return std::make_unique<LocalMemory>();
}

} // namespace clprobe::probes
