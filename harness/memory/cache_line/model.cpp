#include "common/random.hpp"
#include "memory/cache_line/cache_line.hpp"

#include <algorithm>

namespace clprobe::probes::cache_line {

WordRing spaced_ring(std::size_t slots, std::size_t stride, std::mt19937_64 &random) {
    WordRing ring;
    ring.order = shuffled(slots, random);
    for (std::uint32_t &slot : ring.order)
        slot *= static_cast<std::uint32_t>(stride / word);
    return ring;
}

void move_to_random_page(WordRing &ring, std::size_t bytes, std::mt19937_64 &random) {
    const std::size_t page = random() % (bytes / alignment + 1);
    for (std::uint32_t &slot : ring.order)
        slot += static_cast<std::uint32_t>(page * alignment / word);
}

WordRing paged_ring(std::size_t slots, std::size_t stride, std::size_t page,
                    std::mt19937_64 &random) {
    const std::size_t in_page = std::clamp<std::size_t>(page / stride, 1, slots);
    WordRing ring;
    for (const std::uint32_t number : shuffled(slots / in_page, random))
        for (const std::uint32_t slot : shuffled(in_page, random))
            ring.order.push_back(
                static_cast<std::uint32_t>((number * in_page + slot) * (stride / word)));
    return ring;
}

WordRing paired_ring(std::span<const std::uint32_t> cells, std::size_t distance,
                     std::mt19937_64 &random) {
    constexpr auto cell_words = static_cast<std::uint32_t>(pair_cell / word);
    const auto words = static_cast<std::uint32_t>(distance / word);
    WordRing ring;
    for (const std::uint32_t cell : cells) {
        const auto first = static_cast<std::uint32_t>(random() % cell_words);
        const auto within = static_cast<std::uint32_t>(random() % words);
        const std::uint32_t second = ((first ^ words) & ~(words - 1)) | within;
        ring.order.push_back(cell * cell_words + first);
        ring.order.push_back(cell * cell_words + second);
    }
    return ring;
}

} // namespace clprobe::probes::cache_line
