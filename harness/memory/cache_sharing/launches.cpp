#include "memory/cache_sharing/cache_sharing.hpp"

#include <algorithm>
#include <numeric>

namespace clprobe::probes::cache_sharing {
namespace {

// As in the kernel.
constexpr std::size_t word = sizeof(std::uint32_t);
constexpr std::size_t width = 64; ///< texels of an image
constexpr std::size_t texel = 16; ///< B
constexpr std::size_t slot = 64;  ///< B: of rings, and between reads that evict
constexpr std::size_t slots_in_row = width * texel / slot;

/// What the kernel takes by value: the same fields in the same order.
struct Round {
    std::uint32_t image_hops = 0;
    std::uint32_t buffer_hops = 0;
    std::uint32_t image_reads = 0;
    std::uint32_t buffer_reads = 0;
};

ImageShape shape_for(std::size_t bytes) {
    return {{CL_RGBA, CL_UNSIGNED_INT32}, width, (bytes - 1) / (width * texel) + 1};
}

/// The texel of a slot: those of every other row are 32 B further on, so that lines narrower than a
/// slot are all visited.
std::array<std::uint32_t, 2> texel_of(std::size_t number) {
    const std::size_t row = number / slots_in_row;
    const std::size_t column = number % slots_in_row * (slot / texel) + row % 2 * 2;
    return {static_cast<std::uint32_t>(column), static_cast<std::uint32_t>(row)};
}

/// The first word of that texel in an image's words.
std::size_t word_of_texel(std::size_t number) {
    const auto [x, y] = texel_of(number);
    return (std::size_t{y} * width + x) * (texel / word);
}

std::vector<std::uint32_t> random_words(std::size_t bytes, std::mt19937_64 &random) {
    std::vector<std::uint32_t> words(bytes / word);
    std::generate(words.begin(), words.end(), [&] { return static_cast<std::uint32_t>(random()); });
    return words;
}

/// A ring through about so many bytes.
Ring ring_over(std::size_t bytes, std::mt19937_64 &random) {
    Ring ring;
    ring.order.resize(std::max<std::size_t>(2, bytes / slot));
    std::iota(ring.order.begin(), ring.order.end(), 0u);
    std::shuffle(ring.order.begin(), ring.order.end(), random);
    return ring;
}

} // namespace

Rounds::Rounds(Bench &bench, std::size_t image_bytes, std::size_t buffer_bytes,
               std::size_t evicting_bytes)
    : bench_(bench), program_(bench.build("memory/cache_sharing", "")),
      in_image_(ring_over(image_bytes, bench.random())),
      in_buffer_(ring_over(buffer_bytes, bench.random())),
      texels_(random_words(shape_for(evicting_bytes).bytes(), bench.random())),
      words_(random_words(shape_for(evicting_bytes).bytes(), bench.random())),
      ring_image_(bench.image(shape_for(in_image_.order.size() * slot))),
      other_image_(bench.image(shape_for(evicting_bytes))),
      ring_buffer_(bench.buffer(in_buffer_.order.size() * slot)),
      other_buffer_(bench.buffer(words_.size() * word)), start_(bench.buffer(4 * word)),
      results_(bench.buffer(4 * word)) {
    std::vector<std::uint32_t> image(ring_image_.shape().bytes() / word);
    std::vector<std::uint32_t> buffer(ring_buffer_.bytes() / word);
    for (std::size_t i = 0; i < in_image_.order.size(); ++i) {
        const auto next = texel_of(in_image_.order[(i + 1) % in_image_.order.size()]);
        std::copy(next.begin(), next.end(),
                  image.begin() + static_cast<std::ptrdiff_t>(word_of_texel(in_image_.order[i])));
    }
    for (std::size_t i = 0; i < in_buffer_.order.size(); ++i)
        buffer[in_buffer_.order[i] * (slot / word)] = static_cast<std::uint32_t>(
            in_buffer_.order[(i + 1) % in_buffer_.order.size()] * (slot / word));
    bench_.write_texels(ring_image_, image.data());
    bench_.write_texels(other_image_, texels_.data());
    bench_.write<std::uint32_t>(ring_buffer_, buffer);
    bench_.write<std::uint32_t>(other_buffer_, words_);
    const auto first = texel_of(in_image_.after(0));
    bench_.write<std::uint32_t>(
        start_, std::array<std::uint32_t, 4>{
                    first[0], first[1],
                    static_cast<std::uint32_t>(in_buffer_.after(0) * (slot / word)), 0});
}

std::uint32_t Rounds::evicting_sum(Path evictor, std::uint32_t trips) const {
    const bool image = evictor == Path::image;
    std::uint32_t total = 0;
    for (std::uint32_t phase = 0; phase < 2; ++phase) {
        std::uint32_t sum = 0;
        for (std::size_t i = 0; i < words_.size() * word / slot; ++i)
            sum += image ? texels_[word_of_texel(i) + phase * (texel / word)]
                         : words_[i * (slot / word) + phase];
        total += sum * (trips / 2 + (phase < trips % 2 ? 1 : 0));
    }
    return total;
}

std::vector<std::uint32_t> Rounds::expected(const RoundRow &round, std::uint32_t trips) const {
    const auto texel_at = texel_of(in_image_.after(round.victim == Path::image ? trips : 0));
    const std::size_t slot_at = in_buffer_.after(round.victim == Path::buffer ? trips : 0);
    return {texel_at[0], texel_at[1], static_cast<std::uint32_t>(slot_at * (slot / word)),
            round.evictor == Path::none ? 0 : evicting_sum(round.evictor, trips)};
}

BoundLaunch Rounds::launch(const RoundRow &round) {
    const auto hops = [&](Path path, const Ring &ring) {
        return static_cast<std::uint32_t>(round.victim == path ? ring.hops() : 0);
    };
    const auto reads = [&](Path path) {
        return static_cast<std::uint32_t>(round.evictor == path ? words_.size() * word / slot : 0);
    };
    return {program_.kernel("rounds"),
            NdRange::linear(1, 1),
            {ring_image_, ring_buffer_, other_image_, other_buffer_,
             Round{hops(Path::image, in_image_), hops(Path::buffer, in_buffer_), reads(Path::image),
                   reads(Path::buffer)},
             start_, output(results_), trip_count},
            [this, round](const LaunchOutcome &outcome) {
                outcome.expect(
                    outcome.read<std::uint32_t>(results_, 0, 4) == expected(round, outcome.trips()),
                    "the rounds did not end where they should, or did not read what there is");
            }};
}

} // namespace clprobe::probes::cache_sharing
