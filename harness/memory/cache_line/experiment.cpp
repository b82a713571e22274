#include "memory/cache_line/cache_line.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <cmath>

namespace clprobe::probes::cache_line {
namespace {

/// The stride at which the first level is looked for, B: beyond most lines.
constexpr std::size_t coarse_stride = 124;

constexpr std::uint32_t word_bytes = sizeof(std::uint32_t);
constexpr std::uint32_t increments = 4; ///< in one trip

/// Words ever further apart from an aligned address, and side by side on either side of a border.
std::vector<SharingRow> placements() {
    std::vector<SharingRow> all;
    for (std::uint32_t size = 8; size <= 1024; size *= 2) {
        all.push_back({size - word_bytes, 0});
        all.push_back({size, 0});
        all.push_back({word_bytes, size - word_bytes});
    }
    return all;
}

/// Two work-groups that increment words near each other.
class Sharing {
public:
    Sharing(Bench &bench, const Program &program)
        : bench_(bench), contend_(program.kernel("contend")), memory_(bench.buffer(16384)),
          arrived_(bench.buffer(word_bytes)), last_(bench.buffer(4 * word_bytes)) {
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
                {memory_, static_cast<cl_uint>(words.offset / word_bytes),
                 static_cast<cl_uint>(words.distance / word_bytes), bench_.tiny() ? 16u : 1u << 16,
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

/// The experiments with chains of loads.
class Chases {
public:
    Chases(Bench &bench, const Program &program)
        : bench_(bench), rings_(bench, program), trips_(hit_trips()) {}

    void capacity() {
        const double share = 0.6;
        std::optional<double> threshold;
        const auto curve = [&] {
            std::vector<Estimate> over_slots;
            for (const auto &[row, time] : estimates_of<SlotsRow>(&bench_.series(series::slots)))
                if (row.stride == coarse_stride)
                    over_slots.push_back(
                        {static_cast<double>(row.slots), time.value, time.error, time.samples});
            return over_slots;
        };
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
            std::min({rings_.most_slots() / 2, rings_.bytes() / pair_cell, lines_});
        const auto decided = [&] { return pairs_verdict(bench_.data()).size.has_value(); };
        for (int block = 0; (block < 8 || !decided()) && block < 40 && time_for(share, block);
             ++block)
            for (const std::size_t distance : pair_distances)
                sample_ring(
                    bench_.series(series::pairs), coordinates(PairsRow{distance}),
                    paired_ring(shuffled(cells, bench_.random()), distance, bench_.random()), block,
                    trips_);
    }

    void memory_pairs() {
        // Each pair is visited once, while nothing else has brought it to a cache.
        constexpr std::size_t n = std::size(pair_distances);
        const std::uint32_t trips = bench_.tiny() ? 4 : 64;
        const std::size_t block_pairs = trips * 7 / 4 * Rings::hops / 2;
        const auto all = shuffled(rings_.bytes() / pair_cell, bench_.random());
        const std::size_t blocks = std::min<std::size_t>(12, all.size() / n / block_pairs);
        const std::size_t count = blocks * block_pairs;
        if (blocks == 0 || !time_for(0.85))
            return;
        std::vector<Ring> rings;
        for (std::size_t i = 0; i < n; ++i) {
            rings.push_back(paired_ring(std::span(all).subspan(i * count, count), pair_distances[i],
                                        bench_.random()));
            rings_.link(rings.back());
        }
        rings_.evict();
        for (std::size_t block = 0; block < blocks && time_for(0.9); ++block)
            for (std::size_t i = 0; i < n; ++i) {
                Candidate candidate{rings_.chase(rings[i]), &bench_.series(series::memory_pairs),
                                    coordinates(PairsRow{pair_distances[i]}), trips};
                bench_.sample_block(candidate, static_cast<int>(block));
            }
    }

    void sweep() {
        constexpr std::size_t page = 2048;
        for (int block = 0; block < 4 && time_for(0.95, block); ++block)
            for (const std::size_t stride :
                 {4u, 8u, 12u, 16u, 24u, 32u, 48u, 64u, 92u, 124u, 188u, 252u, 380u, 508u}) {
                const std::size_t wanted = lines_ * 64 / std::min<std::size_t>(64, stride);
                const std::size_t slots = std::min(wanted, most_slots(stride));
                sample_ring(bench_.series(series::sweep), coordinates(SweepRow{stride}),
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
    [[nodiscard]] std::size_t most_slots(std::size_t stride) const {
        return std::min(rings_.most_slots(), rings_.bytes() / stride);
    }
    /// Trips for a launch of some milliseconds on a ring that fits the first level.
    std::uint32_t hit_trips() {
        const Ring ring = spaced_ring(32, coarse_stride, bench_.random());
        rings_.link(ring);
        const BoundLaunch launch = rings_.chase(ring);
        const std::uint32_t trips = steady_trips(bench_, launch, 1e-3);
        bench_.warm_up(launch, trips);
        return trips;
    }

    /// Links the ring anew and takes one block of samples.
    void sample_ring(Series &into, const std::vector<double> &at, const Ring &ring, int block,
                     std::uint32_t trips) {
        rings_.link(ring);
        Candidate candidate{rings_.chase(ring), &into, at, trips};
        bench_.sample_block(candidate, block);
    }

    /// Samples a ring of `slots` slots for the series `slots`; seconds a trip.
    std::optional<double> slot_latency(std::size_t stride, std::size_t slots, int blocks) {
        const std::vector<double> at = coordinates(SlotsRow{stride, slots});
        // The shortest of a block's launches still goes round the ring.
        const auto round = static_cast<std::uint32_t>(4 * (slots / Rings::hops + 1));
        for (int block = 0; block < blocks; ++block) {
            Ring ring = spaced_ring(slots, stride, bench_.random());
            move_to_random_page(ring, rings_.bytes() - slots * stride, bench_.random());
            sample_ring(bench_.series(series::slots), at, ring, block,
                        bench_.tiny() ? trips_ : std::max(trips_, round));
        }
        const auto fit = slope_at(bench_.series(series::slots), at);
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
    Rings rings_;
    std::uint32_t trips_;
    std::size_t lines_ = 4096; ///< several times what the first level holds
};

} // namespace

std::vector<SeriesShape> series_shapes() {
    const Axis time{"time", Unit::second, {}};
    return {{series::stride,
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
             "a sweep through more than the first level holds, random within 2 KiB; 16 hops a "
             "trip"}};
}

void run_experiments(Bench &bench) {
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

} // namespace clprobe::probes::cache_line
