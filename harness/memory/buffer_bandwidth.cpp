#include "memory/buffer_bandwidth/buffer_bandwidth.hpp"

#include <clprobe/statistics.hpp>

#include <memory>

namespace clprobe::probes {
namespace {

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/buffer_bandwidth";
    info.question = "How many bytes a second come from each level of cache, and go from and to "
                    "memory, with all units at work?";
    info.method =
        "By footprint: every work-group walks through the same stretch of memory round and round, "
        "each from a place of its own, so that a level that holds the stretch delivers all of it. "
        "Footprints grow from 4 KiB to well past the last cache; the plateaus of the curve are the "
        "levels. On a GPU one group a unit walks, since a second one would find in the unit's "
        "cache what the first has just read. The first level is measured anew by the fastest of "
        "several shapes.\n\n"
        "Memory by streams over large arrays: read, write, copy and triad (a = b + s c), counted "
        "as STREAM does. Layouts (one launch that covers the array once with a few elements a "
        "work-item, groups side by side stepping through it, a stretch for each work-item), vector "
        "widths and group sizes race; the winner of each operation is measured anew, in blocks "
        "spread over the time, and the bandwidth is the slope of time over the arrays' size.\n\n"
        "What is read is random, and its sum over any stretch known: each group leaves the sum of "
        "all that it read, and groups chosen after the launch are checked. What is written "
        "changes with every launch, and words chosen after it are checked.";
    info.pitfalls = {
        "Pages that were never written are one page of zeros on many systems: memory that is read "
        "has to be written first, and with random words, since some memories compress.",
        "A processor's first cache may hash addresses to find its ways: some stretches of memory "
        "are slower than others, so each sample lies in another place.",
        "Drivers that run a processor's work-items in the lanes of its vectors leave all lanes but "
        "one idle in groups of one, which are best on those that run them one after another: both "
        "are tried first.",
        "Groups that share a unit and walk one behind the other serve each other from its cache: "
        "what looks like a fast second level is then the first.",
        "Vectors of 32 B and more a work-item ruin stores on some GPUs; they belong to the race.",
        "Plain stores read the line first on most processors: write counts half of what the bus "
        "moves there, copy two thirds, triad three quarters.",
        "Neighbours on the same chip share the last cache and memory: rates fall while they work.",
        "On a processor whose workers share memory's bandwidth among few cores, one core's own "
        "limit may show as a level."};
    info.sources = {"McCalpin, Memory Bandwidth and Machine Balance in Current High Performance "
                    "Computers, 1995 (STREAM)",
                    "Deakin et al., Evaluating attainable memory bandwidth of parallel programming "
                    "models via BabelStream, 2018"};
    info.depends_on = {"execution/compute_units"};
    info.cross_checks = {"memory/buffer_latency", "compute/fma_rate", "memory/tlb"};
    info.findings = buffer_bandwidth::finding_keys();
    info.series = buffer_bandwidth::series_shapes();
    info.kernels = {"memory/buffer_bandwidth"};
    info.seconds = 6;
    info.quick_seconds = 1.4;
    return info;
}

class BufferBandwidth final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { buffer_bandwidth::run_experiment(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return buffer_bandwidth::findings_of(data, facts);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &device) const override {
        std::vector<unsigned> widths{1, 2, 4, 8};
        if (device.type == DeviceType::cpu)
            widths = {4, 8, 16};
        std::vector<KernelVariant> programs;
        for (const unsigned width : widths)
            programs.push_back(buffer_bandwidth::program_of(width));
        return programs;
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        const bool own = data.find(buffer_bandwidth::entry::walk) != nullptr;
        Curve curve{own ? buffer_bandwidth::entry::walk : buffer_bandwidth::entry::external,
                    {"footprint", Unit::byte, {}},
                    {"bandwidth", Unit::byte_per_second, {}},
                    {},
                    {"buffer.l<n>.read_size"}};
        for (const CurvePoint &point : buffer_bandwidth::bandwidth_curve(data))
            if (!point.samples.empty())
                curve.points.push_back({point.x, median(point.samples)});
        return {curve};
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_buffer_bandwidth();
std::unique_ptr<Probe> make_memory_buffer_bandwidth() {
    return std::make_unique<BufferBandwidth>();
}

} // namespace clprobe::probes
