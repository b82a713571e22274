#pragma once
#include "common/level_findings.hpp"
#include "common/ring.hpp"

#include <clprobe/probe.hpp>
#include <clprobe/row.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string_view>
#include <vector>

namespace clprobe::probes::image_latency {

/// What all devices with images have: room for the coordinates of two texels.
inline constexpr ImageFormat image_format{CL_RGBA, CL_UNSIGNED_INT32};
inline constexpr std::uint32_t texel_bytes = 16;

/// Coordinates of a texel, as the kernels have them.
struct Texel {
    std::uint32_t x = 0;
    std::uint32_t y = 0;

    bool operator==(const Texel &) const = default;
};

/// A rectangle of texels, each side a power of two.
struct Extent {
    std::uint32_t width = 1;
    std::uint32_t height = 1;

    [[nodiscard]] std::uint32_t bytes() const { return width * height * texel_bytes; }
    bool operator==(const Extent &) const = default;
};

/// Where the blocks of a ring are in an image, as kernels/memory/image_latency.cl has it: the same
/// fields in the same order, all of them logarithms.
struct Layout {
    std::uint32_t width = 0; ///< of a block, in texels
    std::uint32_t height = 0;
    std::uint32_t row = 0; ///< blocks beside each other

    /// The texel of a block that a ring visits.
    [[nodiscard]] Texel texel(std::uint32_t block) const;
    /// Of the coordinates of those of the first blocks, modulo 2^32.
    [[nodiscard]] std::uint32_t sum(std::uint32_t blocks) const;
    /// Texels that an image of so many blocks has in a row, and rows.
    [[nodiscard]] std::size_t image_width() const { return std::size_t{1} << (row + width); }
    [[nodiscard]] std::size_t image_height(std::uint32_t blocks) const;
};

/// A ring through about `bytes` of an image, one texel in each line of that form, and how the lines
/// lie: nearly in a square.
struct ImageRing {
    Ring ring;
    Layout layout;
};
[[nodiscard]] ImageRing image_ring(const Extent &line, std::size_t bytes, std::mt19937_64 &random);

/// Pairs of texels are in cells of so many texels either way, one in each: along x, along y, or
/// along both.
inline constexpr std::uint32_t cell = 16;
enum class Direction { x, y, block };
inline constexpr std::array<std::string_view, 3> direction_names{"x", "y", "block"};

/// The order of a ring over `count` cells, chosen at random among those of an image of
/// `columns` x `rows` cells: in each a texel, and then one in the neighbouring block of `distance`
/// texels, before or behind, so that both are in one aligned block of twice the distance and in
/// none of less; or twice the same one for a distance of 0.
[[nodiscard]] std::vector<Texel> paired_texels(std::size_t count, const Extent &cells,
                                               Direction direction, std::uint32_t distance,
                                               std::mt19937_64 &random);

namespace series {
inline constexpr const char *counts = "counts";
inline constexpr const char *fetch_pairs = "fetch_pairs";
inline constexpr const char *line_pairs = "line_pairs";
} // namespace series

/// A chase over so many pairs of texels, twice the same (a distance of 0) or far apart.
struct CountsRow {
    std::size_t pairs = 0;
    std::uint32_t distance = 0;

    static auto columns() {
        return std::tuple{column("pairs", &CountsRow::pairs),
                          column("distance", &CountsRow::distance), trips()};
    }
};

/// A chase over pairs of texels, so many apart in that direction.
struct PairsRow {
    Direction direction = Direction::x;
    std::uint32_t distance = 0;

    static auto columns() {
        return std::tuple{column("direction", &PairsRow::direction, direction_names),
                          column("distance", &PairsRow::distance), trips()};
    }
};

/// Text attributes: why the data shows nothing, where it does not, and who warmed the caches.
inline constexpr const char *too_small = "too_small";
inline constexpr const char *warmed_by = "warmed_by";

/// Sizes of the neighbouring blocks that a pair of reads goes to, in texels; 0 for twice the same.
inline constexpr std::array<std::uint32_t, 5> pair_distances{0, 1, 2, 4, 8};

/// The largest footprint that was wanted: a number in the data.
inline constexpr const char *most_bytes = "most_bytes";

/// Blocks of samples without which pairs say nothing of their errors.
inline constexpr int least_pair_blocks = 5;

/// Runs all the experiments, each for its share of the time there is.
void run_experiments(Bench &bench);

[[nodiscard]] std::vector<FindingKey> finding_keys();

/// The rectangle of texels that a series of pairs shows to belong together: what a miss fetches, or
/// what a line covers. Nothing where the data does not decide, or pairs along x, along y and along
/// both do not agree.
[[nodiscard]] std::optional<Extent> extent_of(const Dataset &data, const char *series);

/// The curve of latency over footprint, own or external, for people.
[[nodiscard]] std::vector<Curve> curves_of(const Dataset &data);

[[nodiscard]] std::vector<Finding> findings_of(const Dataset &data, const Facts &facts);

} // namespace clprobe::probes::image_latency
