#include "memory/image_bandwidth/image_bandwidth.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

using namespace clprobe::probes::image_bandwidth;

namespace {

using Texels = std::map<std::pair<std::uint32_t, std::uint32_t>, int>;

/// How often each texel of a tile is read in a trip of a group.
Texels reads_of(const Tile &tile) {
    Texels texels;
    for (const TexelAt &position : tile.positions)
        for (const std::uint32_t x : tile.xs)
            for (const std::uint32_t y : tile.ys)
                ++texels[{position.x ^ x, position.y ^ y}];
    return texels;
}

/// What the kernel does, step by step.
std::uint32_t sum_as_the_kernel_does(const Walk &walk, const TexelAt &position, std::uint32_t group,
                                     std::uint32_t trips, const Texel &texel) {
    std::uint32_t tile = (walk.first + group * walk.apart) % walk.tiles;
    std::uint32_t total = 0;
    for (std::uint32_t trip = 0; trip < trips; ++trip) {
        const std::uint32_t column = tile & ((1u << walk.columns_log2) - 1);
        const std::uint32_t x = (column << walk.tile.width_log2) + position.x;
        const std::uint32_t y = ((tile >> walk.columns_log2) << walk.tile.height_log2) + position.y;
        for (const std::uint32_t dx : walk.tile.xs)
            for (const std::uint32_t dy : walk.tile.ys)
                total += texel(x ^ dx, y ^ dy);
        tile = tile + 1 < walk.tiles ? tile + 1 : 0;
    }
    return total;
}

} // namespace

TEST_CASE("unit.image_bandwidth.a_trip_reads_each_texel_of_a_tile_once") {
    std::mt19937_64 random(1);
    for (const std::size_t items : {8u, 16u, 32u, 64u})
        for (const Pattern pattern : {Pattern::row, Pattern::column, Pattern::block}) {
            const Tile tile = tile_of(pattern, items, 1u << 20, random);
            CAPTURE(items, static_cast<int>(pattern));
            CHECK(tile.texels() == items * reads);
            const Texels texels = reads_of(tile);
            CHECK(texels.size() == tile.texels());
            CHECK(std::all_of(texels.begin(), texels.end(), [&](const auto &texel) {
                return texel.first.first < 1u << tile.width_log2 &&
                       texel.first.second < 1u << tile.height_log2 && texel.second == 1;
            }));
        }
}

TEST_CASE("unit.image_bandwidth.a_small_tile_is_read_evenly_and_nothing_beyond") {
    std::mt19937_64 random(2);
    for (const std::size_t most : {1u, 64u, 256u, 512u})
        for (const Pattern pattern :
             {Pattern::row, Pattern::column, Pattern::block, Pattern::random, Pattern::same}) {
            const Tile tile = tile_of(pattern, 64, most, random);
            CAPTURE(most, static_cast<int>(pattern));
            CHECK(tile.texels() == most);
            const Texels texels = reads_of(tile);
            for (const auto &[at, times] : texels) {
                CHECK(at.first < 1u << tile.width_log2);
                CHECK(at.second < 1u << tile.height_log2);
                if (pattern != Pattern::random && pattern != Pattern::same)
                    CHECK(times == static_cast<int>(64 * reads / most));
            }
        }
}

TEST_CASE("unit.image_bandwidth.patterns_lie_as_they_are_called") {
    std::mt19937_64 random(3);
    const Tile row = tile_of(Pattern::row, 64, 1u << 20, random);
    CHECK(row.positions[63] == TexelAt{63, 0});
    const Tile column = tile_of(Pattern::column, 64, 1u << 20, random);
    CHECK(column.positions[63] == TexelAt{0, 63});
    const Tile block = tile_of(Pattern::block, 64, 1u << 20, random);
    CHECK(block.positions[63] == TexelAt{7, 7});
    const Tile same = tile_of(Pattern::same, 64, 1u << 20, random);
    CHECK(std::set<std::uint32_t>{same.positions[0].x, same.positions[63].x}.size() == 1);
    // A small row stays a row.
    CHECK(tile_of(Pattern::row, 64, 256, random).height_log2 == 0);
    CHECK(tile_of(Pattern::column, 64, 256, random).width_log2 == 0);
}

TEST_CASE("unit.image_bandwidth.groups_begin_apart_and_go_through_all_tiles") {
    std::mt19937_64 random(4);
    const Tile tile = tile_of(Pattern::block, 64, 1u << 20, random);
    for (const std::size_t groups : {1u, 2u, 64u, 132u})
        for (const std::size_t tiles : {1u, 2u, 3u, 64u, 100u, 4096u}) {
            const Walk walk = walk_through(tile, tiles, 3, groups);
            CAPTURE(groups, tiles);
            std::set<std::size_t> starts;
            for (std::size_t group = 0; group < groups; ++group)
                starts.insert(group * walk.apart % tiles);
            CHECK(starts.size() == std::min(groups, tiles));
            std::set<std::uint32_t> visited;
            Walk at = walk;
            for (std::size_t trip = 0; trip < tiles; ++trip) {
                visited.insert(at.first);
                at.advance(1);
            }
            CHECK(visited.size() == tiles);
            CHECK(at.first == walk.first);
            at.advance(static_cast<std::uint32_t>(tiles) * 5 + 1);
            CHECK(at.first == 1 % tiles);
        }
}

TEST_CASE("unit.image_bandwidth.the_model_sums_as_the_kernel_does") {
    std::mt19937_64 random(5);
    const Tile tile = tile_of(Pattern::block, 64, 1u << 20, random);
    for (const std::size_t tiles : {1u, 2u, 7u, 32u}) {
        Walk walk = walk_through(tile, tiles, 2, 6);
        walk.first = static_cast<std::uint32_t>(random() % tiles);
        for (const std::uint32_t trips : {0u, 1u, 4u, 31u, 100u}) {
            CAPTURE(tiles, trips);
            for (const Texel &texel :
                 {nearest_texel(9, 1), nearest_texel(9, 4), linear_texel(9, 2), word_texel(9)})
                CHECK(sum_of(walk, tile.positions[13], 5, trips, texel) ==
                      sum_as_the_kernel_does(walk, tile.positions[13], 5, trips, texel));
        }
    }
}

TEST_CASE("unit.image_bandwidth.a_read_between_texels_is_four_of_them") {
    const Texel one = nearest_texel(7, 3);
    CHECK(linear_texel(7, 3)(5, 8) == one(5, 8) + one(6, 8) + one(5, 9) + one(6, 9));
    CHECK(one(5, 8) <= 3 * 255);
    CHECK(one(5, 8) != nearest_texel(8, 3)(5, 8));
}
