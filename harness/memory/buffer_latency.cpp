#include "common/chase.hpp"
#include "common/launch_size.hpp"
#include "common/level_findings.hpp"
#include "common/pages.hpp"

#include <clprobe/levels.hpp>
#include <clprobe/probe.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace clprobe::probes {
namespace {

constexpr const char *too_small = "too_small";

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/buffer_latency";
    info.question = "Which caches lie before memory: how large is each, and how long does a load "
                    "take that depends on the one before?";
    info.method =
        "A chase by one work-item along a random ring through more and more memory, from 1 KiB to "
        "well past the last cache. The ring visits 64-byte slots so that each line, whatever power "
        "of two it is, is visited once before any is visited again: what does not fit a level "
        "leaves it in time. Ring and place are new for each sample, the allocation for each sweep. "
        "The latency is the slope of time over the number of hops, and the chase must end where "
        "the ring's order says.\n\n"
        "Two footprints an octave first, then points between neighbours that differ by over 5 % "
        "and by more than samples around them do, down to steps of 4 %, then sweeps over all of "
        "them in turn with such over the half whose samples are few or lie apart, so that those of "
        "each point are spread over the time. The curve's plateaus are the levels; a size is the "
        "midpoint of the rise beyond it in log latency, with its 10 and 90 % points as the "
        "interval; where points are far apart, it lies between the last point on the plateau and "
        "the first beyond. A size with a rise of 60 % or less behind it is suspect, as that may be "
        "the reach of a TLB, unless memory/tlb or bandwidth shows which.";
    info.pitfalls = {
        "Who warmed a cache matters where it has partitions, and is recorded: here one work-group "
        "of a GPU, that of the chase itself up to 1 MiB, each core of a CPU up to 16 MiB. Seen "
        "from one unit, one partition of a GPU's last cache can be all that shows.",
        "Pages are recorded where the system reports them. Small pages add TLB misses to large "
        "footprints, and scatter a footprint over a cache's "
        "sets: the knee of a physically indexed cache is then a ramp.",
        "Neighbours on the same chip use shared caches too: they fade before their nominal size, "
        "and more or less so from one second to the next, which can look like a further level. Of "
        "two levels that differ by less than three times, and by less than 3.5 times the noise "
        "of samples at one point, one is reported, with a note.",
        "Addresses are byte offsets, as the scaling of an index costs some processors a cycle, and "
        "the addition of the buffer's address counts: a chase of native pointers can be shorter, "
        "and one of indices was by 0.9 of 21 ns on one GPU.",
        "Between two levels that differ little, or lie close, only one knee may show."};
    info.sources = {"Saavedra and Smith, Measuring Cache and TLB Performance, 1995",
                    "McVoy and Staelin, lmbench, 1996 (the chase)",
                    "Sattolo, An algorithm to generate a random cyclic permutation, 1986",
                    "Black and Rogaway, Ciphers with Arbitrary Finite Domains, 2002 (an order that "
                    "is computed)",
                    "NVIDIA, Hopper Tuning Guide (levels to hold those of docs/results against: "
                    "256 KiB that are local memory's too, 50 MB)",
                    "Luo et al., Benchmarking and Dissecting the Nvidia Hopper GPU Architecture "
                    "via Microbenchmarking, 2024 (their latencies on an H100: 41 and 263 cycles)",
                    "Chips and Cheese, Nvidia's H100: Funny L2, and Tons of Bandwidth, 2023 (its "
                    "near and far part)"};
    info.cross_checks = {"memory/buffer_bandwidth", "memory/tlb"};
    info.findings = latency_keys("buffer");
    info.series = latency_series(
        "time of a dependent load, over the memory that a random chase goes through");
    info.kernels = {"memory/buffer_latency"};
    info.seconds = 9;
    info.quick_seconds = 1.4;
    return info;
}

/// Well past the last cache of nearly all devices.
std::size_t wanted_bytes(const Bench &bench) {
    if (bench.tiny())
        return std::size_t{64} << 10;
    // A CPU's pages are cleared when they are first used, which takes its time.
    const bool hurry = bench.profile() == Profile::quick && is_cpu(bench);
    return std::size_t{hurry ? 128u : 256u} << 20;
}

class BufferLatency final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override;
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override;
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override;

private:
    ProbeInfo info_ = describe();
};

void BufferLatency::measure(Bench &bench) const {
    const Program program = bench.build("memory/buffer_latency", "");
    auto &attributes = bench.data().text_attributes;
    if (bench.tiny())
        attributes[too_small] = "the tiny profile's sizes show no level";
    attributes["warmed_by"] =
        is_cpu(bench) ? "the core in its launch to 1 MiB, each core to 16 MiB, all together beyond"
                      : "the work-group in its launch to 1 MiB, one before it beyond";
    const std::size_t bytes = std::min(wanted_bytes(bench), bench.most_bytes() - ring_alignment) /
                              ring_alignment * ring_alignment;
    Chase chase(bench, program, bytes);
    attributes["pages"] = pages_of(bench, chase.buffer());
    LatencySampler sampler(bench, chase, dense_ring(1024, bytes, bench.random()));
    Series &times = bench.series(chase_times);
    int renewed_for = 0;
    const auto sample = [&](std::size_t footprint, int block) {
        if (block != renewed_for)
            chase.renew();
        renewed_for = block;
        sampler.sample(times, coordinates(FootprintRow{footprint}),
                       dense_ring(footprint, bytes, bench.random()), block);
    };
    const auto curve = [&] { return curve_over(&times, &FootprintRow::footprint, Chase::hops); };
    survey(bench, {.least = 1024, .most = bytes, .sample = sample, .curve = curve});
}

std::vector<Finding> BufferLatency::interpret(const Dataset &data, const Facts &facts) const {
    const auto curve = latency_curve(data, Chase::hops);
    const Levels levels = levels_of(curve, data.text_attribute(too_small));
    std::vector<Finding> findings = latency_findings("buffer", levels, curve, facts);
    if (!levels.decided && levels.settled > 0)
        if (auto memory = memory_at_end("buffer", *curve))
            findings.back() = std::move(*memory);
    note_disagreement(findings, facts, "buffer", CurveKind::latency);
    return findings;
}

std::vector<Curve> BufferLatency::curves(const Dataset &data) const {
    const auto curve = latency_curve(data, Chase::hops);
    return curve ? std::vector{shown(*curve, "buffer.l<n>.size")} : std::vector<Curve>{};
}

} // namespace

std::unique_ptr<Probe> make_memory_buffer_latency() {
    return std::make_unique<BufferLatency>();
}

} // namespace clprobe::probes
