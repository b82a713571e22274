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

    /// How rings that are linked from now on lie in their image.
    void lay_out(const Layout &layout) { layout_ = layout; }
    /// Each ring gets an image of its size.
    void link(const Ring &ring) override;
    void warm() override;
    [[nodiscard]] Work follow(bool warmed) override;

    /// A ring of pairs of texels of an image of so many cells, instead: an even number of them, of
    /// which the first and second, the third and fourth, and so on may be the same.
    void link(std::vector<Texel> pairs, const Extent &cells);
    /// Follows that from where it is, moving on.
    [[nodiscard]] Work follow_pairs();

private:
    void use(const ImageShape &shape);
    /// The texel at a position of the ring, counted round and round.
    [[nodiscard]] Texel at(std::uint64_t position) const;

    Bench &bench_;
    Kernel link_ring_;
    Kernel link_pairs_;
    Kernel follow_ring_;
    Kernel follow_pairs_;
    std::size_t lanes_;  ///< of a group that reads the ring
    std::size_t groups_; ///< that warm it, each all of it
    Buffer sums_;
    Buffer start_;
    Buffer last_;
    std::optional<Image> image_;
    Layout layout_;
    Ring ring_;
    std::vector<Texel> pairs_;
    std::uint64_t position_ = 0;

    ImageChase(Bench &bench, const Program &program);
};

} // namespace clprobe::probes::image_latency
