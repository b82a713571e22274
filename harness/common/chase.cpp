#include "common/chase.hpp"
#include "common/launch_size.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <array>
#include <numeric>

namespace clprobe::probes {
namespace {

constexpr std::size_t word = sizeof(std::uint32_t);
constexpr std::uint32_t piece = 1u << 16; ///< blocks that one launch links

} // namespace

Chase::Chase(Bench &bench, const Program &program, std::size_t bytes, std::size_t alignment)
    : bench_(bench), bytes_(bytes), alignment_(alignment), link_(program.kernel("link_ring")),
      follow_(program.kernel("follow_ring")),
      lanes_(is_cpu(bench) ? 1 : group_size(bench, follow_, 1024)),
      groups_(is_cpu(bench) ? units_of(bench) : 1), sums_(bench.buffer(groups_ * lanes_ * word)),
      start_(bench.buffer(word)), last_(bench.buffer(groups_ * word)) {
    follow_.set(4, sums_);
    follow_.set(5, start_);
    follow_.set(6, last_);
    renew();
}

void Chase::renew() {
    memory_.reset();
    memory_ = bench_.buffer(bytes_ + alignment_);
    // A chase that went astray would read an address of 0, not one beyond the buffer.
    bench_.context().fill(*memory_, 0);
    link_.set(0, *memory_);
    follow_.set(0, *memory_);
}

void Chase::link(const Ring &ring) {
    ring_ = ring;
    position_ = 0;
    const std::size_t groups = bench_.tiny() ? 2 : 256;
    const NdRange range = NdRange::linear(groups, group_size(bench_, link_, 64));
    link_.set(1, ring);
    for (std::uint32_t first = 0; first < ring.blocks; first += piece) {
        link_.set(2, first);
        link_.set(3, std::min(ring.blocks, first + piece));
        bench_.launch({link_, range, {}, {}, {}});
    }
}

void Chase::warm() {
    Work work = follow(true);
    work.range = NdRange::linear(groups_, lanes_);
    bench_.launch(work, 0);
}

Work Chase::follow(bool warmed) {
    const auto prepare = [this, warmed] {
        follow_.set(1, ring_);
        follow_.set(2, static_cast<cl_uint>(position_ % ring_.length()));
        follow_.set(3, static_cast<cl_uint>(warmed ? ring_.length() : 0));
        bench_.write<std::uint32_t>(start_, std::array{ring_.address(position_)});
        bench_.poison(sums_);
        bench_.poison(last_);
    };
    const auto verify = [this, warmed](std::uint32_t trips) {
        position_ += std::uint64_t{hops} * trips;
        const auto sums = bench_.read<std::uint32_t>(sums_, 0, lanes_);
        if (bench_.read<std::uint32_t>(last_, 0, 1)[0] != ring_.address(position_) ||
            std::accumulate(sums.begin(), sums.end(), 0u) != (warmed ? ring_.sum() : 0))
            throw VerificationError("link_ring or follow_ring did not do what the host computes");
    };
    return {follow_, NdRange::linear(1, lanes_), 7u, prepare, verify};
}

LatencySampler::LatencySampler(Bench &bench, Chase &chase)
    : LatencySampler(bench, chase, dense_ring(1024, chase.bytes(), bench.random())) {}

LatencySampler::LatencySampler(Bench &bench, RingMemory &memory, const Ring &shortest)
    : bench_(bench), memory_(memory) {
    memory.link(shortest);
    const Work work = memory.follow(true);
    constexpr double seconds = 1e-3;
    const std::uint32_t trips = bench.calibrate(work, seconds);
    bench.warm_up(work, trips);
    seconds_a_trip_[shortest.bytes()] = seconds / trips;
}

bool LatencySampler::warm(const Ring &ring) {
    // Of a GPU only the first level is a unit's own, and emptied between launches. Of a CPU the
    // larger ones can be a core's own too, or shared by some: the launch's own reading takes the
    // same time on any of them only if all are warm. What outgrows them is as cold by its linking.
    constexpr std::uint32_t read_in_launch = 1u << 14;
    const std::uint32_t more_than = is_cpu(bench_) ? 1u << 12 : read_in_launch;
    const std::uint32_t outgrown = is_cpu(bench_) ? 1u << 18 : 1u << 20;
    // Caches that do not replace the oldest take some rounds to keep what they can; more of them
    // than a CPU has time for where that is much.
    const std::uint32_t affordable = is_cpu(bench_) ? 2 * outgrown / ring.length() : 4;
    const std::uint32_t least = is_cpu(bench_) ? 0 : 1;
    const std::uint32_t rounds = ring.length() <= outgrown ? std::min(4u, affordable) : least;
    for (std::uint32_t round = 0; round < rounds && ring.length() > more_than; ++round)
        memory_.warm();
    return ring.length() > read_in_launch;
}

std::uint32_t LatencySampler::trips_for(const Ring &ring) const {
    if (bench_.tiny())
        return bench_.bounds().most_trips;
    constexpr double least_trips = 64;
    const double seconds = is_cpu(bench_) ? 0.6e-3 : 0.4e-3;
    const auto longer = seconds_a_trip_.lower_bound(ring.bytes());
    const double trip =
        longer != seconds_a_trip_.end() ? longer->second : seconds_a_trip_.rbegin()->second;
    return static_cast<std::uint32_t>(std::max(least_trips, seconds / trip));
}

void LatencySampler::sample(Series &series, std::vector<double> at, const Ring &ring, int block) {
    const std::uint32_t most = trips_for(ring);
    memory_.link(ring);
    const Work work = memory_.follow(!warm(ring));
    for (int repeat = 0; repeat < (is_cpu(bench_) ? 4 : 2); ++repeat)
        for (const std::uint32_t trips : {most / 4, most}) {
            const double seconds = bench_.launch(work, trips);
            at.push_back(trips);
            Point &point = series.point(at);
            at.pop_back();
            point.samples.push_back(seconds);
            point.block.push_back(block);
            const auto [least, is_new] = seconds_a_trip_.try_emplace(ring.bytes(), seconds / trips);
            least->second = std::min(least->second, seconds / trips);
        }
}

} // namespace clprobe::probes
