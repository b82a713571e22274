#include "analysis/refinement.hpp"
#include "common/chase.hpp"
#include "common/launch_size.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace clprobe::probes {

static constexpr std::size_t word = sizeof(std::uint32_t);

void follow(BoundLaunch &launch, Bench &bench, const Buffer &start, const Buffer &end,
            std::function<std::vector<std::uint32_t>(std::uint64_t trips)> words,
            const std::shared_ptr<std::uint64_t> &done) {
    // Shared, since it may hold a long ring.
    const auto at = std::make_shared<decltype(words)>(std::move(words));
    launch.before = [&bench, start, at, done] { bench.write<std::uint32_t>(start, (*at)(*done)); };
    launch.check = [end, at, done](const LaunchOutcome &outcome) {
        *done += outcome.trips();
        const std::vector<std::uint32_t> expected = (*at)(*done);
        outcome.expect(outcome.read<std::uint32_t>(end, 0, expected.size()) == expected,
                       "the chase did not end where its ring leads");
    };
}

RingMemory::RingMemory(Bench &bench, const Program &program, std::size_t address_words)
    : bench_(bench), link_(program.kernel("link_ring")), follow_(program.kernel("follow_ring")),
      group_size_(is_cpu(bench) ? 1 : group_size(bench, follow_, 1024)),
      groups_(is_cpu(bench) ? units_of(bench) : 1),
      sums_(bench.buffer(groups_ * group_size_ * word)), start_(bench.buffer(address_words * word)),
      end_(bench.buffer(groups_ * address_words * word)) {}

void RingMemory::link(const Ring &ring) {
    ring_ = ring;
    make_room(ring);
    constexpr std::uint32_t piece = 1u << 16; // blocks that one launch links
    const std::size_t groups = bench_.tiny() ? 2 : 256;
    for (std::uint32_t first = 0; first < ring.blocks; first += piece) {
        std::vector<Argument> all = arguments(ring);
        all.insert(all.end(), {first, std::min(ring.blocks, first + piece)});
        bench_.launch(
            {link_, NdRange::linear(groups, group_size(bench_, link_, 64)), std::move(all)});
    }
}

bool RingMemory::warm() {
    // Of a GPU only the first level is a unit's own, and emptied between launches. Of a CPU the
    // larger ones can be a core's own too, or shared by some: the launch's own reading takes the
    // same time on any of them only if all are warm. What outgrows them is as cold by its linking.
    constexpr std::uint32_t read_in_launch = 1u << 14;
    const std::uint32_t more_than = is_cpu(bench_) ? 1u << 12 : read_in_launch;
    const std::uint32_t outgrown = is_cpu(bench_) ? 1u << 18 : 1u << 20;
    // Caches that do not replace the oldest take some rounds to keep what they can; more of them
    // than a CPU has time for where that is much.
    const std::uint32_t affordable = is_cpu(bench_) ? 2 * outgrown / ring_.length() : 4;
    const std::uint32_t least = is_cpu(bench_) ? 0 : 1;
    const std::uint32_t rounds = ring_.length() <= outgrown ? std::min(4u, affordable) : least;
    BoundLaunch launch = follow(true);
    launch.range = NdRange::linear(groups_, group_size_);
    for (std::uint32_t round = 0; round < rounds && ring_.length() > more_than; ++round)
        bench_.launch(launch, 0);
    return ring_.length() > read_in_launch;
}

BoundLaunch RingMemory::follow(bool warmed) {
    const auto done = std::make_shared<std::uint64_t>(0);
    BoundLaunch launch{follow_, NdRange::linear(1, group_size_), arguments(ring_)};
    const auto position = [done, length = ring_.length()] {
        return static_cast<cl_uint>(hops * *done % length);
    };
    launch.arguments.insert(
        launch.arguments.end(),
        {position, warmed ? ring_.length() : 0u, output(sums_), start_, output(end_), trip_count});
    probes::follow(
        launch, bench_, start_, end_,
        [this, ring = ring_](std::uint64_t trips) { return address(ring, hops * trips); }, done);
    launch.check = [this, end_check = std::move(launch.check),
                    sum = warmed ? sum(ring_) : 0](const LaunchOutcome &outcome) {
        end_check(outcome);
        const auto sums = outcome.read<std::uint32_t>(sums_, 0, group_size_);
        outcome.expect(std::accumulate(sums.begin(), sums.end(), 0u) == sum,
                       "the work-group did not read the whole ring");
    };
    return launch;
}

Chase::Chase(Bench &bench, const Program &program, std::size_t bytes, std::size_t alignment)
    : RingMemory(bench, program, 1), bytes_(bytes), alignment_(alignment) {
    renew();
}

void Chase::renew() {
    buffer_.reset();
    buffer_ = bench().buffer(bytes_ + alignment_);
    // A chase that went astray would read an address of 0, not one beyond the buffer.
    bench().context().fill(*buffer_, 0);
}

LatencySampler::LatencySampler(Bench &bench, RingMemory &memory, const Ring &shortest)
    : bench_(bench), memory_(memory) {
    memory.link(shortest);
    const BoundLaunch launch = memory.follow(true);
    constexpr double seconds = 1e-3;
    const std::uint32_t trips = bench.calibrate(launch, seconds);
    bench.warm_up(launch, trips);
    seconds_a_trip_[shortest.bytes()] = seconds / trips;
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
    const BoundLaunch launch = memory_.follow(!memory_.warm());
    for (int repeat = 0; repeat < (is_cpu(bench_) ? 4 : 2); ++repeat)
        for (const std::uint32_t trips : {most / 4, most}) {
            const double seconds = bench_.launch(launch, trips);
            at.push_back(trips);
            Point &point = series.point(at);
            at.pop_back();
            point.samples.push_back(seconds);
            point.block.push_back(block);
            const auto [least, is_new] = seconds_a_trip_.try_emplace(ring.bytes(), seconds / trips);
            least->second = std::min(least->second, seconds / trips);
        }
}

void survey(Bench &bench, const CurveSurvey &wanted, double share) {
    constexpr int sweeps_a_point = 2;
    constexpr int most_rounds = 12; // an octave is narrowed down to a point in fewer
    // What takes longer waits for its second sample until the curve is known.
    const double most_seconds = 0.02 * bench.budget();
    const double until = (1 - share) * bench.budget();
    const auto time_left = [&] { return bench.tiny() || bench.remaining() > until; };
    std::map<std::size_t, double> seconds; // that a footprint took
    int block = 0;
    const auto sweep = [&](const std::vector<std::size_t> &footprints, double most) {
        for (const std::size_t footprint : footprints) {
            if (!time_left())
                return;
            if (seconds[footprint] > most)
                continue;
            const double before = bench.remaining();
            wanted.sample(footprint, block);
            seconds[footprint] = before - bench.remaining();
        }
        ++block;
    };
    std::vector<std::size_t> all = coarse_footprints(wanted.least, wanted.most);
    std::vector<std::size_t> wanting = all;
    for (int round = 0; !wanting.empty() && round < most_rounds; ++round) {
        for (int i = 0; i < sweeps_a_point; ++i)
            sweep(wanting, most_seconds);
        if (bench.tiny() || !time_left())
            return;
        const std::vector<CurvePoint> curve = wanted.curve();
        wanting = points_between(curve, wanted.least / 4, wanted.rise);
        all.insert(all.end(), wanting.begin(), wanting.end());
        const std::vector<std::size_t> doubtful = doubtful_points(curve);
        wanting.insert(wanting.end(), doubtful.begin(), doubtful.end());
    }
    for (int round = 0; time_left(); ++round) {
        std::vector<std::size_t> footprints =
            round % 2 == 0 ? all : uncertain_points(wanted.curve());
        std::shuffle(footprints.begin(), footprints.end(), bench.random());
        sweep(footprints, bench.budget());
    }
}

} // namespace clprobe::probes
