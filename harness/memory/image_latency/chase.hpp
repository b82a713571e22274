#pragma once
#include "common/chase.hpp"
#include "memory/image_latency/layout.hpp"

#include <clprobe/probe.hpp>

#include <optional>
#include <vector>

namespace clprobe::probes::image_latency {

/// The kernels of kernels/memory/image_latency.cl on an image: they link rings of texels, warm the
/// caches with them, and follow them with one work-item.
class ImageChase final : public RingMemory {
public:
    explicit ImageChase(Bench &bench);

    /// How rings that are linked from now on lie in their image: each gets one of its size.
    void lay_out(const Layout &layout) { layout_ = layout; }

    /// A ring of pairs of texels of an image of so many cells, instead: an even number of them, of
    /// which the first and second, the third and fourth, and so on may be the same. The launches
    /// follow it from its start, moving on.
    [[nodiscard]] BoundLaunch link_pairs(std::vector<Texel> pairs, const Extent &cells);

private:
    ImageChase(Bench &bench, const Program &program);

    void use(const ImageShape &shape);
    void make_room(const Ring &ring) override;
    [[nodiscard]] Argument memory() const override { return *image_; }
    [[nodiscard]] std::vector<Argument> layout() const override { return {layout_}; }
    [[nodiscard]] std::vector<std::uint32_t> address(const Ring &ring,
                                                     std::uint64_t position) const override;
    [[nodiscard]] std::uint32_t sum(const Ring &ring) const override {
        return layout_.sum(ring.blocks);
    }

    Kernel link_pairs_;
    Kernel follow_pairs_;
    std::optional<Image> image_;
    Layout layout_;
};

} // namespace clprobe::probes::image_latency
