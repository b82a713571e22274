#include "common/chase.hpp"
#include "common/launch_size.hpp"
#include "common/level_findings.hpp"
#include "memory/tlb/tlb.hpp"

#include <clprobe/probe.hpp>

#include <algorithm>
#include <memory>

namespace clprobe::probes {
namespace {

using namespace tlb;

ProbeInfo describe() {
    ProbeInfo info;
    info.name = "memory/tlb";
    info.question = "How much memory do the translation buffers reach, and how large are pages?";
    info.method =
        "A random chase through one line in each page (several on a GPU, and past its first cache, "
        "which may need no translation) takes longer once a translation buffer does not hold all "
        "pages. What the same chase takes through as many lines that lie side by side is taken "
        "off: that is the caches' part. Lines lie at addresses that use all sets of caches and "
        "buffers alike.\n\n"
        "Pages are taken 64 MiB, 32 MiB, 2 MiB, 64 KiB and 4 KiB apart, where there is memory for "
        "enough of them, until the buffer holds more of them than at larger strides, and then at "
        "powers of two in between. Slots that share an entry of the first buffer share its fate, "
        "so what an entry covers is the size that makes the buffer have the same number of entries "
        "at all strides, and the first reach is so many of them; where several slots share one, "
        "they outgrow the buffer little by little. A further reach is the knee midpoint (on a "
        "linear scale), at the largest stride that is no more than a page.\n\n"
        "An external series is read this way, and as the curve of buffer_latency is; what shows "
        "more levels is reported.";
    info.pitfalls = {
        "Pages as the device has them: under a hypervisor an entry covers the smaller of the "
        "guest's page and the host's; some processors join neighbouring pages in one entry.",
        "An entry of a GPU can cover many neighbouring pages of its page table: it is the entry "
        "that shows here. Where memory lies in larger pieces it can cover more: on one GPU, a "
        "tenth of the memory had twice the reach.",
        "Pages smaller than 4 KiB look like those of 4 KiB, and pages larger than the largest "
        "stride that was tried like those of that size.",
        "A GPU's next buffer may be hardly slower (3 % of a load on one): a rise counts where it "
        "is more than three times the noise, 1.5 %, and a tenth of what was taken off.",
        "On a GPU, the memory that may be had can be less than a buffer reaches.",
        "What rises slowly behind the first level is no level: the page tables leave the caches as "
        "well, and neighbours on a shared core take entries of the second buffer.",
        "From an external series nothing is taken off: where its lines leave a cache looks like a "
        "reach."};
    info.sources = {"Saavedra and Smith, Measuring Cache and TLB Performance, 1995",
                    "Zhang et al., TunneLs for Bootlegging: Fully Reverse-Engineering GPU TLBs, "
                    "CCS 2023 (entries that cover many pages)"};
    info.depends_on = {"memory/cache_line"};
    info.findings = finding_keys();
    const Axis time{"time", Unit::second, {}};
    info.series = {{external_latency,
                    axes<ExternalRow>(),
                    {"latency", Unit::second, {}},
                    "time of a dependent load, over the memory that the pages span of which a "
                    "random chase uses a line each"},
                   {series::packed, axes<PackedRow>(), time,
                    "a random chase through lines side by side; 16 hops a trip"},
                   {series::spread, axes<SpreadRow>(), time,
                    "a random chase through pages a stride apart; 16 hops a trip"}};
    info.kernels = {"memory/tlb"};
    info.seconds = 4;
    return info;
}

/// The chases, in memory of their own.
class Chases {
public:
    explicit Chases(Bench &bench)
        : bench_(bench), chase_(bench, bench.build("memory/tlb", ""), bytes_for(bench)),
          sampler_(bench, chase_, dense_ring(1024, chase_.bytes(), bench.random())) {
        const Finding *line = bench.facts().find("cache.line_size");
        if (line != nullptr && line->status == Status::measured)
            line_ = static_cast<std::size_t>(*line->value);
        if (!is_cpu(bench))
            lines_a_page_ = 16; // its next cache is nearer or further by the line
        bench.data().number_attributes[lines_a_page] = static_cast<double>(lines_a_page_);
    }

    void packed(double seconds) {
        const auto curve = [this] {
            return curve_over(&bench_.series(series::packed), &PackedRow::lines, Chase::hops);
        };
        const auto sample = [this](std::size_t lines, int block) {
            sampler_.sample(bench_.series(series::packed), coordinates(PackedRow{lines}),
                            spread_ring(lines, line_, 1, chase_.bytes(), bench_.random()), block);
        };
        const std::size_t most = most_pages(line_ * lines_a_page_) * lines_a_page_;
        survey({least_pages * lines_a_page_, most, least_rise_, sample, curve}, seconds);
    }

    /// But for what it takes to give the memory back.
    [[nodiscard]] double seconds_left() const {
        constexpr double spare = 0.06;
        return bench_.remaining() - spare * bench_.budget();
    }

    /// Whether there is memory for so many pages that a buffer may be too small for them.
    [[nodiscard]] bool can_spread(std::size_t stride) const {
        constexpr std::size_t enough = 32;
        return most_pages(stride) >= (bench_.tiny() ? least_pages : enough);
    }
    void spread(double at, double seconds) {
        const auto stride = static_cast<std::size_t>(at);
        const auto curve = [this, at] { return translations(bench_.data())[at].curve; };
        // A stride that is surveyed twice has two series of blocks.
        const int first_block = 1000 * surveys_++;
        const auto sample = [this, stride, first_block](std::size_t pages, int block) {
            sampler_.sample(
                bench_.series(series::spread), coordinates(SpreadRow{stride, pages}),
                spread_ring(pages, stride, lines_a_page_, chase_.bytes(), bench_.random()),
                first_block + block);
        };
        survey({least_pages, most_pages(stride), least_rise_, sample, curve}, seconds);
    }

private:
    static constexpr std::size_t least_pages = 4;

    static std::size_t bytes_for(const Bench &bench) {
        // Pages of a host's memory are cleared when they are first used, which takes its time.
        std::size_t wanted = std::size_t{is_cpu(bench) ? 256u : 3072u} << 20;
        if (bench.tiny())
            wanted = std::size_t{256} << 10;
        return std::min(wanted, bench.most_bytes() - ring_alignment) / ring_alignment *
               ring_alignment;
    }
    [[nodiscard]] std::size_t most_pages(std::size_t stride) const {
        return std::min<std::size_t>(chase_.bytes() / stride, 16384);
    }
    void survey(const CurveSurvey &wanted, double seconds) {
        probes::survey(bench_, wanted, 1 - (bench_.remaining() - seconds) / bench_.budget());
    }

    Bench &bench_;
    Chase chase_;
    LatencySampler sampler_;
    double least_rise_ = is_cpu(bench_) ? 0.05 : 0.012; ///< that is worth a closer look
    std::size_t line_ = 64;
    std::size_t lines_a_page_ = 1;
    int surveys_ = 0;
};

class Tlb final : public Probe {
public:
    [[nodiscard]] const ProbeInfo &info() const override { return info_; }
    void measure(Bench &bench) const override;
    [[nodiscard]] std::vector<Finding> interpret(const Dataset &data,
                                                 const Facts &facts) const override {
        return findings_of(data, facts);
    }
    [[nodiscard]] std::vector<Curve> curves(const Dataset &data) const override {
        return curves_of(data);
    }
    [[nodiscard]] std::vector<KernelVariant> kernels(const DeviceInfo &) const override;

private:
    ProbeInfo info_ = describe();
};

void Tlb::measure(Bench &bench) const {
    if (bench.tiny())
        bench.data().text_attributes[too_small] = "the tiny profile's sizes fit every TLB";
    Chases chases(bench);
    std::vector<double> landmarks;
    for (const std::size_t stride : {4096u, 65536u, 2097152u, 33554432u, 67108864u})
        if (chases.can_spread(stride))
            landmarks.push_back(static_cast<double>(stride));
    // Of the time that the build has left; the reference is what all strides need.
    constexpr double for_reference = 0.22;
    chases.packed(for_reference * chases.seconds_left());
    if (bench.tiny()) { // whose times do not show where to go on
        for (const double stride : landmarks)
            chases.spread(stride, 0);
        return;
    }
    StrideSearch search = search_strides(landmarks, {});
    while (search.next && chases.seconds_left() > 0) {
        // One share more, as those that follow may not agree.
        chases.spread(*search.next, chases.seconds_left() / (search.left + 1));
        search = search_strides(landmarks, pages_held(bench.data()));
    }
    if (search.alone > 0 && chases.seconds_left() > 0)
        chases.spread(search.alone, chases.seconds_left());
}

/// What links the rings is memory/buffer_latency's, and Mesa says nothing of what it has in its
/// cache.
std::vector<KernelVariant> Tlb::kernels(const DeviceInfo &) const {
    return {{{}, "memory/tlb", {}, "follow_ring"}};
}

} // namespace

std::unique_ptr<Probe> make_memory_tlb() {
    return std::make_unique<Tlb>();
}

} // namespace clprobe::probes
