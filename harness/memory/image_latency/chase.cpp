#include "common/launch_size.hpp"
#include "memory/image_latency/chase.hpp"

#include <memory>
#include <utility>

namespace clprobe::probes::image_latency {

ImageChase::ImageChase(Bench &bench) : ImageChase(bench, bench.build("memory/image_latency", "")) {}

ImageChase::ImageChase(Bench &bench, const Program &program)
    : RingMemory(bench, program, sizeof(Texel) / sizeof(std::uint32_t)),
      link_pairs_(program.kernel("link_pairs")), follow_pairs_(program.kernel("follow_pairs")) {}

void ImageChase::use(const ImageShape &shape) {
    if (image_ && image_->shape() == shape)
        return;
    image_.reset();
    image_ = bench().image(shape);
}

void ImageChase::make_room(const Ring &ring) {
    use({image_format, layout_.image_width(), layout_.image_height(ring.blocks)});
}

std::vector<std::uint32_t> ImageChase::address(const Ring &ring, std::uint64_t position) const {
    const Texel texel = layout_.texel(ring.address(position) / ring.block_bytes);
    return {texel.x, texel.y};
}

BoundLaunch ImageChase::link_pairs(std::vector<Texel> pairs, const Extent &cells) {
    use({image_format, std::size_t{cells.width} * cell, std::size_t{cells.height} * cell});
    const Buffer texels = bench().buffer(pairs.size() * sizeof(Texel));
    bench().write<Texel>(texels, pairs);
    const std::size_t groups = bench().tiny() ? 2 : 64;
    bench().launch({link_pairs_,
                    NdRange::linear(groups, group_size(bench(), link_pairs_, 64)),
                    {*image_, texels, static_cast<std::uint32_t>(pairs.size() / 2)}});
    BoundLaunch launch{
        follow_pairs_, NdRange::linear(1, 1), {*image_, start(), output(end()), trip_count}};
    probes::follow(launch, bench(), start(), end(),
                   [pairs = std::move(pairs)](std::uint64_t trips) -> std::vector<std::uint32_t> {
                       const Texel texel = pairs[hops * trips % pairs.size()];
                       return {texel.x, texel.y};
                   });
    return launch;
}

} // namespace clprobe::probes::image_latency
