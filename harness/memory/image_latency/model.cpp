#include "common/random.hpp"
#include "memory/image_latency/image_latency.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace clprobe::probes::image_latency {
namespace {

std::uint32_t log2_of(std::size_t power) {
    return static_cast<std::uint32_t>(std::bit_width(power) - 1);
}

/// 0 + 1 + ... + (count - 1).
std::uint64_t sum_below(std::uint64_t count) {
    return count == 0 ? 0 : count * (count - 1) / 2;
}

/// The first texel of cells chosen at random.
std::vector<Texel> random_cells(std::size_t count, const Extent &cells, std::mt19937_64 &random) {
    std::vector<std::uint32_t> numbers = shuffled(std::size_t{cells.width} * cells.height, random);
    numbers.resize(std::min(count, numbers.size()));
    std::vector<Texel> texels;
    for (const std::uint32_t number : numbers)
        texels.push_back({number % cells.width * cell, number / cells.width * cell});
    return texels;
}

/// A coordinate in the block of `distance` that neighbours the one of `from`.
std::uint32_t neighbour(std::uint32_t from, std::uint32_t distance, std::mt19937_64 &random) {
    const auto within = static_cast<std::uint32_t>(random() % distance);
    return ((from ^ distance) & ~(distance - 1)) | within;
}

} // namespace

Texel Layout::texel(std::uint32_t block) const {
    return {(block & ((1u << row) - 1)) << width, block >> row << height};
}

std::uint32_t Layout::sum(std::uint32_t blocks) const {
    const std::uint64_t in_row = std::uint64_t{1} << row;
    const std::uint64_t full = blocks / in_row;
    const std::uint64_t rest = blocks % in_row;
    const std::uint64_t columns = full * sum_below(in_row) + sum_below(rest);
    const std::uint64_t rows = in_row * sum_below(full) + rest * full;
    return static_cast<std::uint32_t>((columns << width) + (rows << height));
}

std::size_t Layout::image_height(std::uint32_t blocks) const {
    const std::size_t in_row = std::size_t{1} << row;
    return (blocks + in_row - 1) / in_row << height;
}

ImageRing image_ring(const Extent &line, std::size_t bytes, std::mt19937_64 &random) {
    ImageRing made{{}, {log2_of(line.width), log2_of(line.height), 0}};
    made.ring.block_bytes = line.bytes();
    made.ring.blocks =
        static_cast<std::uint32_t>(std::max<std::size_t>(1, bytes / made.ring.block_bytes));
    made.ring.key = static_cast<std::uint32_t>(random());
    const std::size_t texels = made.ring.bytes() / texel_bytes;
    const auto side = static_cast<std::size_t>(std::sqrt(static_cast<double>(texels)));
    const std::uint32_t row = log2_of(std::bit_ceil(side));
    made.layout.row = row - std::min(row, made.layout.width);
    return made;
}

std::vector<Texel> paired_texels(std::size_t count, const Extent &cells, Direction direction,
                                 std::uint32_t distance, std::mt19937_64 &random) {
    std::vector<Texel> order;
    for (const Texel &corner : random_cells(count, cells, random)) {
        const Texel first{corner.x + static_cast<std::uint32_t>(random() % cell),
                          corner.y + static_cast<std::uint32_t>(random() % cell)};
        Texel second = first;
        if (distance > 0 && direction != Direction::y)
            second.x = neighbour(first.x, distance, random);
        if (distance > 0 && direction != Direction::x)
            second.y = neighbour(first.y, distance, random);
        order.insert(order.end(), {first, second});
    }
    return order;
}

} // namespace clprobe::probes::image_latency
