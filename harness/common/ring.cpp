#include "common/ring.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>

namespace clprobe::probes {
namespace {

// What follows computes as the kernels do.

std::uint32_t scrambled(std::uint32_t number, std::uint32_t mask, std::uint32_t shift,
                        std::uint32_t key) {
    for (int round = 0; round < 4; ++round) {
        number = (number * (2 * key + 1) + (key >> 16)) & mask;
        number ^= number >> shift;
        key = key * 1664525u + 1013904223u;
    }
    return number;
}

std::uint32_t block_at(std::uint32_t number, const Ring &ring) {
    const auto width = static_cast<std::uint32_t>(std::bit_width(ring.blocks - 1));
    const std::uint32_t shift = std::clamp(width, 1u, 31u);
    const std::uint32_t mask = (1u << shift) - 1;
    do
        number = scrambled(number, mask, (shift + 1) / 2, ring.key);
    while (number >= ring.blocks);
    return number;
}

std::uint32_t slot_at(std::uint32_t block, std::uint32_t pass, const Ring &ring) {
    std::uint32_t slot = 0;
    for (std::uint32_t bit = ring.slots / 2; bit > 0; bit /= 2, pass /= 2)
        slot += bit * (pass & 1);
    std::uint32_t at = block * ring.block_bytes + slot * ring.slot_bytes;
    if (ring.pages > 0)
        at += ((block * 2654435769u >> 16) * (ring.slot_bytes / 64) >> 16) * 64 +
              ((block * 1779033703u >> 16) * ring.pages >> 16) * 4096;
    return ring.offset + at;
}

/// At some multiple of `alignment` in the first `room` bytes, in some order.
Ring placed(Ring ring, std::size_t room, std::mt19937_64 &random, std::size_t alignment) {
    constexpr std::size_t addressable = std::numeric_limits<std::uint32_t>::max();
    if (ring.bytes() > std::min(room, addressable))
        throw std::invalid_argument("a ring that is longer than its memory");
    const std::size_t places = (room - ring.bytes()) / alignment + 1;
    ring.offset = static_cast<std::uint32_t>(random() % places * alignment);
    ring.key = static_cast<std::uint32_t>(random());
    return ring;
}

} // namespace

std::uint32_t Ring::address(std::uint64_t position) const {
    const auto here = static_cast<std::uint32_t>(position % length());
    return slot_at(block_at(here % blocks, *this), here / blocks, *this);
}

std::uint32_t Ring::sum() const {
    const std::uint32_t behind_first = slot_bytes * (slots * (slots - 1) / 2);
    std::uint32_t sum = 0;
    for (std::uint32_t block = 0; block < blocks; ++block)
        sum += slots * slot_at(block, 0, *this) + behind_first;
    return sum;
}

Ring dense_ring(std::size_t bytes, std::size_t room, std::mt19937_64 &random) {
    constexpr std::uint32_t block = 256; // no line is longer
    constexpr std::uint32_t slot = 64;   // few are shorter
    const auto blocks = static_cast<std::uint32_t>(std::max<std::size_t>(1, bytes / block));
    return placed({0, blocks, block, block / slot, slot}, room, random, ring_alignment);
}

Ring spread_ring(std::size_t blocks, std::size_t block_bytes, std::size_t slots, std::size_t room,
                 std::mt19937_64 &random) {
    constexpr std::size_t least_pages = 16; // for the sets of a TLB
    // Pages lie at multiples of their size, and large memory usually at one of 2 MiB.
    constexpr std::size_t most_aligned = std::size_t{2} << 20;
    const std::size_t pages = block_bytes / ring_alignment;
    return placed(
        {.blocks = static_cast<std::uint32_t>(blocks),
         .block_bytes = static_cast<std::uint32_t>(block_bytes),
         .slots = static_cast<std::uint32_t>(slots),
         .slot_bytes = static_cast<std::uint32_t>(std::min(block_bytes, ring_alignment) / slots),
         .pages = static_cast<std::uint32_t>(std::max(std::min(pages, least_pages), pages / 8))},
        room, random, std::clamp(std::bit_floor(block_bytes), ring_alignment, most_aligned));
}

} // namespace clprobe::probes
