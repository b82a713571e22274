#include "common/launch_size.hpp"
#include "memory/image_latency/image_latency.hpp"

namespace clprobe::probes {
namespace {

using namespace image_latency;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/image_latency";
    info.question = "Which caches do image reads go through: how large is each, how long does a "
                    "read take that depends on the one before, and what does a line cover?";
    info.method =
        "A chase by one work-item through 2-D images each texel of which holds the coordinates of "
        "the next. It must end where the order of its ring says.\n\n"
        "The line: pairs of texels, one pair in each of many cells of 16 x 16 texels in random "
        "order, the second in the neighbouring block of d texels along x, along y or along both. "
        "Where there are more cells than the first level holds lines, the second read is a hit "
        "while a miss fetches both: that is what a miss fetches. Where there are as many as tell "
        "most (fewer, but more than half), all reads are hits while a pair lies in one line: that "
        "is what a tag covers. Sizes are taken for powers of two.\n\n"
        "The levels: a random ring through more and more memory, one texel in each line, in "
        "nearly square images of their own, so that they are dense in memory however the device "
        "tiles them. Two footprints an octave, more where the latency rises, then sweeps over all "
        "of them in turn with such over the half whose samples are few or lie apart. The curve's "
        "plateaus are the levels; a size is the midpoint of the rise "
        "beyond it in log latency, with its 10 and 90 % points as the interval.";
    info.pitfalls = {
        "A 1-D image is not tiled, but limited in width to a few levels; rows or columns of a 2-D "
        "one touch each tile in one place only.",
        "Reads beyond the edge are clamped to it and look fast (a published tool's bandwidth "
        "recovers there): coordinates are texels' contents here, and the end is checked.",
        "The first level of a GPU can have lines of several sectors: a sweep of strides shows what "
        "a miss fetches.",
        "Texels of a sparse image are on a page each: their first knee can be that of the "
        "translation buffer. Pairs are compared with others on as many pages.",
        "Who warmed a cache matters where it has partitions: here the chase's own work-group, "
        "before each launch of a short ring and once before those of a long one.",
        "Where others use a part of a cache it fades, more or less from one second to the next: of "
        "two levels that differ by less than three times, and by less than 3.5 times the noise "
        "of samples at one point, one is reported, with a note.",
        "On a CPU an image is read by software, whose time is part of every latency."};
    info.sources = {"Saavedra and Smith, Measuring Cache and TLB Performance, 1995",
                    "Doggett, Texture Caches, IEEE Micro 32(3), 2012 (tiles)",
                    "Mei and Chu, Dissecting GPU Memory Hierarchy through Microbenchmarking, 2017"};
    info.needs = "Images.";
    info.cross_checks = {"memory/image_bandwidth", "memory/tlb"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = latency_series(
        "time of a dependent read, over the part of an image that a random chase goes through");
    info.series.insert(
        info.series.end(),
        {{series::counts, axes<CountsRow>(), time,
          "a chase over so many pairs of texels, twice the same or far apart; 8 pairs a trip"},
         {series::fetch_pairs, axes<PairsRow>(), time,
          "a chase over pairs of texels, so many apart, in more cells than the first level holds "
          "lines; 8 pairs a trip"},
         {series::line_pairs, axes<PairsRow>(), time,
          "the same in fewer cells, but more than half of that"}});
    info.kernels = {"memory/image_latency"};
    info.seconds = 9;
    info.quick_seconds = 1;
    return info;
}

class ImageLatency final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override { run_experiments(bench); }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        return unsupported_without_images(device);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

std::unique_ptr<Probe> make_memory_image_latency() {
    return std::make_unique<ImageLatency>();
}

} // namespace clprobe::probes
