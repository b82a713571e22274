#include "memory/image_latency/image_latency.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <set>
#include <utility>

using namespace clprobe::probes;
using namespace clprobe::probes::image_latency;

namespace {

bool together(std::uint32_t a, std::uint32_t b, std::uint32_t size) {
    return a / size == b / size;
}

} // namespace

TEST_CASE("unit.image_latency.a_ring_visits_each_line_once") {
    std::mt19937_64 random(1);
    for (const Extent &line : {Extent{2, 4}, Extent{4, 1}, Extent{1, 1}, Extent{4, 4}})
        for (const std::size_t bytes : {1024u, 5120u, 65536u}) {
            const ImageRing made = image_ring(line, bytes, random);
            CAPTURE(line.width, line.height, bytes);
            CHECK(made.ring.bytes() == bytes);
            CHECK(std::size_t{made.ring.length()} * line.bytes() == bytes);
            std::set<std::pair<std::uint32_t, std::uint32_t>> lines;
            std::uint32_t sum = 0;
            for (std::uint32_t i = 0; i < made.ring.length(); ++i) {
                const Texel texel = made.layout.texel(made.ring.address(i) / made.ring.block_bytes);
                CHECK(texel.x < made.layout.image_width());
                CHECK(texel.y < made.layout.image_height(made.ring.blocks));
                sum += texel.x + texel.y;
                lines.insert({texel.x / line.width, texel.y / line.height});
            }
            CHECK(lines.size() == made.ring.length());
            CHECK(sum == made.layout.sum(made.ring.blocks));
        }
}

TEST_CASE("unit.image_latency.images_of_rings_are_nearly_square") {
    std::mt19937_64 random(3);
    for (const Extent &line : {Extent{2, 4}, Extent{4, 1}})
        for (std::size_t bytes = 1 << 12; bytes <= std::size_t{1} << 28; bytes *= 4) {
            const ImageRing made = image_ring(line, bytes, random);
            const std::size_t width = made.layout.image_width();
            const std::size_t height = made.layout.image_height(made.ring.blocks);
            CAPTURE(bytes, width, height);
            CHECK(width <= 4 * height);
            CHECK(height <= 4 * width);
            CHECK(width * height >= bytes / texel_bytes);
            CHECK(width * height <= 2 * bytes / texel_bytes);
        }
}

TEST_CASE("unit.image_latency.pairs_are_in_neighbouring_blocks") {
    std::mt19937_64 random(4);
    const Extent cells{8, 4};
    for (const Direction direction : {Direction::x, Direction::y, Direction::block})
        for (const std::uint32_t distance : {1u, 2u, 4u, 8u}) {
            const auto order = paired_texels(20, cells, direction, distance, random);
            CAPTURE(static_cast<int>(direction), distance);
            REQUIRE(order.size() == 40);
            for (std::size_t i = 0; i < order.size(); i += 2) {
                const Texel &a = order[i];
                const Texel &b = order[i + 1];
                CHECK((a.x < cells.width * cell && a.y < cells.height * cell));
                CHECK((together(a.x, b.x, cell) && together(a.y, b.y, cell)));
                CHECK(together(a.x, b.x, 2 * distance));
                CHECK(together(a.y, b.y, 2 * distance));
                CHECK(together(a.x, b.x, distance) == (direction == Direction::y));
                CHECK(together(a.y, b.y, distance) == (direction == Direction::x));
                if (direction == Direction::x)
                    CHECK(a.y == b.y);
                if (direction == Direction::y)
                    CHECK(a.x == b.x);
            }
        }
    const auto twice = paired_texels(20, cells, Direction::x, 0, random);
    for (std::size_t i = 0; i < twice.size(); i += 2)
        CHECK(twice[i] == twice[i + 1]);
}

TEST_CASE("unit.image_latency.each_pair_has_a_cell_of_its_own") {
    std::mt19937_64 random(5);
    for (const std::size_t count : {7u, 16u, 100u}) {
        const auto order = paired_texels(count, {4, 4}, Direction::block, 4, random);
        CHECK(order.size() == 2 * std::min<std::size_t>(count, 16));
        std::set<std::pair<std::uint32_t, std::uint32_t>> used;
        for (const Texel &texel : order)
            used.insert({texel.x / cell, texel.y / cell});
        CHECK(used.size() == order.size() / 2);
    }
}
