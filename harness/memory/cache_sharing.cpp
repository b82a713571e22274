#include "common/launch_size.hpp"
#include "memory/cache_sharing/cache_sharing.hpp"

#include <algorithm>
#include <memory>

namespace clprobe::probes {
namespace {

using namespace cache_sharing;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/cache_sharing";
    info.question = "Do image reads and buffer reads share their first cache?";
    info.method =
        "One work-item goes round a ring of half of the first level's size (the victim), then "
        "reads twice that level's size of other memory (the evictor), and round again, all "
        "in one launch, as caches are emptied between launches. Victim and evictor each go through "
        "an image or a buffer. The victim's part of a round's time is the slope over the rounds, "
        "less that of rounds with the evictor alone. Controls: with no evictor the victim stays, "
        "and an evictor through its own path drives it out; the slower rounds of the second "
        "control are what an eviction costs. The paths share their cache where each costs the "
        "other more than half of that, and have their own where each costs less than half.";
    info.pitfalls = {
        "The sizes are those that memory/image_latency and memory/buffer_latency find: without "
        "them there is no answer.",
        "Where only one path drives out the other (one of them passes the first level by, say), "
        "there is no answer either; the note has both shares.",
        "On a CPU images are read by software as buffers are, and share everything."};
    info.sources = {"Vanecek, Schulz et al., MT4G: a tool for reliable auto-discovery of NVIDIA "
                    "and AMD GPU compute and memory topologies, 2025 (sharing by eviction)"};
    info.needs = "Images.";
    info.depends_on = {"memory/buffer_latency", "memory/image_latency"};
    info.findings = {shared_key()};
    info.series = {
        {times, axes<RoundRow>(), {"time", Unit::second, {}}, "time of a launch over its rounds"}};
    info.kernels = {"memory/cache_sharing"};
    info.seconds = 2;
    return info;
}

class CacheSharing final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    [[nodiscard]] std::optional<std::string> unsupported(const DeviceInfo &device) const override {
        return unsupported_without_images(device);
    }
    void measure(Bench &bench) const override;
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &) const override {
        return {shared_finding(data)};
    }

private:
    ProbeInfo info_ = describe();
};

void CacheSharing::measure(Bench &bench) const {
    auto image = bench.facts().value("image.l1.size");
    auto buffer = bench.facts().value("buffer.l1.size");
    if (!image || !buffer)
        bench.data().text_attributes[too_small] = "the first levels' sizes were not found";
    if (bench.tiny())
        image = buffer = 4096;
    if (!image || !buffer)
        return;
    Rounds rounds(bench, static_cast<std::size_t>(*image / 2),
                  static_cast<std::size_t>(*buffer / 2),
                  static_cast<std::size_t>(2 * std::max(*image, *buffer)));
    Series &series = bench.series(times);
    std::vector<Candidate> candidates;
    for (const Path victim : {Path::none, Path::image, Path::buffer})
        for (const Path evictor : {Path::none, Path::image, Path::buffer})
            if (victim != Path::none || evictor != Path::none) {
                const RoundRow round{victim, evictor};
                BoundLaunch launch = rounds.launch(round);
                const std::uint32_t trips = bench.calibrate(launch, 2e-3);
                candidates.push_back({std::move(launch), &series, coordinates(round), trips});
            }
    // What disturbs a launch adds to its time: many short ones, of which the quietest count.
    constexpr int least_blocks = 4;
    for (int block = 0; block < least_blocks || bench.remaining() > 0.1 * bench.budget(); ++block) {
        for (Candidate &candidate : candidates)
            bench.sample_block(candidate, block);
        if (bench.tiny())
            return;
    }
}

} // namespace

std::unique_ptr<Probe> make_memory_cache_sharing();
std::unique_ptr<Probe> make_memory_cache_sharing() {
    return std::make_unique<CacheSharing>();
}

} // namespace clprobe::probes
