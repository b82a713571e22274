#include "common/chase.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <array>
#include <numeric>

namespace clprobe::probes {
namespace {

constexpr std::size_t word = sizeof(std::uint32_t);
constexpr std::uint32_t piece = 1u << 16; ///< blocks that one launch links or warms

std::size_t group_size(const Bench &bench, std::uint64_t wanted) {
    return static_cast<std::size_t>(
        std::min(wanted, bench.device().max_work_group_size.value_or(64)));
}

void expect(bool right, const char *what) {
    if (!right)
        throw VerificationError(std::string(what) + " did not do what the host computes");
}

} // namespace

Chase::Chase(Bench &bench, const Program &program, std::size_t bytes)
    : bench_(bench), bytes_(bytes), link_(program.kernel("link_ring")),
      warm_(program.kernel("warm_ring")), follow_(program.kernel("follow_ring")),
      sums_(bench.buffer(group_size(bench, 1024) * word)), start_(bench.buffer(word)),
      last_(bench.buffer(word)) {
    warm_.set(4, sums_);
    follow_.set(1, start_);
    follow_.set(2, last_);
    renew();
}

void Chase::renew() {
    memory_.reset();
    memory_ = bench_.buffer(bytes_ + ring_alignment);
    // A chase that went astray would read an address of 0, not one beyond the buffer.
    bench_.context().fill(*memory_, 0);
    link_.set(0, *memory_);
    warm_.set(0, *memory_);
    follow_.set(0, *memory_);
}

NdRange Chase::one_group() const {
    return NdRange::linear(1, sums_.bytes() / word);
}

void Chase::launch_over_ring(Kernel &kernel, const NdRange &range) {
    kernel.set(1, ring_);
    for (std::uint32_t first = 0; first < ring_.blocks; first += piece) {
        kernel.set(2, first);
        kernel.set(3, std::min(ring_.blocks, first + piece));
        bench_.launch({kernel, range, {}, {}, {}});
    }
}

void Chase::link(const Ring &ring) {
    ring_ = ring;
    position_ = 0;
    const std::size_t groups = bench_.tiny() ? 2 : 256;
    launch_over_ring(link_, NdRange::linear(groups, group_size(bench_, 64)));
}

void Chase::warm() {
    const std::size_t lanes = sums_.bytes() / word;
    bench_.write<std::uint32_t>(sums_, std::vector<std::uint32_t>(lanes, 0));
    launch_over_ring(warm_, one_group());
    const auto sums = bench_.read<std::uint32_t>(sums_, 0, lanes);
    expect(std::accumulate(sums.begin(), sums.end(), 0u) == ring_.sum(), "warm_ring");
}

Work Chase::follow() {
    const auto prepare = [this] {
        bench_.write<std::uint32_t>(start_, std::array{ring_.address(position_)});
        bench_.poison(last_);
    };
    const auto verify = [this](std::uint32_t trips) {
        position_ += std::uint64_t{hops} * trips;
        expect(bench_.read<std::uint32_t>(last_, 0, 1)[0] == ring_.address(position_),
               "link_ring or follow_ring");
    };
    return {follow_, NdRange::linear(1, 1), 3u, prepare, verify};
}

LatencySampler::LatencySampler(Bench &bench, Chase &chase) : bench_(bench), chase_(chase) {
    const Ring ring = dense_ring(1024, chase.bytes(), bench.random());
    chase.link(ring);
    chase.warm();
    const Work work = chase.follow();
    constexpr double seconds = 1e-3;
    const std::uint32_t trips = bench.calibrate(work, seconds);
    bench.warm_up(work, trips);
    seconds_a_hop_[ring.bytes()] = seconds / (Chase::hops * trips);
}

double LatencySampler::expected(std::size_t bytes) const {
    // Latency grows with the ring: a longer one's is the safe guess.
    const auto longer = seconds_a_hop_.lower_bound(bytes);
    return longer != seconds_a_hop_.end() ? longer->second : seconds_a_hop_.rbegin()->second;
}

LatencySampler::Plan LatencySampler::plan_for(const Ring &ring) const {
    constexpr double longest_round = 4e-3;
    constexpr double least_trips = 64;
    if (bench_.tiny())
        return {1, bench_.bounds().most_trips, false};
    const bool cpu = bench_.device().type == DeviceType::cpu;
    const double seconds_a_trip = Chase::hops * expected(ring.bytes());
    const double wanted = (cpu ? 1e-3 : 0.4e-3) / seconds_a_trip;
    const auto span = static_cast<std::uint32_t>(std::max(least_trips, wanted));
    const std::uint32_t round = ring.length() / Chase::hops + 1;
    if (round * seconds_a_trip > longest_round)
        return {span / 4, span, false};
    return {round, round + span, true};
}

void LatencySampler::warm(const Plan &plan, const Work &work) {
    if (plan.goes_round)
        bench_.launch(work, plan.fewest);
    else if (bench_.tiny() || bench_.device().type != DeviceType::cpu)
        chase_.warm();
}

void LatencySampler::sample(Series &series, std::vector<double> at, const Ring &ring, int block) {
    const Plan plan = plan_for(ring);
    chase_.link(ring);
    const Work work = chase_.follow();
    warm(plan, work);
    const int repeats = bench_.device().type == DeviceType::cpu ? 3 : 2;
    std::map<std::uint32_t, double> least;
    for (int repeat = 0; repeat < repeats; ++repeat)
        for (const std::uint32_t trips : {plan.fewest, plan.most}) {
            const double seconds = bench_.launch(work, trips);
            at.push_back(trips);
            Point &point = series.point(at);
            at.pop_back();
            point.samples.push_back(seconds);
            point.block.push_back(block);
            const auto [known, is_new] = least.try_emplace(trips, seconds);
            known->second = std::min(known->second, seconds);
        }
    const double hop =
        (least[plan.most] - least[plan.fewest]) / ((plan.most - plan.fewest) * Chase::hops);
    const auto [known, is_new] = seconds_a_hop_.try_emplace(ring.bytes(), hop);
    known->second = std::min(known->second, hop);
    if (known->second <= 0)
        seconds_a_hop_.erase(known);
}

} // namespace clprobe::probes
