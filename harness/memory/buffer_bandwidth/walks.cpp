#include "memory/buffer_bandwidth/walks.hpp"

#include <algorithm>
#include <cmath>

namespace clprobe::probes::buffer_bandwidth {
namespace {

constexpr std::size_t page = 4096;

/// Where a group begins, as the kernel has it.
std::uint32_t first_tile(std::size_t group, std::uint32_t tiles, std::uint32_t offset) {
    const std::uint64_t golden = static_cast<std::uint32_t>(group * 2654435769u);
    const auto tile = static_cast<std::uint32_t>((golden * tiles) >> 32) + offset;
    return tile < tiles ? tile : tile - tiles;
}

} // namespace

Walks::Walks(Programs &programs, const Source &source)
    : programs_(programs), bench_(programs.bench()), source_(source) {}

BoundLaunch Walks::launch(Walk &walk) {
    const WalkShape &shape = walk.shape;
    if (!sums_ || sums_->bytes() < shape.groups * word)
        sums_ = bench_.buffer(shape.groups * word);
    const auto check_and_advance = [this, &walk](const LaunchOutcome &outcome) {
        check(walk, outcome);
        // The next launch goes on where this one ended: what it begins with is not in a cache for
        // having been read just before.
        walk.offset =
            static_cast<std::uint32_t>((walk.offset + std::uint64_t{outcome.trips()}) % walk.tiles);
    };
    return {programs_.kernel("walk", shape.width),
            NdRange::linear(shape.groups, shape.local_size),
            {source_.buffer, walk.base, walk.tiles, [&walk] { return walk.offset; },
             LocalBytes{shape.local_size * word}, output(*sums_), trip_count},
            check_and_advance};
}

void Walks::check(const Walk &walk, const LaunchOutcome &outcome) const {
    const std::size_t words = walk.shape.tile() / word;
    const std::size_t base = std::size_t{walk.base} * walk.shape.width;
    for (const std::size_t group : outcome.sample(walk.shape.groups, 2)) {
        const std::uint32_t first = first_tile(group, walk.tiles, walk.offset);
        const std::uint64_t last = first + std::uint64_t{outcome.trips()};
        const auto sum_to = [&](std::uint64_t tiles) {
            return source_.content.sum(base, static_cast<std::size_t>(tiles) * words);
        };
        const std::uint32_t expected =
            static_cast<std::uint32_t>(last / walk.tiles) * sum_to(walk.tiles) +
            sum_to(last % walk.tiles) - sum_to(first);
        outcome.expect(outcome.word(group) == expected,
                       "a group's sum is not that of the words that it should read");
    }
}

std::uint32_t Walks::trips_for(const BoundLaunch &launch, const WalkShape &shape, double seconds) {
    if (bench_.tiny())
        return bench_.bounds().most_trips;
    if (!launch_seconds_) { // the first launches may compile
        launch_seconds_ = bench_.launch(launch, 1);
        for (int i = 0; i < 2; ++i)
            launch_seconds_ = std::min(*launch_seconds_, bench_.launch(launch, 1));
    }
    const auto bytes = static_cast<double>(shape.tile() * shape.groups);
    const auto estimate = [&] {
        const double trips = seconds / (seconds_per_byte_ * bytes);
        return static_cast<std::uint32_t>(std::clamp(trips, 4.0, 1e9));
    };
    // A launch that is far shorter than wanted tells the speed, and warms the caches up.
    for (std::uint32_t trips = seconds_per_byte_ > 0 ? std::max(1u, estimate() / 8) : 1;;
         trips *= 8) {
        const double taken = bench_.launch(launch, trips);
        const double walking = std::max(taken - *launch_seconds_, taken / 16);
        if (walking > seconds / 16 || trips > bench_.bounds().most_trips / 8) {
            seconds_per_byte_ = walking / (trips * bytes);
            return estimate();
        }
    }
}

double Walks::sample(Series &series, std::size_t footprint, const WalkShape &shape, int block,
                     double seconds) {
    const std::size_t space = source_.bytes - footprint;
    const std::size_t at = bench_.random()() % (space / page + 1) * page;
    Walk walk{shape, static_cast<std::uint32_t>(footprint / shape.tile()),
              static_cast<std::uint32_t>(at / (shape.width * word)), 0};
    const BoundLaunch launches = launch(walk);
    const WalkRow row{footprint, shape};
    Candidate candidate{launches, &series, coordinates(row), trips_for(launches, shape, seconds)};
    bench_.sample_block(candidate, block);
    const Point &longest = *series.find(coordinates(row, candidate.trips));
    return row.bytes_per_trip() * candidate.trips / longest.samples.back();
}

} // namespace clprobe::probes::buffer_bandwidth
