#include "common/launch_size.hpp"
#include "memory/image_bandwidth/image_bandwidth.hpp"

namespace clprobe::probes {
namespace {

using namespace image_bandwidth;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/image_bandwidth";
    info.question = "How fast are images read, by format, filter and locality, and from each level "
                    "of cache?";
    info.method =
        "Work-groups go through the tiles of an image, 16 reads a work-item and trip at offsets "
        "that are exclusive-ored to its place, so that a read costs no arithmetic of its own. The "
        "time of a trip is the slope over the trips.\n\n"
        "Rates: a tile of 16 texels for each work-item of a group, all of them different, read by "
        "all groups: 1 KiB (R8) to 16 KiB (RGBA32F), which a first level holds. Two formats are "
        "tried in five patterns (work-items beside each other along x, along y, in a square, at "
        "random, all on one texel); the best of the first three serves for the rates, which are "
        "measured anew. Formats of different sizes that reach the same rate show a limit in "
        "texels, those that reach the same bandwidth one in bytes. All work-items on one texel "
        "need hardly any of the cache: where that is no faster, the limit lies behind it. Linear "
        "reads are in the corner of four texels, each of which counts.\n\n"
        "Levels: the same over an image of RGBA32UI, all 128 bits of each texel random, of which "
        "the first tiles are read, more at each point of the curve. One group a unit (more on a "
        "CPU) goes through all of these tiles round and round; they begin apart, so that a tile "
        "comes again, to a unit and to all, only after all the others.";
    info.pitfalls = {
        "Reads beyond the edge are clamped to it and look fast: every coordinate here lies within, "
        "as the sums of the texels' random contents show, which the host computes for some "
        "work-items after each launch.",
        "The largest image that a device claims can be 4 GiB: no image here has more than 2 GiB, "
        "or a quarter of what the device grants.",
        "Several groups on a unit that read the same memory find in its cache what another "
        "brought: the first level then seems to hold as many times more.",
        "How the work-items that run in step lie counts: 8 x 4 texels of 16 B are four lines of 32 "
        "B by four rows, all of them used; 16 x 2 are eight lines, half used, at half the rate.",
        "Divisions, and even additions, of coordinates cost more than the reads.",
        "Of a format with one channel the other three are constants: a kernel that uses them can "
        "be limited by the path that returns them.",
        "A few zero bits in each texel can be compressed: the levels are of random words.",
        "Software that filters (PoCL) is limited by its arithmetic: where buffers are read faster "
        "from memory than images are at best, no levels are reported.",
        "On a CPU a launch takes half as long where all processors take part in it from its start, "
        "and whether they do stays for seconds: intervals of its rates are never narrower than 50 "
        "% to either side."};
    info.sources = {"Doggett, Texture Caches, IEEE Micro 32(3), 2012"};
    info.needs = "Images. A format that the device lacks leaves out its findings only.";
    info.depends_on = {"execution/compute_units"};
    info.cross_checks = {"memory/image_latency", "memory/buffer_bandwidth", "memory/tlb"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::rates, axes<RateRow>(), time,
                    "a tile read by all groups; 16 texels a work-item and trip"},
                   {series::locality, axes<LocalityRow>(), time,
                    "the same without a filter, in each pattern: the search for the best"},
                   {series::footprint, axes<FootprintRow>(), time,
                    "so much of an image of RGBA32UI read by all units"}};
    info.kernels = {"memory/image_bandwidth"};
    info.seconds = 5;
    return info;
}

class ImageBandwidth final : public Probe {
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

std::unique_ptr<Probe> make_memory_image_bandwidth() {
    return std::make_unique<ImageBandwidth>();
}

} // namespace clprobe::probes
