#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string_view>
#include <vector>

namespace clprobe::probes::image_bandwidth {

/// How the work-items of a group lie in a tile: beside each other along x, along y, in a square,
/// anywhere, or all on one texel.
enum class Pattern { row, column, block, random, same };
inline constexpr std::array<std::string_view, 5> pattern_names{"row", "column", "block", "random",
                                                               "same"};

/// A texel's coordinates, as the kernels have them.
struct TexelAt {
    std::uint32_t x = 0;
    std::uint32_t y = 0;

    bool operator==(const TexelAt &) const = default;
};

/// Texels that a work-item reads in a trip.
inline constexpr std::size_t reads = 16;

/// A tile of a power of two of texels along x and along y: where each work-item of a group reads in
/// it, which it combines with each of the offsets by an exclusive or.
struct Tile {
    std::uint32_t width_log2 = 0;
    std::uint32_t height_log2 = 0;
    std::array<std::uint32_t, 4> xs{};
    std::array<std::uint32_t, 4> ys{};
    std::vector<TexelAt> places;

    [[nodiscard]] std::size_t texels() const {
        return std::size_t{1} << (width_log2 + height_log2);
    }
};

/// The tile for groups of so many work-items (a power of two), each texel of which is read once a
/// trip, or more often where it may have no more than `most_texels`.
[[nodiscard]] Tile tile_of(Pattern pattern, std::size_t work_items, std::size_t most_texels,
                           std::mt19937_64 &random);

/// Which tiles the groups go through, as kernels/memory/image_bandwidth.cl has it: the same fields
/// in the same order.
struct Walk {
    std::uint32_t first = 0;
    std::uint32_t apart = 1;
    std::uint32_t tiles = 1;
    std::uint32_t columns_log2 = 0;
    std::uint32_t width_log2 = 0;
    std::uint32_t height_log2 = 0;
    std::array<std::uint32_t, 4> xs{};
    std::array<std::uint32_t, 4> ys{};

    /// Where it goes on after a launch of so many trips.
    void advance(std::uint32_t trips);
};

/// A walk through `tiles` tiles, 2^columns_log2 of them in a row. Each group goes through all of
/// them in turn; they begin as far apart as there is room for, so that a tile comes to a group
/// again only after all others, and to all groups together too.
[[nodiscard]] Walk walk_through(const Tile &tile, std::size_t tiles, std::uint32_t columns_log2,
                                std::size_t groups);

/// What an image holds: 32 random bits for each texel.
[[nodiscard]] std::uint32_t painted(std::uint32_t x, std::uint32_t y, std::uint32_t key);

/// The value of a read at a texel, as a whole number.
using Texel = std::function<std::uint32_t(std::uint32_t x, std::uint32_t y)>;
/// The first channels of a texel of bytes.
[[nodiscard]] Texel nearest_texel(std::uint32_t key, std::size_t channels);
/// Those of a read between four texels, times four.
[[nodiscard]] Texel linear_texel(std::uint32_t key, std::size_t channels);
/// The four words of a texel.
[[nodiscard]] Texel word_texel(std::uint32_t key);

/// What a work-item at that place of a tile leaves.
[[nodiscard]] std::uint32_t sum_of(const Walk &walk, const TexelAt &place, std::size_t group,
                                   std::uint32_t trips, const Texel &texel);

} // namespace clprobe::probes::image_bandwidth
