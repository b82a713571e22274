#include "analysis/estimates.hpp"
#include "common/chase.hpp"
#include "common/launch_size.hpp"
#include "memory/image_latency/image_latency.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/statistics.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace clprobe::probes::image_latency {
namespace {

/// The kernels of kernels/memory/image_latency.cl on an image: they link rings of texels, warm the
/// caches with them, and follow them with one work-item.
class ImageChase final : public RingMemory {
public:
    ImageChase(Bench &bench, const Program &program)
        : RingMemory(bench, program, sizeof(Texel) / sizeof(std::uint32_t)),
          link_pairs_(program.kernel("link_pairs")), follow_pairs_(program.kernel("follow_pairs")) {
    }

    /// How rings that are linked from now on lie in their image: each gets one of its size.
    void lay_out(const Layout &layout) { layout_ = layout; }

    /// A ring of pairs of texels of an image of so many cells, instead: an even number of them, of
    /// which the first and second, the third and fourth, and so on may be the same. The launches
    /// follow it from its start, moving on.
    [[nodiscard]] BoundLaunch link_pairs(std::vector<Texel> pairs, const Extent &cells) {
        use({image_format, std::size_t{cells.width} * cell, std::size_t{cells.height} * cell});
        const Buffer texels = bench().buffer(pairs.size() * sizeof(Texel));
        bench().write<Texel>(texels, pairs);
        const std::size_t groups = bench().tiny() ? 2 : 64;
        bench().launch({link_pairs_,
                        NdRange::linear(groups, group_size(bench(), link_pairs_, 64)),
                        {*image_, texels, static_cast<std::uint32_t>(pairs.size() / 2)}});
        BoundLaunch launch{
            follow_pairs_, NdRange::linear(1, 1), {*image_, start(), output(end()), trip_count}};
        probes::follow(
            launch, bench(), start(), end(),
            [pairs = std::move(pairs)](std::uint64_t trips) -> std::vector<std::uint32_t> {
                const Texel texel = pairs[hops * trips % pairs.size()];
                return {texel.x, texel.y};
            });
        return launch;
    }

private:
    void use(const ImageShape &shape) {
        if (image_ && image_->shape() == shape)
            return;
        image_.reset();
        image_ = bench().image(shape);
    }
    void make_room(const Ring &ring) override {
        use({image_format, layout_.image_width(), layout_.image_height(ring.blocks)});
    }
    [[nodiscard]] std::vector<Argument> arguments(const Ring &ring) const override {
        return {*image_, ring, layout_};
    }
    [[nodiscard]] std::vector<std::uint32_t> address(const Ring &ring,
                                                     std::uint64_t position) const override {
        const Texel texel = layout_.texel(ring.address(position) / ring.block_bytes);
        return {texel.x, texel.y};
    }
    [[nodiscard]] std::uint32_t sum(const Ring &ring) const override {
        return layout_.sum(ring.blocks);
    }

    Kernel link_pairs_;
    Kernel follow_pairs_;
    std::optional<Image> image_;
    Layout layout_;
};

/// As many cells as there may be, in as few columns: each is one page of a processor's then.
Extent cells_of(const Bench &bench) {
    const std::size_t wanted = bench.tiny() ? 16 : is_cpu(bench) ? 1024 : 16384;
    const std::size_t granted = bench.most_bytes() / (cell * cell * texel_bytes);
    const std::size_t count = std::bit_floor(std::clamp<std::size_t>(granted, 1, wanted));
    const std::size_t rows = largest_image_height(bench.device());
    const std::size_t height = std::bit_floor(std::min(rows / cell, count));
    return {static_cast<std::uint32_t>(count / height), static_cast<std::uint32_t>(height)};
}

class Chases {
public:
    explicit Chases(Bench &bench)
        : bench_(bench), cells_(cells_of(bench)),
          chase_(bench, bench.build("memory/image_latency", "")) {
        const BoundLaunch launch =
            chase_.link_pairs(paired_texels(16, cells_, Direction::x, 0, bench.random()), cells_);
        trips_ = bench.calibrate(launch, 0.6e-3);
        bench.warm_up(launch, trips_);
        at_start_ = bench.remaining();
    }

    /// Finds how many pairs show the most: those whose lines the first level holds while a pair is
    /// in one of them, but not where it is in two.
    void counts() {
        constexpr double clear = 1.1;
        constexpr double held = 1.15;
        double best = clear;
        std::vector<double> same; // of all counts so far
        int past = 0;             // counts since the best that show much less, or are not held
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
                best_count_ = count;
                best = again;
            }
        }
    }

    void pairs() {
        const std::size_t some = best_count_.value_or(cell_count() / 4);
        if (best_count_ || bench_.tiny())
            sample_pairs(series::line_pairs, some, rounds(some), 0.42);
        if (bench_.profile() == Profile::quick && extent_of(bench_.data(), series::line_pairs))
            return;
        // Each is visited once in a launch, and is in no first cache then: none needs to go round.
        const std::size_t many = best_count_ ? std::min(6 * some, cell_count()) : cell_count();
        sample_pairs(series::fetch_pairs, many, bench_.tiny() ? trips_ : std::max(4u, trips_ / 3),
                     0.4);
    }

    void levels() {
        const Extent common{64 / texel_bytes, 1};
        const auto fetched = extent_of(bench_.data(), series::fetch_pairs);
        const Extent line =
            extent_of(bench_.data(), series::line_pairs).value_or(fetched.value_or(common));
        const std::size_t least = std::max<std::size_t>(1024, 4 * line.bytes());
        // Of a processor's last cache others use a part, and large images take it long to link.
        const bool quick = bench_.profile() == Profile::quick;
        const unsigned mib = !is_cpu(bench_) ? 256 : quick ? 64 : 128;
        const std::size_t wanted = bench_.tiny() ? 16 * least : std::size_t{mib} << 20;
        const std::size_t most = std::bit_floor(std::min(wanted, bench_.most_bytes()));
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
                        sampler.sample(bench_.series(chase_times),
                                       coordinates(FootprintRow{footprint}), ring(footprint),
                                       block);
                    },
                .curve =
                    [&] {
                        return curve_over(&bench_.series(chase_times), &FootprintRow::footprint,
                                          RingMemory::hops);
                    }},
               0.95);
    }

private:
    /// What twice the same texel and pairs in two lines take, so many of them: seconds a trip.
    struct Contrast {
        double same = 0;
        double apart = 0;

        [[nodiscard]] double ratio() const { return same > 0 ? apart / same : 0; }
    };
    static constexpr int contrast_blocks = 2;

    Contrast contrast(std::size_t count, int first_block = 0) {
        std::array<double, 2> seconds{};
        for (const std::uint32_t distance : {0u, cell / 2}) {
            const CountsRow row{count, distance};
            for (int block = first_block; block < first_block + contrast_blocks; ++block)
                sample(series::counts, coordinates(row), count, Direction::block, distance,
                       rounds(count), block);
            // The quiet launches count: one that was disturbed must not make a number look good.
            seconds[distance > 0] =
                slope_estimate(times_of(&bench_.series(series::counts), row)).value;
        }
        return {seconds[0], seconds[1]};
    }

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
                Direction direction, std::uint32_t distance, std::uint32_t trips, int block) {
        Candidate candidate{
            chase_.link_pairs(paired_texels(count, cells_, direction, distance, bench_.random()),
                              cells_),
            &bench_.series(into), at, trips};
        // Texels just linked are in memory or in a far part of a cache: the first to read them
        // would take longer, and each launch after it less.
        bench_.launch(candidate.launch, round(count));
        bench_.sample_block(candidate, block);
    }

    /// Samples pairs until they decide, or `share` of the time is used.
    void sample_pairs(const char *into, std::size_t count, std::uint32_t trips, double share) {
        const auto decided = [&] { return extent_of(bench_.data(), into).has_value(); };
        for (int block = 0; (block < least_pair_blocks || !decided()) && time_for(share); ++block)
            for (const Direction direction : {Direction::x, Direction::y, Direction::block})
                for (const std::uint32_t distance : pair_distances) {
                    sample(into, coordinates(PairsRow{direction, distance}), count, direction,
                           distance, trips, block);
                    if (bench_.tiny() && distance > 0)
                        return;
                }
    }

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
    double at_start_ = 0;                   ///< seconds that were left once all was built
    std::optional<std::size_t> best_count_; ///< pairs; nothing where no number shows anything
};

} // namespace

void run_experiments(Bench &bench) {
    Dataset &data = bench.data();
    if (bench.tiny())
        data.text_attributes[too_small] = "the tiny profile's sizes show no level";
    data.text_attributes[warmed_by] = is_cpu(bench)
                                          ? "the chase's core, or each core where the ring is long"
                                          : "the chase's work-group";
    Chases chases(bench);
    chases.counts();
    chases.pairs();
    chases.levels();
}

} // namespace clprobe::probes::image_latency
