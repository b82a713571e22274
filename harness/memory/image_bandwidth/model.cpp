#include "memory/image_bandwidth/image_bandwidth.hpp"

#include <algorithm>
#include <bit>

namespace clprobe::probes::image_bandwidth {
namespace {

/// Where a work-item is in its group: in a square, those that follow each other are in squares too,
/// whatever number of them the device runs in step (Morton's order).
TexelAt position_of(std::uint32_t item, std::uint32_t along_x, std::uint32_t along_y) {
    TexelAt position;
    for (std::uint32_t bit = 0; bit < std::max(along_x, along_y); ++bit) {
        if (bit < along_x) {
            position.x |= (item & 1) << bit;
            item >>= 1;
        }
        if (bit < along_y) {
            position.y |= (item & 1) << bit;
            item >>= 1;
        }
    }
    return position;
}

/// Halves the tile until it has no more than so many texels, across the work-items first.
void shrink(Tile &tile, Pattern pattern, std::size_t most_texels) {
    while (tile.texels() > std::max<std::size_t>(most_texels, 1)) {
        bool flatter = tile.height_log2 >= tile.width_log2;
        if (pattern == Pattern::row)
            flatter = tile.height_log2 > 0;
        else if (pattern == Pattern::column)
            flatter = tile.width_log2 == 0;
        --(flatter ? tile.height_log2 : tile.width_log2);
    }
}

constexpr std::uint32_t wide = 2; ///< bits of each of the offsets

} // namespace

std::vector<std::string> format_keys() {
    std::vector<std::string> keys;
    for (const Format &format : formats)
        keys.push_back(format.key);
    return keys;
}

Tile tile_of(Pattern pattern, std::size_t work_items, std::size_t most_texels,
             std::mt19937_64 &random) {
    const auto bits = static_cast<std::uint32_t>(std::bit_width(work_items) - 1);
    const std::uint32_t along_x = pattern == Pattern::row      ? bits
                                  : pattern == Pattern::column ? 0
                                                               : (bits + 1) / 2;
    const std::uint32_t along_y = bits - along_x;
    Tile tile{{along_x + wide, along_y + wide}, {}};
    shrink(tile, pattern, most_texels);
    const std::uint32_t x_mask = (1u << tile.width_log2) - 1;
    const std::uint32_t y_mask = (1u << tile.height_log2) - 1;
    for (std::uint32_t i = 0; i < tile.xs.size(); ++i) {
        tile.xs[i] = (i << along_x) & x_mask;
        tile.ys[i] = (i << along_y) & y_mask;
    }
    const auto anywhere = [&] {
        const auto number = static_cast<std::uint32_t>(random());
        return TexelAt{number & x_mask, (number >> 16) & y_mask};
    };
    const TexelAt one = anywhere();
    for (std::uint32_t item = 0; item < work_items; ++item) {
        const TexelAt whole = position_of(item, along_x, along_y);
        const TexelAt own{whole.x & x_mask, whole.y & y_mask};
        tile.positions.push_back(pattern == Pattern::random ? anywhere()
                                 : pattern == Pattern::same ? one
                                                            : own);
    }
    return tile;
}

Walk walk_through(const Tile &tile, std::size_t tiles, std::uint32_t columns_log2,
                  std::size_t groups) {
    const Tiling &tiling = tile;
    return {0, static_cast<std::uint32_t>(std::max<std::size_t>(1, tiles / groups)),
            static_cast<std::uint32_t>(tiles), columns_log2, tiling};
}

std::uint32_t painted(std::uint32_t x, std::uint32_t y, std::uint32_t key) {
    std::uint32_t bits = (x * 0x9e3779b1u ^ key) + y * 0x85ebca6bu;
    bits = (bits ^ bits >> 16) * 0x7feb352du;
    bits = (bits ^ bits >> 15) * 0x846ca68bu;
    return bits ^ bits >> 16;
}

Texel nearest_texel(std::uint32_t key, std::size_t channels) {
    return [=](std::uint32_t x, std::uint32_t y) {
        const std::uint32_t bits = painted(x, y, key);
        std::uint32_t sum = 0;
        for (std::size_t channel = 0; channel < channels; ++channel)
            sum += (bits >> (8 * channel)) & 255;
        return sum;
    };
}

Texel linear_texel(std::uint32_t key, std::size_t channels) {
    return [at = nearest_texel(key, channels)](std::uint32_t x, std::uint32_t y) {
        return at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1);
    };
}

Texel word_texel(std::uint32_t key) {
    constexpr std::uint32_t factors = 1 + 0x9e3779b1u + 0x85ebca77u + 0xc2b2ae3du;
    return [=](std::uint32_t x, std::uint32_t y) { return painted(x, y, key) * factors; };
}

std::uint32_t sum_of(const Walk &walk, const TexelAt &position, std::size_t group,
                     std::uint32_t trips, const Texel &texel) {
    const std::uint32_t columns = 1u << walk.columns_log2;
    auto tile = static_cast<std::uint32_t>((walk.first + group * walk.apart) % walk.tiles);
    std::uint32_t total = 0;
    for (std::uint32_t visit = 0; visit < std::min(trips, walk.tiles); ++visit) {
        const std::uint32_t x = ((tile % columns) << walk.tile.width_log2) + position.x;
        const std::uint32_t y = ((tile / columns) << walk.tile.height_log2) + position.y;
        std::uint32_t sum = 0;
        for (const std::uint32_t dx : walk.tile.xs)
            for (const std::uint32_t dy : walk.tile.ys)
                sum += texel(x ^ dx, y ^ dy);
        total += sum * (trips / walk.tiles + (visit < trips % walk.tiles ? 1 : 0));
        tile = (tile + 1) % walk.tiles;
    }
    return total;
}

} // namespace clprobe::probes::image_bandwidth
