#include "memory/buffer_bandwidth/walks.hpp"

#include <clprobe/error.hpp>

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

Work Walks::work(Walk &walk) {
    const WalkShape &shape = walk.shape;
    if (!sums_ || sums_->bytes() < shape.groups * word)
        sums_ = bench_.buffer(shape.groups * word);
    Kernel kernel = programs_.kernel("walk", shape.width);
    kernel.set(0, source_.buffer);
    kernel.set(1, walk.base);
    kernel.set(2, walk.tiles);
    kernel.set_local(4, shape.local_size * word);
    kernel.set(5, *sums_);
    const auto prepare = [this, &walk, kernel]() mutable {
        kernel.set(3, walk.offset);
        bench_.poison(*sums_);
    };
    const auto check = [this, &walk](std::uint32_t trips) {
        verify(walk, trips);
        // The next launch goes on where this one ended: what it begins with is not in a cache for
        // having been read just before.
        walk.offset = static_cast<std::uint32_t>((walk.offset + std::uint64_t{trips}) % walk.tiles);
    };
    return {kernel, NdRange::linear(shape.groups, shape.local_size), 6u, prepare, check};
}

void Walks::verify(const Walk &walk, std::uint32_t trips) {
    const std::size_t words = walk.shape.tile() / word;
    const std::size_t base = std::size_t{walk.base} * walk.shape.width;
    for (const std::size_t group : bench_.sample_work_items(walk.shape.groups, 2)) {
        const std::uint32_t first = first_tile(group, walk.tiles, walk.offset);
        const std::uint64_t last = first + std::uint64_t{trips};
        const auto sum_to = [&](std::uint64_t tiles) {
            return source_.content.sum(base, static_cast<std::size_t>(tiles) * words);
        };
        const std::uint32_t expected =
            static_cast<std::uint32_t>(last / walk.tiles) * sum_to(walk.tiles) +
            sum_to(last % walk.tiles) - sum_to(first);
        if (bench_.read<std::uint32_t>(*sums_, group, 1).front() != expected)
            throw VerificationError("a group's sum is not that of the words that it should read");
    }
}

std::uint32_t Walks::trips_for(const Work &work, const WalkShape &shape, double seconds) {
    if (bench_.tiny())
        return bench_.bounds().most_trips;
    if (!launch_seconds_) { // the first launches may compile
        launch_seconds_ = bench_.launch(work, 1);
        for (int i = 0; i < 2; ++i)
            launch_seconds_ = std::min(*launch_seconds_, bench_.launch(work, 1));
    }
    const auto bytes = static_cast<double>(shape.tile() * shape.groups);
    const auto estimate = [&] {
        const double trips = seconds / (seconds_per_byte_ * bytes);
        return static_cast<std::uint32_t>(std::clamp(trips, 4.0, 1e9));
    };
    // A launch that is far shorter than wanted tells the speed, and warms the caches up.
    for (std::uint32_t trips = seconds_per_byte_ > 0 ? std::max(1u, estimate() / 8) : 1;;
         trips *= 8) {
        const double taken = bench_.launch(work, trips);
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
    const Work launches = work(walk);
    const WalkRow row{footprint, shape};
    Candidate candidate{launches, &series, coordinates(row), trips_for(launches, shape, seconds)};
    bench_.sample_block(candidate, block);
    const Point &longest = *series.find(coordinates(row, candidate.trips));
    return row.bytes_per_trip() * candidate.trips / longest.samples.back();
}

} // namespace clprobe::probes::buffer_bandwidth
