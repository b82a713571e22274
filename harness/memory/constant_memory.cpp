#include "common/chase.hpp"
#include "common/launch_size.hpp"
#include "common/level_findings.hpp"
#include "common/verdicts.hpp"
#include "opencl/device_limits.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/probe.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace clprobe::probes {
namespace {

constexpr const char *together = "together";
constexpr const char *too_small = "too_small";
constexpr std::size_t line_bytes = 64;       ///< of the chase over footprint: no line is less
constexpr std::size_t together_bytes = 1024; ///< the least first levels hold that
constexpr std::size_t most_work_items = 32;

const FindingKey divergence_key{
    "constant.divergence", Unit::one, Better::lower,
    "time that the work-items of a group take on as many addresses, over that on one"};

/// The work-items of a group on a ring, from so many addresses of it.
struct TogetherRow {
    std::size_t addresses = 1;

    static auto columns() {
        return std::tuple{column("addresses", &TogetherRow::addresses), trips()};
    }
};

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/constant_memory";
    info.question = "How large and how far are the caches of constant memory, and what does it "
                    "cost when work-items read different addresses?";
    info.method =
        "A chase by one work-item along a random ring through the constant address space, from 256 "
        "B to 64 KiB, which is what every device has to grant; sizes and latencies as "
        "memory/buffer_latency has them. Then 32 work-items of one group follow a ring of 1 KiB "
        "together: all from one address, and from 2, 4 ... 32 different ones.";
    info.pitfalls = {
        "Constant memory is often the same caches as global memory's (CPUs, many mobile GPUs): the "
        "levels are then those, cut off at 64 KiB.",
        "A compiler may take reads of `constant` whose address differs between work-items through "
        "the path of global memory: divergence then costs what it costs there.",
        "Fewer work-items than a warp holds diverge less: groups of 32 are compared."};
    info.sources = {"Wong et al., Demystifying GPU Microarchitecture through Microbenchmarking, "
                    "2010 (constant caches)"};
    info.findings = latency_keys("constant");
    info.findings.back() = divergence_key;
    info.series = latency_series("time of a dependent load from constant memory, over the bytes "
                                 "that a random chase goes through");
    info.series.push_back({together,
                           axes<TogetherRow>(),
                           {"time", Unit::second, {}},
                           "time of a launch in which the work-items of a group follow a ring from "
                           "so many words; 16 hops a trip"});
    info.kernels = {"memory/constant_memory"};
    info.seconds = 2;
    return info;
}

Ring ring_through(std::size_t bytes, std::size_t slot, std::mt19937_64 &random) {
    return spread_ring(bytes / slot, slot, 1, bytes, random);
}

/// The work-items of a group follow one ring, from 1, 2, 4 ... addresses spread over it.
void measure_together(Bench &bench, Chase &chase, const Kernel &kernel) {
    const std::size_t work_items = group_size(bench, kernel, most_work_items);
    const Ring ring =
        ring_through(together_bytes, together_bytes / most_work_items, bench.random());
    chase.link(ring);
    const Buffer start = bench.buffer(work_items * sizeof(std::uint32_t));
    const Buffer end = bench.buffer(start.bytes());
    std::vector<Candidate> candidates;
    for (std::size_t addresses = 1; addresses <= work_items; addresses *= 2) {
        BoundLaunch launch{kernel,
                           NdRange::linear(1, work_items),
                           {chase.buffer(), start, output(end), trip_count}};
        follow(launch, bench, start, end, [ring, work_items, addresses](std::uint64_t trips) {
            std::vector<std::uint32_t> reached;
            for (std::size_t item = 0; item < work_items; ++item)
                reached.push_back(ring.address(item % addresses * (most_work_items / addresses) +
                                               Chase::hops * trips));
            return reached;
        });
        candidates.push_back(
            {std::move(launch), &bench.series(together), coordinates(TogetherRow{addresses}), 0});
    }
    bench.sample(candidates, {.relative_half_width = 0.02, .seconds = bench.budget() * 0.3});
}

void measure_levels(Bench &bench, Chase &chase) {
    LatencySampler sampler(bench, chase, ring_through(together_bytes, line_bytes, bench.random()));
    Series &times = bench.series(chase_times);
    const auto sample = [&](std::size_t footprint, int block) {
        sampler.sample(times, coordinates(FootprintRow{footprint}),
                       ring_through(footprint, line_bytes, bench.random()), block);
    };
    const auto curve = [&] { return curve_over(&times, &FootprintRow::footprint, Chase::hops); };
    survey(bench, {.least = 256, .most = chase.bytes(), .sample = sample, .curve = curve}, 0.6);
}

class ConstantMemory final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override;
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data, const Facts &) const override;
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override;

private:
    ProbeInfo info_ = describe();
};

void ConstantMemory::measure(Bench &bench) const {
    const Program program = bench.build("memory/constant_memory", "");
    if (bench.tiny())
        bench.data().text_attributes[too_small] = "the tiny profile's sizes show no level";
    const std::size_t bytes = std::min(std::size_t{bench.tiny() ? 4u : 64u} << 10,
                                       largest_constant_buffer(bench.context().device()));
    Chase chase(bench, program, bytes, 0);
    measure_levels(bench, chase);
    measure_together(bench, chase, program.kernel("follow_together"));
}

Finding divergence(const Dataset &data) {
    const auto rows = times_by_row<TogetherRow>(data.find(together)); // by rising addresses
    const bool several =
        !rows.empty() && rows.front().row.addresses == 1 && rows.back().row.addresses >= 2;
    const auto one = several ? time_per_trip(rows.front().times) : std::nullopt;
    const auto all = several ? time_per_trip(rows.back().times) : std::nullopt;
    if (!one || !all)
        return undecided(divergence_key, "no times on one address and on several");
    Finding finding =
        measured(divergence_key, all->seconds / one->seconds,
                 {all->interval.low / one->interval.high, all->interval.high / one->interval.low});
    finding.method = fmt::format("{} addresses against one", rows.back().row.addresses);
    finding.evidence = {together};
    check_timing(finding, *one);
    check_timing(finding, *all);
    return finding;
}

std::vector<Finding> ConstantMemory::interpret(const Dataset &data, const Facts &) const {
    const auto curve = latency_curve(data, Chase::hops);
    const Levels levels = levels_of(curve, data.text_attribute(too_small));
    std::vector<Finding> findings = cache_findings("constant", levels, curve);
    findings.push_back(divergence(data));
    return findings;
}

std::vector<Curve> ConstantMemory::curves(const Dataset &data) const {
    const auto curve = latency_curve(data, Chase::hops);
    return curve ? std::vector{shown(*curve, "constant.l<n>.size")} : std::vector<Curve>{};
}

} // namespace

std::unique_ptr<Probe> make_memory_constant_memory() {
    return std::make_unique<ConstantMemory>();
}

} // namespace clprobe::probes
