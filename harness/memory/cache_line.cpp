#include "common/chase.hpp"
#include "common/launch_size.hpp"
#include "common/random.hpp"
#include "memory/cache_line/cache_line.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace clprobe::probes {
namespace {

using namespace cache_line;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/cache_line";
    info.question = "How many bytes does a line of the first cache cover, what does it fetch at "
                    "least, and what does one access fetch from memory?";
    info.method =
        "Two answers for the line. By capacity: a random chase over n slots, a stride apart, is "
        "fast while all their lines fit the first level; the n at which it slows down, the "
        "midpoint in log latency to the next level, falls as one over the stride while slots share "
        "a line and is constant from the line up. Strides are odd multiples of 4 B, so that all "
        "sets are used. By false sharing, which prefetch cannot fool: two work-groups increment "
        "words of their own, apart or on either side of a border; while both words are in one line "
        "it moves to and fro. CPU devices use the second first, others the first; each falls back "
        "on the other.\n\n"
        "The sector and the memory's fetch: a chase over pairs of words in neighbouring blocks of "
        "d bytes, in random places and either order. The second load is a hit while the least that "
        "is fetched covers both blocks. In more memory than the first level holds this shows its "
        "sector; after everything was evicted, each pair visited once, the memory's fetch, once "
        "what a hit in the next level costs is taken off.\n\n"
        "All sizes are taken for powers of two. Each explains the times by a level and a rise that "
        "are fitted, under normal noise with some outliers, most of them slow; the likeliest is "
        "reported where its probability is high enough to be wrong once in a hundred at most. A "
        "sweep of strides is recorded as evidence, and read where there is nothing else: time "
        "rises in proportion to the stride, once that outweighs the rest, up to the line, and what "
        "follows from twice the line on is taken for pages or prefetch. Of curves over powers of "
        "two with a known line, noise of up to 10 %, outliers and missing points, and a last "
        "octave that rises by more than three times the noise, 98 % are found: 87 % as one size, "
        "the others as an interval of two or three; 1 % of all are wrong.";
    info.pitfalls = {
        "A stride sweep alone shows what a miss fetches, which is the sector where lines have "
        "sectors: 32 B on a GPU whose tags cover 128 B.",
        "A sweep over powers of two alone has one point an octave: where that at the line is off "
        "or missing, or a second rise follows at once, two or three sizes fit. The interval then "
        "covers them. Take strides between them.",
        "Adjacent-line prefetch makes two 64-byte lines look like one of 128 to any sweep of "
        "loads; it is recognised by its level between, and false sharing hardly sees it.",
        "Strides of powers of two use some sets of a cache only, and halve its capacity in slots "
        "beyond the line.",
        "Two groups on one core (unpinned workers) show no false sharing: launches in which they "
        "did not meet are left out, and where that is most of them the probe says so.",
        "Accesses at a fixed distance are learned by prefetchers: the second word of a pair is in "
        "a random place of its block, before or behind the first.",
        "A last-level cache of more than 128 MiB is not evicted: the memory's fetch is then that "
        "of this cache."};
    info.sources = {"Saavedra and Smith, Measuring Cache and TLB Performance, 1995 (stride sweeps)",
                    "Bolosky and Scott, False Sharing and its Effect on Shared Memory "
                    "Performance, 1993",
                    "Mei and Chu, Dissecting GPU Memory Hierarchy through Microbenchmarking, 2017"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {
        {series::stride,
         axes<StrideRow>(),
         {"latency", Unit::second, {}},
         "time an access, over the stride of a sweep through more than the first level holds"},
        {series::false_sharing, axes<SharingRow>(), time,
         "two groups increment words a distance apart, the first an offset behind an aligned "
         "place; 4 increments a trip"},
        {series::slots, axes<SlotsRow>(), time,
         "a random chase over slots, a stride apart; 16 hops a trip"},
        {series::pairs, axes<PairsRow>(), time,
         "a chase over pairs in neighbouring blocks of the distance, in more than the first "
         "level holds; 8 pairs a trip"},
        {series::memory_pairs, axes<PairsRow>(), time,
         "the same after everything was evicted, each pair visited once"},
        {series::sweep, axes<SweepRow>(), time,
         "a sweep through more than the first level holds, random within 2 KiB; 16 hops a trip"}};
    info.kernels = {"memory/cache_line"};
    info.seconds = 5;
    return info;
}

/// The stride at which the first level is looked for, B: beyond most lines.
constexpr std::size_t coarse_stride = 124;

constexpr std::uint32_t increments = 4; ///< in one trip

std::size_t bytes_for(const Bench &bench) {
    // Enough for every pair to be visited once, little enough to be had everywhere.
    const std::size_t wanted = bench.tiny() ? std::size_t{512} << 10 : std::size_t{64} << 20;
    return std::min(wanted, bench.most_bytes() - alignment) / alignment * alignment;
}

/// More than the last cache of nearly all devices.
std::size_t bytes_to_evict(const Bench &bench) {
    const std::size_t wanted = bench.tiny() ? std::size_t{16} << 10 : std::size_t{128} << 20;
    return std::min(wanted, bench.most_bytes());
}

NdRange whole_device(const Bench &bench, const Kernel &kernel) {
    const std::size_t groups = bench.tiny() ? 2 : 1024;
    return NdRange::linear(groups, probes::group_size(bench, kernel, 64));
}

/// Words ever further apart from an aligned address, and side by side on either side of a border.
std::vector<SharingRow> placements() {
    std::vector<SharingRow> all;
    for (std::uint32_t size = 8; size <= 1024; size *= 2) {
        all.push_back({size - word, 0});
        all.push_back({size, 0});
        all.push_back({word, size - word});
    }
    return all;
}

/// Two work-groups that increment words near each other.
class Sharing {
public:
    Sharing(Bench &bench, const Program &program)
        : bench_(bench), contend_(program.kernel("contend")), memory_(bench.buffer(16384)),
          arrived_(bench.buffer(word)), last_(bench.buffer(4 * word)) {
        bench.context().fill(memory_, 0);
    }

    [[nodiscard]] BoundLaunch launch(const SharingRow &words) {
        const auto check = [this](const LaunchOutcome &outcome) {
            const auto last = outcome.read<std::uint32_t>(last_, 0, 4);
            for (std::uint32_t group = 0; group < 2; ++group)
                outcome.expect(last[group] == group + increments * outcome.trips() &&
                                   last[2 + group] <= 1,
                               "the increments were not all done");
            together_ = (last[2] & last[3]) != 0;
            bench_.data().number_attributes["launches_together"] += together_ ? 1 : 0;
            bench_.data().number_attributes["launches"] += 1;
        };
        return {contend_,
                NdRange::linear(2, 1),
                {memory_, static_cast<cl_uint>(words.offset / word),
                 static_cast<cl_uint>(words.distance / word), bench_.tiny() ? 16u : 1u << 16,
                 output(arrived_, 0), output(last_), trip_count},
                check};
    }

    /// One launch in which the two work-groups met; none where they did not in a few.
    void sample(const BoundLaunch &launch, const SharingRow &words, std::uint32_t trips,
                int block) {
        double seconds = 0;
        together_ = false;
        for (int attempt = 0; attempt < 3 && !together_; ++attempt)
            seconds = bench_.launch(launch, trips);
        Point &point = bench_.series(series::false_sharing).point(coordinates(words, trips));
        point.samples.push_back(seconds);
        point.block.push_back(block);
    }

private:
    Bench &bench_;
    Kernel contend_;
    Buffer memory_;
    Buffer arrived_;
    Buffer last_;
    bool together_ = false; ///< in the last launch
};

/// Trips for launches of about `seconds`: the most of three calibrations, as whatever disturbs one
/// ends it early.
std::uint32_t steady_trips(Bench &bench, const BoundLaunch &launch, double seconds) {
    std::uint32_t trips = 0;
    for (int i = 0; i < 3; ++i)
        trips = std::max(trips, bench.calibrate(launch, seconds));
    return trips;
}

/// Increments words until the line shows or the time is used up to that share of the budget.
void measure_false_sharing(Bench &bench, const Program &program, double share) {
    constexpr int least_blocks = 8;
    constexpr int most_blocks = 40;
    Sharing sharing(bench, program);
    std::uint32_t trips = 0;
    for (int block = 0; block < most_blocks; ++block) {
        for (const SharingRow &words : placements()) {
            const BoundLaunch launch = sharing.launch(words);
            if (trips == 0)
                trips = std::max(4u, steady_trips(bench, launch, 1e-3));
            for (const std::uint32_t count : {trips / 4, trips})
                sharing.sample(launch, words, count, block);
        }
        if (bench.tiny() || bench.remaining() < (1 - share) * bench.budget())
            return;
        const SizeVerdict verdict =
            block + 1 < least_blocks ? SizeVerdict{} : sharing_verdict(bench.data());
        if (verdict.size && !verdict.neighbours)
            return;
    }
}

/// The experiments with chains of loads: the kernels that make rings in memory, follow them and
/// clear the caches, with their buffers.
class Chases {
public:
    Chases(Bench &bench, const Program &program)
        : bench_(bench), link_(program.kernel("link_slots")), evict_(program.kernel("evict")),
          chase_(program.kernel("chase")), memory_(bench.buffer(bytes_for(bench) + alignment)),
          other_(bench.buffer(bytes_to_evict(bench))),
          order_(bench.buffer((bench.tiny() ? 128 : std::size_t{256} << 10) * word)),
          start_(bench.buffer(word)), last_(bench.buffer(word)) {
        // A chase that went astray would read an index of 0, not one from beyond the buffer.
        bench.context().fill(memory_, 0);
        const WordRing ring = spaced_ring(32, coarse_stride, bench.random());
        link(ring);
        const BoundLaunch launch = chase(ring);
        trips_ = steady_trips(bench, launch, 1e-3);
        bench.warm_up(launch, trips_);
    }

    void capacity() {
        const double share = 0.6;
        std::optional<double> threshold;
        const auto curve = [&] { return latencies_over_slots(bench_.data())[coarse_stride]; };
        for (double slots = 32; slots <= static_cast<double>(most_slots(coarse_stride)) &&
                                !threshold && time_for(share);
             slots *= std::sqrt(2)) {
            slot_latency(coarse_stride, static_cast<std::size_t>(slots), 1);
            threshold = knee_midpoint(curve());
        }
        const auto knee = threshold ? crossing(curve(), *threshold) : std::nullopt;
        if (!knee)
            return;
        lines_ = std::max(lines_, 4 * static_cast<std::size_t>(*knee));
        const bool quick = bench_.profile() == Profile::quick;
        for (const std::size_t stride : {28u, 508u, 60u, 252u, 124u, 92u, 188u, 380u, 44u, 20u}) {
            if (!time_for(quick || stride != 28 ? share : 1))
                return;
            const double ratio = static_cast<double>(coarse_stride) / static_cast<double>(stride);
            find_knee(stride, *threshold, *knee * std::min(1.0, ratio) * 0.6,
                      *knee * std::max(1.0, ratio) * 1.3);
        }
    }

    void pairs() {
        // What memory fetches is found with the rest: linking its rings takes a sixth of a quick
        // run.
        const double share = bench_.profile() == Profile::quick ? 0.6 : 0.75;
        const std::size_t cells =
            std::min({order_.bytes() / word / 2, bytes() / pair_cell, lines_});
        const auto decided = [&] { return pairs_verdict(bench_.data()).size.has_value(); };
        for (int block = 0; (block < 8 || !decided()) && block < 40 && time_for(share, block);
             ++block)
            for (const std::size_t distance : pair_distances)
                link_and_sample(
                    series::pairs, PairsRow{distance},
                    paired_ring(shuffled(cells, bench_.random()), distance, bench_.random()), block,
                    trips_);
    }

    void memory_pairs() {
        // Each pair is visited once, while nothing else has brought it to a cache.
        constexpr std::size_t n = std::size(pair_distances);
        const std::uint32_t trips = bench_.tiny() ? 4 : 64;
        const std::size_t block_pairs = trips * 7 / 4 * hops / 2;
        const auto all = shuffled(bytes() / pair_cell, bench_.random());
        const std::size_t blocks = std::min<std::size_t>(12, all.size() / n / block_pairs);
        const std::size_t count = blocks * block_pairs;
        if (blocks == 0 || !time_for(0.85))
            return;
        std::vector<WordRing> rings;
        for (std::size_t i = 0; i < n; ++i) {
            rings.push_back(paired_ring(std::span(all).subspan(i * count, count), pair_distances[i],
                                        bench_.random()));
            link(rings.back());
        }
        evict();
        for (std::size_t block = 0; block < blocks && time_for(0.9); ++block)
            for (std::size_t i = 0; i < n; ++i)
                sample(series::memory_pairs, PairsRow{pair_distances[i]}, rings[i],
                       static_cast<int>(block), trips);
    }

    void sweep() {
        constexpr std::size_t page = 2048;
        for (int block = 0; block < 4 && time_for(0.95, block); ++block)
            for (const std::size_t stride :
                 {4u, 8u, 12u, 16u, 24u, 32u, 48u, 64u, 92u, 124u, 188u, 252u, 380u, 508u}) {
                const std::size_t wanted = lines_ * 64 / std::min<std::size_t>(64, stride);
                const std::size_t slots = std::min(wanted, most_slots(stride));
                link_and_sample(series::sweep, SweepRow{stride},
                                paged_ring(slots, stride, page, bench_.random()), block, trips_);
            }
    }

private:
    /// Whether an experiment that may use the time up to this share of the budget goes on to a
    /// further block. A tiny run is bounded by its sizes.
    [[nodiscard]] bool time_for(double share, int block = 0) const {
        if (bench_.tiny())
            return block == 0;
        return bench_.remaining() > (1 - share) * bench_.budget();
    }
    [[nodiscard]] std::size_t bytes() const { return memory_.bytes() - alignment; }
    [[nodiscard]] std::size_t most_slots(std::size_t stride) const {
        return std::min(order_.bytes() / word, bytes() / stride);
    }

    /// Writes the ring to memory; those on other addresses stay.
    void link(const WordRing &ring) {
        bench_.write<std::uint32_t>(order_, ring.order);
        // The chase checks what it did.
        bench_.launch({link_,
                       whole_device(bench_, link_),
                       {memory_, order_, static_cast<cl_uint>(ring.order.size())}});
    }

    /// Fills the caches with something else.
    void evict() {
        const auto value = static_cast<std::uint32_t>(bench_.random()());
        const std::size_t words = other_.bytes() / word;
        // What they hold before needs no poison: the value is another each time.
        const auto check = [this, value, words](const LaunchOutcome &outcome) {
            for (const std::size_t i : outcome.sample(words, 16))
                outcome.expect(outcome.word(other_, i) == static_cast<std::uint32_t>(value + i),
                               "a word was not written");
        };
        bench_.launch({evict_,
                       whole_device(bench_, evict_),
                       {other_, static_cast<cl_uint>(words), value},
                       check});
    }

    /// Follows the ring from where it is, moving on.
    [[nodiscard]] BoundLaunch chase(const WordRing &ring) {
        BoundLaunch launch{
            chase_, NdRange::linear(1, 1), {memory_, start_, output(last_), trip_count}};
        follow(
            launch, bench_, start_, last_,
            [order = ring.order](std::uint64_t trips) {
                return std::vector{order[hops * trips % order.size()]};
            },
            ring.done);
        return launch;
    }

    /// A block of samples on a ring that is linked.
    template <typename Row>
    void sample(const char *name, const Row &row, const WordRing &ring, int block,
                std::uint32_t trips) {
        Candidate candidate{chase(ring), &bench_.series(name), coordinates(row), trips};
        bench_.sample_block(candidate, block);
    }
    template <typename Row>
    void link_and_sample(const char *name, const Row &row, const WordRing &ring, int block,
                         std::uint32_t trips) {
        link(ring);
        sample(name, row, ring, block, trips);
    }

    /// Samples a ring of `slots` slots for the series `slots`; seconds a trip.
    std::optional<double> slot_latency(std::size_t stride, std::size_t slots, int blocks) {
        const SlotsRow row{stride, slots};
        // The shortest of a block's launches still goes round the ring.
        const auto round = static_cast<std::uint32_t>(4 * (slots / hops + 1));
        for (int block = 0; block < blocks; ++block) {
            WordRing ring = spaced_ring(slots, stride, bench_.random());
            move_to_random_page(ring, bytes() - slots * stride, bench_.random());
            link_and_sample(series::slots, row, ring, block,
                            bench_.tiny() ? trips_ : std::max(trips_, round));
        }
        const auto fit = slope_at(bench_.series(series::slots), coordinates(row));
        return fit ? std::optional(fit->seconds_per_trip) : std::nullopt;
    }

    void find_knee(std::size_t stride, double threshold, double low, double high) {
        const int blocks = bench_.profile() == Profile::quick ? 1 : 2;
        const auto most = static_cast<double>(most_slots(stride));
        const auto fits = [&](double slots) {
            const auto latency = slot_latency(stride, static_cast<std::size_t>(slots), blocks);
            return !latency || *latency <= threshold;
        };
        while (high < most && fits(high)) {
            low = high;
            high *= 1.5;
        }
        while (low < most && high > low * 1.06) {
            const double middle = std::sqrt(low * high);
            (fits(middle) ? low : high) = middle;
        }
    }

    Bench &bench_;
    Kernel link_;
    Kernel evict_;
    Kernel chase_;
    Buffer memory_;
    Buffer other_; ///< what the caches are filled with
    Buffer order_;
    Buffer start_;
    Buffer last_;
    std::uint32_t trips_ = 0;  ///< of some milliseconds on a ring that fits the first level
    std::size_t lines_ = 4096; ///< several times what the first level holds
};

class CacheLine final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override;
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

void CacheLine::measure(Bench &bench) const {
    const Program program = bench.build("memory/cache_line", "");
    if (bench.tiny())
        bench.data().text_attributes[too_small] = "the tiny profile's sizes fit every cache";
    const bool cpu = bench.device().type == DeviceType::cpu;
    if (cpu)
        measure_false_sharing(bench, program, 0.3);
    Chases chases(bench, program);
    chases.capacity();
    if (!cpu && !capacity_verdict(bench.data()).size)
        measure_false_sharing(bench, program, 0.7);
    chases.pairs();
    chases.memory_pairs();
    chases.sweep();
}

} // namespace

std::unique_ptr<Probe> make_memory_cache_line() {
    return std::make_unique<CacheLine>();
}

} // namespace clprobe::probes
