#include "common/chase.hpp"
#include "common/footprints.hpp"
#include "common/level_findings.hpp"
#include "memory/tlb/findings.hpp"

#include <clprobe/probe.hpp>

#include <algorithm>
#include <array>
#include <memory>

namespace clprobe {
namespace {

using probes::Chase;
namespace series = tlb::series;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/tlb";
    info.question = "How much memory do the translation buffers reach, and how large are pages?";
    info.method =
        "A random chase through one line in each page (several on a GPU, whose first cache needs "
        "no "
        "translation) takes longer once a translation buffer does not hold all pages. What the "
        "same chase takes through as many lines that lie side by side is taken off: that is the "
        "caches' part. Lines lie at places that use all sets of caches and buffers alike.\n\n"
        "Pages are taken 4 KiB, 64 KiB and 2 MiB apart. Slots that share a page share its entry, "
        "so "
        "the page is the size that makes the first buffer have the same number of entries at all "
        "strides. A reach is half-way of the rise in log latency, at the largest stride that is no "
        "more than a page.";
    info.pitfalls = {
        "Pages as the device has them: under a hypervisor an entry covers the smaller of the "
        "guest's page and the host's; some processors join neighbouring pages in one entry.",
        "Pages smaller than 4 KiB are not told from those of 4 KiB, nor pages larger than 2 MiB "
        "from "
        "those of 2 MiB.",
        "On a GPU, the memory that may be had can be less than the first buffer reaches.",
        "The second level of a CPU's buffers is often outgrown together with the second cache: "
        "the difference is then one of two large numbers."};
    info.sources = {"Saavedra and Smith, Measuring Cache and TLB Performance, 1995"};
    info.wants = {"memory/cache_line"};
    info.makes = tlb::finding_keys();
    const Axis trips{"trips", Unit::one, {}};
    const Axis time{"time", Unit::second, {}};
    info.series = {{series::bare,
                    {{"footprint", Unit::byte, {}}},
                    {"latency", Unit::second, {}},
                    "time of a dependent load, over the memory that the pages span of which a "
                    "random chase uses a line each"},
                   {series::packed,
                    {{"lines", Unit::one, {}}, trips},
                    time,
                    "a random chase through lines side by side; 16 hops a trip"},
                   {series::spread,
                    {{"stride", Unit::byte, {}}, {"pages", Unit::one, {}}, trips},
                    time,
                    "a random chase through pages a stride apart; 16 hops a trip"}};
    info.kernels = {"memory/tlb"};
    info.seconds = 4;
    return info;
}

/// The chases, in memory of their own.
class Chases {
public:
    Chases(Bench &bench, const ProbeInfo &info)
        : bench_(bench), info_(info),
          chase_(bench, bench.build("memory/tlb", ""), bytes_for(bench)), sampler_(bench, chase_) {
        const Finding *line = bench.facts().find("cache.line_size");
        if (line != nullptr && line->status == Status::measured)
            line_ = static_cast<std::size_t>(*line->value);
        if (bench.device().type != DeviceType::cpu)
            lines_a_page_ = 16; // more than its first cache holds
        bench.data().numbers[tlb::lines_a_page] = static_cast<double>(lines_a_page_);
    }

    void packed(double share) {
        const auto curve = [this] { return probes::curve_of(series_of(1), Chase::hops); };
        const auto sample = [this](std::size_t pages, int block) {
            const std::size_t lines = pages * lines_a_page_;
            sampler_.sample(series_of(1), {static_cast<double>(lines)},
                            probes::spread_ring(lines, line_, 1, chase_.bytes(), bench_.random()),
                            block);
        };
        probes::survey(bench_, {least_pages, most_pages(line_ * lines_a_page_), sample, curve},
                       share);
    }

    /// Where there is memory for it.
    void spread(std::size_t stride, double share) {
        if (most_pages(stride) < least_pages)
            return;
        const auto at = static_cast<double>(stride);
        const auto curve = [this, at] { return tlb::translation_curve(bench_.data(), at); };
        const auto sample = [this, stride, at](std::size_t pages, int block) {
            sampler_.sample(
                series_of(2), {at, static_cast<double>(pages)},
                probes::spread_ring(pages, stride, lines_a_page_, chase_.bytes(), bench_.random()),
                block);
        };
        probes::survey(bench_, {least_pages, most_pages(stride), sample, curve}, share);
    }

private:
    static constexpr std::size_t least_pages = 8;

    static std::size_t bytes_for(const Bench &bench) {
        const bool cpu = bench.device().type == DeviceType::cpu;
        // A CPU's pages are cleared when they are first used, which takes its time.
        std::size_t wanted = std::size_t{cpu ? 256u : 3072u} << 20;
        if (bench.tiny())
            wanted = std::size_t{256} << 10;
        return std::min(wanted, bench.most_bytes() - probes::ring_alignment) /
               probes::ring_alignment * probes::ring_alignment;
    }
    [[nodiscard]] std::size_t most_pages(std::size_t stride) const {
        return std::min<std::size_t>(chase_.bytes() / stride, 16384);
    }
    Series &series_of(std::size_t shape) {
        const SeriesShape &is = info_.series[shape];
        return bench_.data().add(is.name, is.axes, is.measure);
    }

    Bench &bench_;
    const ProbeInfo &info_;
    Chase chase_;
    probes::LatencySampler sampler_;
    std::size_t line_ = 64;
    std::size_t lines_a_page_ = 1;
};

class Tlb final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override {
        if (bench.tiny())
            bench.data().words[tlb::too_small] = "the tiny profile's sizes fit every TLB";
        Chases chases(bench, info_);
        chases.packed(0.25);
        double share = 0.5;
        for (const std::size_t stride : {4096u, 65536u, 2097152u}) {
            chases.spread(stride, share);
            share += 0.2;
        }
    }
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts & /*facts*/) const override {
        return tlb::findings_of(data);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return tlb::curves_of(data);
    }

private:
    ProbeInfo info_ = describe();
};

} // namespace

namespace probes {
std::unique_ptr<Probe> make_memory_tlb();
std::unique_ptr<Probe> make_memory_tlb() {
    return std::make_unique<Tlb>();
}
} // namespace probes

} // namespace clprobe
