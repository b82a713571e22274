#include "analysis/estimates.hpp"
#include "common/chase.hpp"
#include "common/level_findings.hpp"
#include "memory/image_latency/chase.hpp"
#include "memory/image_latency/experiment.hpp"
#include "memory/image_latency/findings.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

namespace clprobe::probes::image_latency {
namespace {

/// As many cells as there may be, in as few columns: each is one page of a processor's then.
Extent cells_of(const Bench &bench) {
    const bool cpu = bench.device().type == DeviceType::cpu;
    const std::size_t wanted = bench.tiny() ? 16 : cpu ? 1024 : 16384;
    const std::size_t granted = bench.most_bytes() / (cell * cell * texel_bytes);
    const std::size_t count = std::bit_floor(std::clamp<std::size_t>(granted, 1, wanted));
    const std::size_t rows = largest_image_height(bench.device());
    const std::size_t height = std::bit_floor(std::min(rows / cell, count));
    return {static_cast<std::uint32_t>(count / height), static_cast<std::uint32_t>(height)};
}

class Chases {
public:
    explicit Chases(Bench &bench) : bench_(bench), cells_(cells_of(bench)), chase_(bench) {
        const BoundLaunch launch =
            chase_.link_pairs(paired_texels(16, cells_, Direction::x, 0, bench.random()), cells_);
        trips_ = bench.calibrate(launch, 0.6e-3);
        bench.warm_up(launch, trips_);
        at_start_ = bench.remaining();
    }

    /// Finds how many pairs tell the most: those whose lines the first level holds while a pair is
    /// in one of them, but not where it is in two.
    void counts();
    void pairs();
    void levels();

private:
    /// What twice the same texel and pairs in two lines take, so many of them: seconds a trip.
    struct Contrast {
        double same = 0;
        double apart = 0;

        [[nodiscard]] double ratio() const { return same > 0 ? apart / same : 0; }
    };
    static constexpr int contrast_blocks = 2;
    Contrast contrast(std::size_t count, int first_block = 0);
    /// Trips that go once round so many pairs.
    [[nodiscard]] std::uint32_t round(std::size_t count) const {
        return bench_.tiny() ? 1 : static_cast<std::uint32_t>(2 * count / RingMemory::hops + 1);
    }
    /// Trips of launches the shortest of which goes round.
    [[nodiscard]] std::uint32_t rounds(std::size_t count) const {
        return bench_.tiny() ? trips_ : std::max(trips_, 4 * round(count));
    }
    /// A block of samples of a chase over `count` pairs, `distance` apart.
    void sample(const char *into, const std::vector<double> &at, std::size_t count,
                Direction direction, std::uint32_t distance, std::uint32_t trips, int block);
    /// Samples pairs until they decide, or `share` of the time is used.
    void sample_pairs(const char *into, std::size_t count, std::uint32_t trips, double share);
    [[nodiscard]] std::size_t cell_count() const {
        return std::size_t{cells_.width} * cells_.height;
    }
    [[nodiscard]] bool time_for(double share) const {
        return bench_.tiny() || bench_.remaining() > (1 - share) * at_start_;
    }

    Bench &bench_;
    Extent cells_;
    ImageChase chase_;
    std::uint32_t trips_ = 1;
    double at_start_ = 0;                     ///< seconds that were left once all was built
    std::optional<std::size_t> most_telling_; ///< pairs; nothing where no number tells anything
};

void Chases::sample(const char *into, const std::vector<double> &at, std::size_t count,
                    Direction direction, std::uint32_t distance, std::uint32_t trips, int block) {
    Candidate candidate{
        chase_.link_pairs(paired_texels(count, cells_, direction, distance, bench_.random()),
                          cells_),
        &bench_.series(into), at, trips};
    // Texels just linked are in memory or in a far part of a cache: the first to read them would
    // take longer, and each launch after it less.
    bench_.launch(candidate.launch, round(count));
    bench_.sample_block(candidate, block);
}

Chases::Contrast Chases::contrast(std::size_t count, int first_block) {
    std::array<double, 2> seconds{};
    for (const std::uint32_t distance : {0u, cell / 2}) {
        const CountsRow row{count, distance};
        for (int block = first_block; block < first_block + contrast_blocks; ++block)
            sample(series::counts, coordinates(row), count, Direction::block, distance,
                   rounds(count), block);
        // The quiet launches count: one that was disturbed must not make a number look telling.
        seconds[distance > 0] = slope_estimate(times_of(&bench_.series(series::counts), row)).value;
    }
    return {seconds[0], seconds[1]};
}

void Chases::counts() {
    constexpr double clear = 1.1;
    constexpr double held = 1.15;
    double best = clear;
    std::vector<double> same; // of all counts so far
    int past = 0;             // counts since the best that tell much less, or are not held
    for (double wanted = 64;
         wanted <= static_cast<double>(cell_count()) && past < 2 && time_for(0.2);
         wanted *= std::sqrt(2)) {
        const auto count = static_cast<std::size_t>(wanted);
        const Contrast now = contrast(count);
        if (now.same <= 0)
            continue;
        same.push_back(now.same);
        // Where some lines are lost, a second read misses that goes to another sector of one.
        const bool lost = now.same > held * median(same);
        past = lost || (best > 1.15 && now.ratio() < 1 + (best - 1) / 2) ? past + 1 : 0;
        if (lost || now.ratio() <= best)
            continue;
        // A single disturbed one would end the search.
        if (const double again = contrast(count, contrast_blocks).ratio(); again > best) {
            most_telling_ = count;
            best = again;
        }
    }
}

void Chases::sample_pairs(const char *into, std::size_t count, std::uint32_t trips, double share) {
    constexpr int least = least_pair_blocks;
    const auto decided = [&] { return extent_of(bench_.data(), into).has_value(); };
    for (int block = 0; (block < least || !decided()) && time_for(share); ++block)
        for (const Direction direction : {Direction::x, Direction::y, Direction::block})
            for (const std::uint32_t distance : pair_distances) {
                sample(into, coordinates(PairsRow{direction, distance}), count, direction, distance,
                       trips, block);
                if (bench_.tiny() && distance > 0)
                    return;
            }
}

void Chases::pairs() {
    const std::size_t some = most_telling_.value_or(cell_count() / 4);
    if (most_telling_ || bench_.tiny())
        sample_pairs(series::line_pairs, some, rounds(some), 0.42);
    if (bench_.profile() == Profile::quick && extent_of(bench_.data(), series::line_pairs))
        return;
    // Each is visited once in a launch, and is in no first cache then: none needs to go round.
    const std::size_t many = most_telling_ ? std::min(6 * some, cell_count()) : cell_count();
    sample_pairs(series::fetch_pairs, many, bench_.tiny() ? trips_ : std::max(4u, trips_ / 3), 0.4);
}

void Chases::levels() {
    const bool cpu = bench_.device().type == DeviceType::cpu;
    const Extent common{64 / texel_bytes, 1};
    const auto fetched = extent_of(bench_.data(), series::fetch_pairs);
    const Extent line =
        extent_of(bench_.data(), series::line_pairs).value_or(fetched.value_or(common));
    const std::size_t least = std::max<std::size_t>(1024, 4 * line.bytes());
    // Of a processor's last cache others use a part, and large images take it long to link.
    std::size_t most = std::size_t{!cpu                                 ? 256u
                                   : bench_.profile() == Profile::quick ? 64u
                                                                        : 128u}
                       << 20;
    if (bench_.tiny())
        most = 16 * least;
    most = std::bit_floor(std::min(most, bench_.most_bytes()));
    bench_.data().number_attributes[most_bytes] = static_cast<double>(most);
    const auto ring = [&](std::size_t bytes) {
        const ImageRing made = image_ring(line, bytes, bench_.random());
        chase_.lay_out(made.layout);
        return made.ring;
    };
    LatencySampler sampler(bench_, chase_, ring(least));
    survey(bench_,
           {.least = least,
            .most = most,
            .sample =
                [&](std::size_t footprint, int block) {
                    sampler.sample(bench_.series(chase_times), coordinates(FootprintRow{footprint}),
                                   ring(footprint), block);
                },
            .curve =
                [&] {
                    return curve_over(&bench_.series(chase_times), &FootprintRow::footprint,
                                      RingMemory::hops);
                }},
           0.95);
}

} // namespace

void run_experiments(Bench &bench) {
    Dataset &data = bench.data();
    if (bench.tiny())
        data.text_attributes[too_small] = "the tiny profile's sizes show no level";
    data.text_attributes[warmed_by] = bench.device().type == DeviceType::cpu
                                          ? "the chase's core, or each core where the ring is long"
                                          : "the chase's work-group";
    Chases chases(bench);
    chases.counts();
    chases.pairs();
    chases.levels();
}

} // namespace clprobe::probes::image_latency
