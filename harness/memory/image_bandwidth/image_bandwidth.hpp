#pragma once
#include "common/level_findings.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace clprobe::probes::image_bandwidth {

/// The formats whose rates are taken, by the names that findings have for them.
struct Format {
    std::string key;
    ImageFormat format;
};
inline const std::vector<Format> formats = {
    {"r8", {CL_R, CL_UNORM_INT8}},         {"r32f", {CL_R, CL_FLOAT}},
    {"rg32f", {CL_RG, CL_FLOAT}},          {"rgba8", {CL_RGBA, CL_UNORM_INT8}},
    {"rgba16f", {CL_RGBA, CL_HALF_FLOAT}}, {"rgba32f", {CL_RGBA, CL_FLOAT}}};
[[nodiscard]] std::vector<std::string> format_keys();

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

/// A tile of a power of two of texels along x and along y, and the offsets that a work-item
/// combines its place with by an exclusive or.
struct Tiling {
    std::uint32_t width_log2 = 0;
    std::uint32_t height_log2 = 0;
    std::array<std::uint32_t, 4> xs{};
    std::array<std::uint32_t, 4> ys{};

    [[nodiscard]] std::size_t texels() const {
        return std::size_t{1} << (width_log2 + height_log2);
    }
};

/// A tile, and where each work-item of a group reads in it.
struct Tile : Tiling {
    std::vector<TexelAt> positions;
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
    Tiling tile;

    /// Where it goes on after a launch of so many trips.
    void advance(std::uint32_t trips) {
        first = static_cast<std::uint32_t>((std::uint64_t{first} + trips) % tiles);
    }
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

/// What a work-item at that position in a tile leaves.
[[nodiscard]] std::uint32_t sum_of(const Walk &walk, const TexelAt &position, std::size_t group,
                                   std::uint32_t trips, const Texel &texel);

namespace series {
inline constexpr const char *locality = "locality";
inline constexpr const char *rates = "rates";
inline constexpr const char *footprint = "footprint";
} // namespace series

/// A tile of an image of one of `formats`, read by all groups.
struct RateRow {
    std::size_t format = 0;
    Filter filter = Filter::nearest;
    Pattern pattern = Pattern::row;

    static auto columns() {
        return std::tuple{column("format", &RateRow::format, format_keys()),
                          column("filter", &RateRow::filter,
                                 std::array{name(Filter::nearest), name(Filter::linear)}),
                          column("pattern", &RateRow::pattern, pattern_names), trips()};
    }
};

/// The same without a filter.
struct LocalityRow {
    std::size_t format = 0;
    Pattern pattern = Pattern::row;

    static auto columns() {
        return std::tuple{column("format", &LocalityRow::format, format_keys()),
                          column("pattern", &LocalityRow::pattern, pattern_names), trips()};
    }
};

/// Texels that all work-items together read in a trip: numbers in the data, for the rates and for
/// the curve over the footprint.
inline constexpr const char *texels_a_trip = "texels_a_trip";
inline constexpr const char *curve_texels_a_trip = "curve_texels_a_trip";
/// Bytes of a texel of the curve over the footprint.
inline constexpr double word_texel_bytes = 16;

/// The text attribute of why a format, or a filter on it, was not measured.
[[nodiscard]] inline std::string refusal(const std::string &format,
                                         const std::string &filter = {}) {
    return "refused." + format + (filter.empty() ? "" : "." + filter);
}

/// Runs all the experiments, each for its share of the time there is.
void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();
/// Bandwidth over footprint, for people.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);
/// A rate for each format and filter, with what it is limited by, and a bandwidth for each level
/// that the curve over the footprint shows.
[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::image_bandwidth
