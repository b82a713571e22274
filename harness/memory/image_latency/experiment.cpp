#include "common/footprints.hpp"
#include "common/level_findings.hpp"
#include "memory/cache_line/knees.hpp"
#include "memory/image_latency/chase.hpp"
#include "memory/image_latency/experiment.hpp"
#include "memory/image_latency/findings.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

namespace clprobe::probes::image_latency {
namespace {

Series &series_of(Dataset &data, const char *name) {
    const std::vector<SeriesShape> shapes = series_shapes();
    const auto shape = std::find_if(shapes.begin(), shapes.end(),
                                    [&](const SeriesShape &s) { return s.name == name; });
    return data.add(name, shape->axes, shape->measure);
}

/// A square of as many cells as there may be, or half a square.
Extent cells_of(const Bench &bench) {
    const std::size_t wanted = bench.tiny() ? 16 : 16384;
    const std::size_t granted = bench.most_bytes() / (cell * cell * texel_bytes);
    const auto count = std::bit_floor(std::clamp<std::size_t>(granted, 1, wanted));
    const auto height = std::uint32_t{1} << (std::bit_width(count) - 1) / 2;
    return {static_cast<std::uint32_t>(count) / height, height};
}

class Chases {
public:
    explicit Chases(Bench &bench) : bench_(bench), cells_(cells_of(bench)), chase_(bench) {
        Work work = single_chase(16);
        trips_ = bench.calibrate(work, bench.device().type == DeviceType::cpu ? 1e-3 : 0.4e-3);
        bench.warm_up(work, trips_);
    }

    void singles();
    void pairs();
    void levels();

private:
    Work single_chase(std::size_t slots) {
        chase_.link(single_texels(slots, cells_, bench_.random()), cells_);
        return chase_.follow_pairs();
    }
    /// A block of samples of a chase over so many slots, the shortest of which goes round.
    void sample(const char *into, const std::vector<double> &at, const Work &work,
                std::size_t slots, int block) {
        const auto round = static_cast<std::uint32_t>(4 * (slots / RingMemory::hops + 1));
        Contender contender{work, &series_of(bench_.data(), into), at,
                            bench_.tiny() ? trips_ : std::max(trips_, round)};
        bench_.sample_block(contender, block);
    }
    /// Samples pairs until they decide, or `share` of the time is used.
    void sample_pairs(const char *into, std::size_t count, double share);
    [[nodiscard]] std::size_t cell_count() const {
        return std::size_t{cells_.width} * cells_.height;
    }
    [[nodiscard]] bool time_for(double share) const {
        return bench_.tiny() || bench_.remaining() > (1 - share) * bench_.budget();
    }

    Bench &bench_;
    Extent cells_;
    ImageChase chase_;
    std::uint32_t trips_ = 1;
    std::optional<double> fit_; ///< texels, each in a line of its own, that the first level holds
};

void Chases::singles() {
    std::optional<double> threshold;
    const auto curve = [&] {
        return cache_line::places_of(series_of(bench_.data(), series::singles));
    };
    for (double slots = 32;
         slots <= static_cast<double>(cell_count()) && !threshold && time_for(0.12);
         slots *= std::sqrt(2)) {
        const std::size_t count = static_cast<std::size_t>(slots) / 2 * 2;
        for (int block = 0; block < 2; ++block)
            sample(series::singles, {static_cast<double>(count)}, single_chase(count), count,
                   block);
        threshold = cache_line::half_way(curve());
    }
    if (threshold)
        fit_ = cache_line::crossing(curve(), *threshold);
}

void Chases::sample_pairs(const char *into, std::size_t count, double share) {
    constexpr int least = 3; // fewer tell nothing of their errors
    const auto decided = [&] { return extent_of(bench_.data(), into).has_value(); };
    for (int block = 0; (block < least || !decided()) && time_for(share); ++block)
        for (const Direction direction : {Direction::x, Direction::y, Direction::block})
            for (const std::uint32_t distance : pair_distances) {
                chase_.link(paired_texels(count, cells_, direction, distance, bench_.random()),
                            cells_);
                sample(into, {static_cast<double>(direction), static_cast<double>(distance)},
                       chase_.follow_pairs(), 2 * count, block);
                if (bench_.tiny())
                    return;
            }
}

void Chases::pairs() {
    // Of pairs in two lines each, the first level cannot hold as many; of pairs in one it can.
    const double fit = fit_.value_or(static_cast<double>(cell_count()) / 4);
    const auto some = std::max<std::size_t>(1, static_cast<std::size_t>(0.65 * fit));
    sample_pairs(series::line_pairs, some, 0.3);
    const std::size_t many = std::min(cell_count(), static_cast<std::size_t>(4 * fit));
    sample_pairs(series::fetch_pairs, many, 0.38);
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
    bench_.data().numbers[most_bytes] = static_cast<double>(most);
    const auto ring = [&](std::size_t bytes) {
        const ImageRing made = image_ring(line, bytes, bench_.random());
        chase_.lay_out(made.layout);
        return made.ring;
    };
    LatencySampler sampler(bench_, chase_, ring(least));
    survey(
        bench_,
        {.least = least,
         .most = most,
         .sample =
             [&](std::size_t footprint, int block) {
                 sampler.sample(series_of(bench_.data(), series::times),
                                {static_cast<double>(footprint)}, ring(footprint), block);
             },
         .curve = [&] { return curve_of(*bench_.data().find(series::times), RingMemory::hops); }},
        0.95);
}

} // namespace

void run_experiments(Bench &bench) {
    Dataset &data = bench.data();
    if (bench.tiny())
        data.words[too_small] = "the tiny profile's sizes show no level";
    data.words[warmed_by] = bench.device().type == DeviceType::cpu
                                ? "the chase's core, or each core where the ring is long"
                                : "the chase's work-group";
    Chases chases(bench);
    chases.singles();
    chases.pairs();
    chases.levels();
}

} // namespace clprobe::probes::image_latency
