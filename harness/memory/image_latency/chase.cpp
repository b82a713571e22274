#include "common/launch_size.hpp"
#include "memory/image_latency/chase.hpp"

#include <clprobe/error.hpp>

#include <algorithm>
#include <array>
#include <numeric>

namespace clprobe::probes::image_latency {
namespace {

constexpr std::size_t word = sizeof(std::uint32_t);
constexpr std::uint32_t piece = 1u << 16; ///< blocks that one launch links

void expect(bool right) {
    if (!right)
        throw VerificationError("the linking or the following of a ring of texels did not do what "
                                "the host computes");
}

} // namespace

ImageChase::ImageChase(Bench &bench) : ImageChase(bench, bench.build("memory/image_latency", "")) {}

ImageChase::ImageChase(Bench &bench, const Program &program)
    : bench_(bench), link_ring_(program.kernel("link_ring")),
      link_pairs_(program.kernel("link_pairs")), follow_ring_(program.kernel("follow_ring")),
      follow_pairs_(program.kernel("follow_pairs")),
      lanes_(is_cpu(bench) ? 1 : group_size(bench, follow_ring_, 1024)),
      groups_(is_cpu(bench) ? units_of(bench) : 1), sums_(bench.buffer(groups_ * lanes_ * word)),
      start_(bench.buffer(sizeof(Texel))), last_(bench.buffer(groups_ * sizeof(Texel))) {
    follow_ring_.set(5, sums_);
    follow_ring_.set(6, start_);
    follow_ring_.set(7, last_);
    follow_pairs_.set(1, start_);
    follow_pairs_.set(2, last_);
}

void ImageChase::use(const ImageShape &shape) {
    if (image_ && image_->shape() == shape)
        return;
    image_.reset();
    image_ = bench_.image(shape);
    for (Kernel *kernel : {&link_ring_, &link_pairs_, &follow_ring_, &follow_pairs_})
        kernel->set(0, *image_);
}

void ImageChase::link(const Ring &ring) {
    ring_ = ring;
    position_ = 0;
    use({image_format, layout_.image_width(), layout_.image_height(ring.blocks)});
    const std::size_t groups = bench_.tiny() ? 2 : 256;
    const NdRange range = NdRange::linear(groups, group_size(bench_, link_ring_, 64));
    link_ring_.set(1, ring);
    link_ring_.set(2, layout_);
    for (std::uint32_t first = 0; first < ring.blocks; first += piece) {
        link_ring_.set(3, first);
        link_ring_.set(4, std::min(ring.blocks, first + piece));
        bench_.launch({link_ring_, range, {}, {}, {}});
    }
}

void ImageChase::link(std::vector<Texel> pairs, const Extent &cells) {
    pairs_ = std::move(pairs);
    position_ = 0;
    use({image_format, std::size_t{cells.width} * cell, std::size_t{cells.height} * cell});
    const Buffer texels = bench_.buffer(pairs_.size() * sizeof(Texel));
    bench_.write<Texel>(texels, pairs_);
    link_pairs_.set(1, texels);
    link_pairs_.set(2, static_cast<std::uint32_t>(pairs_.size() / 2));
    const std::size_t groups = bench_.tiny() ? 2 : 64;
    bench_.launch(
        {link_pairs_, NdRange::linear(groups, group_size(bench_, link_pairs_, 64)), {}, {}, {}});
}

void ImageChase::warm() {
    Work work = follow(true);
    work.range = NdRange::linear(groups_, lanes_);
    bench_.launch(work, 0);
}

Texel ImageChase::at(std::uint64_t position) const {
    return layout_.texel(ring_.address(position) / ring_.block_bytes);
}

Work ImageChase::follow(bool warmed) {
    const auto prepare = [this, warmed] {
        follow_ring_.set(1, ring_);
        follow_ring_.set(2, layout_);
        follow_ring_.set(3, static_cast<cl_uint>(position_ % ring_.blocks));
        follow_ring_.set(4, warmed ? ring_.blocks : 0);
        bench_.write<Texel>(start_, std::array{at(position_)});
        bench_.poison(sums_);
        bench_.poison(last_);
    };
    const auto verify = [this, warmed](std::uint32_t trips) {
        position_ += std::uint64_t{hops} * trips;
        const auto sums = bench_.read<std::uint32_t>(sums_, 0, lanes_);
        expect(bench_.read<Texel>(last_, 0, 1)[0] == at(position_));
        expect(std::accumulate(sums.begin(), sums.end(), 0u) ==
               (warmed ? layout_.sum(ring_.blocks) : 0));
    };
    return {follow_ring_, NdRange::linear(1, lanes_), 8u, prepare, verify};
}

Work ImageChase::follow_pairs() {
    const auto prepare = [this] {
        bench_.write<Texel>(start_, std::array{pairs_[position_ % pairs_.size()]});
        bench_.poison(last_);
    };
    const auto verify = [this](std::uint32_t trips) {
        position_ += std::uint64_t{hops} * trips;
        expect(bench_.read<Texel>(last_, 0, 1)[0] == pairs_[position_ % pairs_.size()]);
    };
    return {follow_pairs_, NdRange::linear(1, 1), 3u, prepare, verify};
}

} // namespace clprobe::probes::image_latency
